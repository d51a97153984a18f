#!/bin/bash
# Runs one libFuzzer target for a while, from the inputs kept in tests/fuzz/corpus/<name> and those earlier runs found (in the cache).
#
#   fuzz-one.sh FUZZER SECONDS
#
# A finding is left in build/fuzz/findings and named; it belongs into tests/fuzz/corpus once it is fixed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

fuzzer=$1 seconds=$2 name=$(basename "$1")
found=$BULKHEAD_CACHE/fuzz/$name
findings=$BULKHEAD_SOURCE/build/fuzz/findings
mkdir -p "$found" "$findings"
corpus=("$found")
[ ! -d "$BULKHEAD_SOURCE/tests/fuzz/corpus/$name" ] || corpus+=("$BULKHEAD_SOURCE/tests/fuzz/corpus/$name")

log=$findings/$name.log
if "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
  -artifact_prefix="$findings/$name-" "${corpus[@]}" >"$log" 2>&1; then
  printf '%-32s %s executions, corpus of %s\n' "$name" \
    "$(awk '/number_of_executed_units/ { print $2 }' "$log")" "$(find "$found" -type f | wc -l)"
  rm -f "$log"
else
  tail -n 60 "$log" >&2
  fail "the fuzzer $name found something; the input is in $findings and the whole log in $log"
fi
