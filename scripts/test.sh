#!/bin/bash
# Builds and runs every test, what fails fast first, and says in the end what each stage took.
#
#   scripts/test.sh              the default stages, in this order; the first failure ends the run
#   scripts/test.sh STAGE...     only these
#   scripts/test.sh --keep-going [STAGE...]
#
# Stages: packages format build kernel behaviour docs unit fuzz tidy by default; only when named: asan (the behaviour tests once more, on the
# sanitized build; all of it together may not fit into 90 minutes on a machine with cold caches), cold and parked (the behaviour tests with
# every container booted, or taken from what was resumed ahead), bench (it judges by ratios, and wants the machine for itself) and tsan.
# FUZZ_SECONDS (30) is how long each fuzzer runs; PYTEST_ARGS goes to pytest as it is.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$BULKHEAD_SOURCE"

DEFAULT="packages format build kernel behaviour docs unit fuzz tidy"
ALL="$DEFAULT asan cold parked bench tsan"
# Debian's own: a python that a version manager put on PATH knows nothing of python3-pytest.
PYTHON=/usr/bin/python3

stage_packages() { scripts/packages.sh build test; }

stage_format() {
  git ls-files '*.cpp' '*.hpp' '*.c' '*.h' | xargs -r clang-format-14 --dry-run -Werror
  { git ls-files '*.sh'; echo .ci/run; } | xargs -r shellcheck --severity=warning --external-sources
  say "format: $(git ls-files '*.cpp' '*.hpp' '*.c' '*.h' | wc -l) sources as .clang-format wants them"
}

stage_build() { build_preset release; }

unit_tests() { # PRESET
  ctest --test-dir "build/$1" -L "unit|vm" --output-on-failure --no-tests=error --parallel "$(nproc)"
}

# Unit tests are built once, with AddressSanitizer and UndefinedBehaviorSanitizer; the release build is what users get.
stage_unit() {
  export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
  build_preset asan
  unit_tests asan
}

stage_kernel() {
  build_kernel
  say "kernel: $KERNEL"
}

behaviour_tests() { # PRESET [PYTEST OPTION...]
  local preset=$1
  shift
  build_kernel
  place_kernel "$preset"
  # shellcheck disable=SC2086  # PYTEST_ARGS is a list of words
  BULKHEAD_BUILD=$BULKHEAD_SOURCE/build/$preset \
    "$PYTHON" -m pytest -p no:cacheprovider --numprocesses "$(nproc)" --dist loadfile --durations=15 "$@" ${PYTEST_ARGS:-} tests/behaviour
}

stage_behaviour() { behaviour_tests release; }

stage_cold() { BULKHEAD_STARTS=cold behaviour_tests release; }

stage_parked() { BULKHEAD_STARTS=parked behaviour_tests release; }

# What is about timing or about other people's programs in the guest is the same in a sanitized build, only slower. A service and its
# plugins have nobody who reads their stderr, and a leak is found when they end: so reports go to files, and one file is a failure.
stage_asan() {
  local reports failed=0
  reports=$(mktemp -d)
  export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:log_path=$reports/report UBSAN_OPTIONS=print_stacktrace=1:log_path=$reports/report
  build_preset asan
  behaviour_tests asan -m "not release_only" || failed=1
  if [ -n "$(ls -A "$reports")" ]; then
    tail -n +1 "$reports"/*
    failed=1
  fi
  rm -rf "$reports"
  return $failed
}

stage_tsan() {
  build_preset tsan
  unit_tests tsan
}

# A machine that has never run it needs 25 minutes, which a CI run may not have left; verdicts are kept, so the next run goes on.
# It gets what the stages before it have left of 75 minutes, at least two and at most fifteen.
stage_tidy() {
  local left=$((4500 - SECONDS))
  [ $left -le 900 ] || left=900
  [ $left -ge 120 ] || left=120
  TIDY_SECONDS=${TIDY_SECONDS:-$left} "$PYTHON" scripts/tidy.py build/asan
}

stage_fuzz() {
  build_preset fuzz fuzzers
  find build/fuzz/fuzzers -maxdepth 1 -type f -executable | sort | xargs -r -P 2 -I {} scripts/fuzz-one.sh {} "${FUZZ_SECONDS:-30}"
  say "fuzz: $(find build/fuzz/fuzzers -maxdepth 1 -type f -executable | wc -l) fuzzers ran ${FUZZ_SECONDS:-30} s each, nothing found"
}

stage_bench() {
  build_kernel
  place_kernel release
  "$PYTHON" tests/bench/run.py build/release
  "$PYTHON" tests/bench/pull.py build/release
  "$PYTHON" tests/bench/network.py build/release
  "$PYTHON" tests/bench/folder.py build/release
  "$PYTHON" tests/bench/block.py build/release
  "$PYTHON" tests/bench/start.py build/release
  "$PYTHON" tests/bench/density.py build/release
}

stage_docs() {
  build_kernel
  place_kernel release
  "$PYTHON" scripts/check-docs-examples.py build/release
}

keep_going=
if [ "${1:-}" = --keep-going ]; then keep_going=1; shift; fi
stages=("$@")
[ ${#stages[@]} -gt 0 ] || read -ra stages <<<"$DEFAULT"
for stage in "${stages[@]}"; do
  [[ " $ALL " == *" $stage "* ]] || fail "there is no stage $stage; there are: $ALL"
done

times=() failed=()
for stage in "${stages[@]}"; do
  say "stage $stage"
  begun=$SECONDS status=0
  # A subshell of its own, so that set -e holds inside and a stage's variables stay there.
  set +e
  (set -e; "stage_$stage")
  status=$?
  set -e
  times+=("$(printf '  %-10s %5d s  %s' "$stage" $((SECONDS - begun)) "$([ $status = 0 ] && echo ok || echo FAILED)")")
  if [ $status != 0 ]; then
    failed+=("$stage")
    [ -n "$keep_going" ] || break
  fi
done

say "stages"
printf '%s\n' "${times[@]}"
if [ ${#failed[@]} -gt 0 ]; then
  [ "$(free_mib "$BULKHEAD_SOURCE")" -ge 64 ] || fail "the disk of $BULKHEAD_SOURCE is full."
  fail "failed: ${failed[*]}. Run it alone with: scripts/test.sh ${failed[*]}"
fi
say "all passed in $SECONDS s"
