# What quickstart.sh, test.sh and packages.sh share: saying what happens, and ending with one clear sentence when it can't go on.
# Sourced by bash scripts that have set -euo pipefail; defines functions and no more than these variables.
# shellcheck shell=bash

BULKHEAD_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Everything that is dear to make and can be made again: the kernel, test images, clang-tidy's verdicts, fuzzing corpora.
BULKHEAD_CACHE=${BULKHEAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bulkhead}
export BULKHEAD_SOURCE BULKHEAD_CACHE
# A second checkout of the same sources compiles nothing again: paths below the source count as relative.
export CCACHE_BASEDIR=$BULKHEAD_SOURCE CCACHE_NOHASHDIR=1

say() { printf '==> %s\n' "$*"; }

# The sentence the user is left with. Exit status 1 always: scripts have no other outcomes.
fail() {
  printf '\n%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

free_mib() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# need_space DIR MIB WHAT: before the work, because a compiler that met a full disk says many other things first.
need_space() {
  local free
  mkdir -p "$1" 2>/dev/null || fail "can't create $1: $(mkdir -p "$1" 2>&1 | sed 's/.*: //')"
  [ -w "$1" ] || fail "can't write to $1: it belongs to $(stat -c %U "$1"), and this runs as $(id -un)."
  free=$(free_mib "$1")
  [ "$free" -ge "$2" ] || fail "$3 needs $2 MiB in $1, where $free MiB are free. Free some space and run this again."
}

# step WHAT COMMAND...: runs it in the open; a failure is one sentence, and a full disk is named as the cause it nearly always is.
step() {
  local what=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" = 0 ] && return
  [ "$(free_mib "$BULKHEAD_SOURCE")" -ge 64 ] || fail "$what failed because the disk of $BULKHEAD_SOURCE is full."
  fail "$what failed (exit status $status); the lines above say why."
}

# Compilers of this code base take up to 1.2 GiB each, so memory may allow fewer jobs than cores.
jobs_that_fit() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ { print int($2 / 1228800) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# build_preset PRESET [TARGET...]
build_preset() {
  local preset=$1 launcher=()
  shift
  need_space "$BULKHEAD_SOURCE/build" 2048 "Building"
  command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  step "Configuring the $preset build" \
    cmake -S "$BULKHEAD_SOURCE" --preset "$preset" --log-level=WARNING "${launcher[@]}"
  step "The $preset build" \
    cmake --build "$BULKHEAD_SOURCE/build/$preset" --parallel "$(jobs_that_fit)" ${1:+--target "$@"}
}

# build_kernel: builds the guest kernel or finds it in the cache, and says where in $KERNEL.
build_kernel() {
  need_space "$BULKHEAD_CACHE" 64 "The guest kernel"
  step "Building the guest kernel" "$BULKHEAD_SOURCE/guest/kernel/build.sh" --jobs "$(jobs_that_fit)" >/dev/null
  KERNEL=$("$BULKHEAD_SOURCE/guest/kernel/build.sh" --print-path)
}

# place_kernel PRESET: a build tree has the shape of an installed one, so the kernel belongs into it.
place_kernel() {
  local place=$BULKHEAD_SOURCE/build/$1/share/bulkhead
  mkdir -p "$place"
  cmp -s "$KERNEL" "$place/vmlinux" || step "Copying the guest kernel" cp --reflink=auto "$KERNEL" "$place/vmlinux"
}
