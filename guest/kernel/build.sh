#!/bin/bash
# Builds the guest kernel, or finds it built already.
#
# The kernel is a pure function of three things: Debian's source package, our configuration
# fragments, and the recipe below. Their hash names the cache entry, so a kernel is built once per
# machine and a changed option or a security update of the package can never meet a stale one.
# The compiler is deliberately no part of it: a compiler update must not cost everybody ten minutes.
#
# Invariant: an entry in the cache is complete. It is prepared aside and appears by one rename,
# under a lock per key, so a second builder waits and finds the first one's result.
#
# stdout carries the path of the kernel as its last line and nothing else; people read stderr.
set -euo pipefail

# Raise this when the steps below change what comes out.
readonly RECIPE=1
readonly SOURCE_PACKAGE=linux-source-6.1
readonly SOURCE_TARBALL=/usr/src/$SOURCE_PACKAGE.tar.xz
readonly NEEDED_KIB=$((3 * 1024 * 1024))

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here

usage() {
  cat <<'USAGE'
usage: guest/kernel/build.sh [--arch x86_64|arm64] [--print-path | --print-key] [--jobs N]

  --print-path  print where the kernel is or would be, and build nothing
  --print-key   print the cache key, and build nothing
  --jobs N      compile N files at a time (default: one per processor)

The cache is $BULKHEAD_CACHE, or else $XDG_CACHE_HOME/bulkhead, or else ~/.cache/bulkhead.
USAGE
}

fail() {
  printf 'build.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

sha256() { sha256sum | cut -d' ' -f1; }
say() { printf 'build.sh: %s\n' "$*" >&2; }

# --- Which kernel -------------------------------------------------------------------------------

parse_arguments() {
  arch=$(uname -m) action=build jobs=
  while (($#)); do
    case $1 in
      --arch) arch=${2:-}; shift ;;
      --jobs) jobs=${2:-}; shift ;;
      --print-path | --print-key) action=${1#--} ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; exit 64 ;;
    esac
    shift || { usage >&2; exit 64; }
  done
  jobs=${jobs:-$(nproc)}
  [[ $jobs =~ ^[1-9][0-9]*$ ]] || fail "--jobs takes a number, not '$jobs'" 64
  [[ $arch != aarch64 ]] || arch=arm64
  case $arch in
    x86_64) make_target=vmlinux artefact=vmlinux image=vmlinux ;;
    arm64) make_target=Image artefact=arch/arm64/boot/Image image=Image ;;
    *) fail "no configuration for architecture '$arch'; there are x86_64 and arm64" 64 ;;
  esac
  fragments=("$here/common.config" "$here/$arch.config")
}

source_version() {
  command -v dpkg-query >/dev/null ||
    fail "the guest kernel is built from Debian's $SOURCE_PACKAGE, and this system has no dpkg"
  local version
  version=$(dpkg-query -W -f '${db:Status-Abbrev}|${Version}' "$SOURCE_PACKAGE" 2>/dev/null) ||
    version=
  [[ $version == ii*'|'* && -r $SOURCE_TARBALL ]] ||
    fail "$SOURCE_PACKAGE is not installed; install it with: apt-get install $SOURCE_PACKAGE"
  printf '%s' "${version#*|}"
}

locate() {
  version=$(source_version)
  # Options only: a reworded comment must not cost everybody ten minutes either.
  options_sha=$(grep -hE '^(CONFIG_|# CONFIG_.* is not set$)' -- "${fragments[@]}" | sha256)
  key=$(printf '%s\n' "$SOURCE_PACKAGE $version" "$options_sha" "$RECIPE" | sha256)
  [[ -n ${BULKHEAD_CACHE:-}${XDG_CACHE_HOME:-}${HOME:-} ]] ||
    fail "no place for the cache: neither BULKHEAD_CACHE nor XDG_CACHE_HOME nor HOME is set"
  cache=${BULKHEAD_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/bulkhead}/kernel
  [[ $cache == /* ]] || cache=$PWD/$cache
  entry=$cache/$key
}

# --- Can it be built here -----------------------------------------------------------------------

check_tools() {
  local tool missing=()
  for tool in make flex bison bc perl xz flock; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  for tool in gcc ld strip; do
    command -v "$cross$tool" >/dev/null || missing+=("$cross$tool")
  done
  if [[ $arch == x86_64 ]] && ! echo '#include <gelf.h>' | gcc -E - >/dev/null 2>&1; then
    missing+=("libelf-dev")
  fi
  ((${#missing[@]} == 0)) ||
    fail "building the guest kernel needs what is missing here: ${missing[*]}"
}

check_place() {
  [[ $cache != *[[:space:]:]* ]] ||
    fail "kernel makefiles refuse the spaces or colons in '$cache'; set BULKHEAD_CACHE"
  mkdir -p -- "$cache" 2>/dev/null || fail "the kernel cache $cache cannot be created"
  [[ -w $cache ]] || fail "the kernel cache $cache is not writable"
  local free
  free=$(df -Pk -- "$cache" | awk 'NR == 2 { print $4 }')
  ((free >= NEEDED_KIB)) ||
    fail "building the guest kernel needs 3 GB free below $cache; there are $((free / 1024)) MB"
}

# --- Building -----------------------------------------------------------------------------------

kmake() { make -C "$tree" ARCH="$arch" CROSS_COMPILE="$cross" "$@"; }

# Kconfig drops a line it cannot honour without a word: a typo, a missing dependency, an option that
# went away. Here each line of the fragments has to be in the result, or nothing is built.
verify_configuration() {
  awk '
    FNR == NR {
      if (/^CONFIG_/) { split($0, a, "="); have[a[1]] = substr($0, length(a[1]) + 2) }
      next
    }
    /^CONFIG_/ {
      split($0, a, "="); want = substr($0, length(a[1]) + 2)
      is = a[1] in have ? have[a[1]] : "not set"
      if (is != want) print "  " $0 " (is " is ")"
    }
    /^# CONFIG_.* is not set$/ && ($2 in have) { print "  " $2 " off (is " have[$2] ")" }
  ' "$tree/.config" "${fragments[@]}"
}

configure() {
  cat -- "${fragments[@]}" >"$scratch/fragments"
  kmake KCONFIG_ALLCONFIG="$scratch/fragments" allnoconfig >>"$log" 2>&1 || return 1
  local refused
  refused=$(verify_configuration)
  [[ -z $refused ]] ||
    fail "these options did not take effect in $SOURCE_PACKAGE $version:"$'\n'"$refused"
}

# Nothing of the builder's machine goes into the kernel: not its name, not the hour.
compile() {
  local stamp
  stamp=$(date -u -r "$tree/Makefile")
  KBUILD_BUILD_USER=bulkhead KBUILD_BUILD_HOST=bulkhead KBUILD_BUILD_TIMESTAMP=$stamp \
    KBUILD_BUILD_VERSION=1 kmake -j"$jobs" "$make_target" >>"$log" 2>&1
}

collect() {
  local done_=$scratch/done
  mkdir "$done_"
  cp -- "$tree/.config" "$done_/config"
  cp -- "$tree/$artefact" "$done_/$image"
  # --strip-all keeps the ELF notes, and with them the PVH entry point.
  [[ $image != vmlinux ]] || "${cross}strip" --strip-all "$done_/$image"
  cat >"$done_/metadata" <<METADATA
key=$key
architecture=$arch
release=$(kmake -s kernelrelease)
source=$SOURCE_PACKAGE $version
options_sha256=$options_sha
recipe=$RECIPE
compiler=$("${cross}gcc" --version | head -n1)
image=$image
image_sha256=$(sha256 <"$done_/$image")
build_seconds=$SECONDS
METADATA
  # The rename may follow a crash; the data must not be missing then.
  sync -- "$done_"/* "$done_"
  mv -T -- "$done_" "$entry"
}

build_failed() {
  mv -- "$log" "$cache/$key.log"
  tail -n 15 "$cache/$key.log" >&2
  fail "the guest kernel did not build; the whole log is $cache/$key.log"
}

build() {
  cross=
  [[ $arch == x86_64 && $(uname -m) == x86_64 || $arch == arm64 && $(uname -m) == aarch64 ]] ||
    case $arch in x86_64) cross=x86_64-linux-gnu- ;; arm64) cross=aarch64-linux-gnu- ;; esac
  check_tools
  check_place
  # What a surrounding make or shell says about builds is not meant for this one.
  unset MAKEFLAGS MAKELEVEL ARCH CROSS_COMPILE KBUILD_OUTPUT KCFLAGS LOCALVERSION O V

  exec 9>"$cache/$key.lock"
  flock -n 9 || { say "another build of this kernel is running; waiting for it"; flock 9; }
  [[ ! -e $entry/$image ]] || return 0
  say "no kernel for $SOURCE_PACKAGE $version and this configuration yet; building it, once" \
    "(about ten minutes of processor time)"

  # The lock is ours, so whatever lies here is what a killed build left.
  scratch=$cache/.build-$key tree=$scratch/tree log=$scratch/build.log
  rm -rf -- "$scratch"
  mkdir -- "$scratch" "$tree"
  # Killed from outside, a compiler may still be writing there; then the next build finishes this.
  trap 'rm -rf -- "$scratch" 2>/dev/null || true' EXIT
  tar -xf "$SOURCE_TARBALL" -C "$tree" --strip-components=1 ||
    fail "$SOURCE_TARBALL cannot be unpacked"
  configure || build_failed
  compile || build_failed
  collect
  rm -f -- "$cache/$key.log"
  say "built in $SECONDS s"
}

main() {
  parse_arguments "$@"
  locate
  case $action in
    print-key) echo "$key" ;;
    print-path) echo "$entry/$image" ;;
    build)
      [[ -e $entry/$image ]] || build
      echo "$entry/$image"
      ;;
  esac
}

main "$@"; exit
