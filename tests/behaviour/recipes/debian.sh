#!/bin/sh
# A Debian image nobody here wrote: what Debian ships, packed by umoci and skopeo, so that a test against it is a test against
# other people's tools. Two layers, the second with a deleted file, a deleted folder and a replaced one, because whiteouts are
# where unpackers go wrong.
#
#   debian.sh DIR      leaves DIR/debian.oci.tar (OCI archive) and DIR/debian.docker.tar (docker-archive), or nothing
#
# Needs root (debootstrap makes device nodes and changes owners), debootstrap, umoci, skopeo. The caller caches DIR by the hash of this
# file; the mirror isn't part of the recipe, it is whatever this machine's apt uses.
set -eu
say() { printf 'debian image: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

[ $# -eq 1 ] || fail "usage: debian.sh DIR"
destination=$1
[ "$(id -u)" = 0 ] || fail "building it needs root: debootstrap sets owners and makes device nodes. Run the tests as root, or once: sudo $0 $destination"
for tool in debootstrap umoci skopeo; do
  command -v "$tool" >/dev/null || [ -x "/usr/sbin/$tool" ] || fail "$tool is missing: run scripts/test.sh packages"
done
PATH=$PATH:/usr/sbin:/sbin

mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
  awk '$2 == "bookworm" { print $1; exit }')
[ -n "$mirror" ] || fail "this machine's apt sources name no mirror for bookworm"

work=$(mktemp -d "${TMPDIR:-/var/tmp}/bulkhead-debian.XXXXXX")
root=$work/bundle/rootfs
cleanup() {
  mountpoint -q "$root/proc" 2>/dev/null && umount "$root/proc"
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

layer() { # message
  umoci repack --refresh-bundle --history.comment "$1" --image "$work/layout:bookworm" "$work/bundle"
}

say "debootstrap from $mirror"
umoci init --layout "$work/layout"
umoci new --image "$work/layout:bookworm"
umoci unpack --image "$work/layout:bookworm" "$work/bundle"
rmdir "$root" 2>/dev/null || true
debootstrap --variant=minbase --include=python3 bookworm "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  { tail -5 "$work/debootstrap.log" >&2; fail "debootstrap failed; is $mirror reachable?"; }

# Nothing may start while packages are set up, and the test itself runs initdb.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir -p "$root/etc/postgresql-common"
echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
say "redis-server, postgresql and nginx-light"
mount -t proc proc "$root/proc"
chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -c \
  'apt-get -q update && apt-get -q install -y --no-install-recommends redis-server postgresql nginx-light && apt-get clean' \
  >"$work/apt.log" 2>&1 || { tail -5 "$work/apt.log" >&2; fail "installing redis-server, postgresql and nginx-light failed"; }
umount "$root/proc"
rm -rf "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* \
  "$root"/usr/lib/postgresql/15/lib/bitcode "$root/usr/sbin/policy-rc.d"
find "$root/var/log" -type f -exec truncate -s 0 {} +

mkdir -p "$root/opt/recipe/opaque"
echo lower >"$root/opt/recipe/deleted-file"
echo lower >"$root/opt/recipe/opaque/from-lower"
mkdir -p "$root/opt/recipe/deleted-folder/inner"
say "layer 1"
layer "debootstrap"

rm "$root/opt/recipe/deleted-file"
rm -r "$root/opt/recipe/deleted-folder" "$root/opt/recipe/opaque"
mkdir "$root/opt/recipe/opaque"
echo upper >"$root/opt/recipe/opaque/from-upper"
ln "$root/opt/recipe/opaque/from-upper" "$root/opt/recipe/hardlink"
say "layer 2"
layer "whiteouts"
umoci config --image "$work/layout:bookworm" --config.cmd /bin/bash --config.env LANG=C.UTF-8 \
  --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --config.workingdir / --config.stopsignal SIGINT \
  --config.label org.bulkhead.test=debian

say "archives"
mkdir -p "$destination"
skopeo --insecure-policy copy -q "oci:$work/layout:bookworm" "oci-archive:$work/debian.oci.tar:docker.io/library/debian:bookworm"
skopeo --insecure-policy copy -q "oci:$work/layout:bookworm" "docker-archive:$work/debian.docker.tar:docker.io/library/debian:docker"
mv "$work/debian.oci.tar" "$work/debian.docker.tar" "$destination/"
say "done: $destination"
