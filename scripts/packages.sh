#!/bin/bash
# Installs the Debian packages of the named sections of packages.txt: only those that are missing, and nothing at all, not even
# apt-get update, if none is. As root, or through sudo.
#
#   packages.sh [--list] SECTION...
set -euo pipefail
. "$(dirname "$0")/lib.sh"

list=
if [ "${1:-}" = --list ]; then list=1; shift; fi
[ $# -gt 0 ] || fail "name a section of scripts/packages.txt: build or test"

sections=" $* "
wanted() {
  awk -v sections="$sections" '
    { sub(/[ \t]*#.*/, "") }
    /^\[/ { name = substr($0, 2, length($0) - 2); on = index(sections, " " name " ") > 0; next }
    on && NF { print $1 }' "$BULKHEAD_SOURCE/scripts/packages.txt"
}
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

if [ -n "$list" ]; then wanted; exit; fi
command -v dpkg-query >/dev/null || fail "this needs Debian: the package list in scripts/packages.txt is written for Debian 12."

missing=()
for entry in $(wanted); do
  found=
  for package in ${entry//|/ }; do if installed "$package"; then found=1; fi; done
  [ -n "$found" ] || missing+=("${entry%%|*}")
done
if [ ${#missing[@]} = 0 ]; then say "Debian packages: all there"; exit; fi

say "Debian packages to install: ${missing[*]}"
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null ||
    fail "packages are missing (${missing[*]}), and installing them takes root: there is no sudo here, so run scripts/packages.sh $* as root once."
  sudo -v || fail "packages are missing (${missing[*]}), and sudo refused: let someone who may run scripts/packages.sh $* once."
  as_root=(sudo)
fi
need_space /var/cache 2500 "Installing packages"

# One at a time with whatever else uses apt on a new machine, rather than failing on its lock.
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }
step "apt-get update" apt update
step "Installing packages" apt install -y --no-install-recommends "${missing[@]}"
