#!/bin/bash
# From a bare Debian 12 with nothing but git to the output of a container: packages, build, guest kernel, service, an image made of
# this machine's busybox, a run, and what the journal says about that run.
#
# Run again it takes seconds: each step looks first and does only what is missing. It never stops, replaces or removes anything of yours.
set -Eeuo pipefail
. "$(dirname "$0")/lib.sh"
# Nothing ends without a sentence, not even what nobody thought of.
trap 'printf "\n%s: line %s failed (exit status %s): %s\n" "${0##*/}" "$LINENO" "$?" "$BASH_COMMAND" >&2' ERR
cd "$BULKHEAD_SOURCE"

PATH=$BULKHEAD_SOURCE/build/release/bin:$PATH
IMAGE=busybox:latest

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say "1/6 Debian packages"
scripts/packages.sh build

say "2/6 building into build/release (some minutes the first time)"
build_preset release

say "3/6 the guest's kernel"
build_kernel
place_kernel release

say "4/6 the service, as $(id -un)"
container system status >/dev/null 2>&1 || step "Starting the service" container system start
container system status | sed 's/^/    /'

# A root file system needs surprisingly little: one program under its many names, and the few files that say who root is.
make_root_filesystem() { # DIR
  local busybox library applet
  busybox=$(command -v busybox) || fail "there is no busybox on this machine: scripts/packages.sh build installs it."
  mkdir -p "$1"/bin "$1"/etc "$1"/tmp "$1"/root "$1"/proc "$1"/sys "$1"/dev
  chmod 1777 "$1/tmp"
  cp "$busybox" "$1/bin/busybox"
  # Debian's plain busybox package links libc; its -static one needs nothing, which ldd and grep count as a failure.
  { ldd "$busybox" 2>/dev/null | grep -o '/[^ ]*' || true; } | while read -r library; do
    mkdir -p "$1$(dirname "$library")"
    cp -L "$library" "$1$library"
  done
  for applet in $("$busybox" --list); do [ -e "$1/bin/$applet" ] || ln -s busybox "$1/bin/$applet"; done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}

say "5/6 the image $IMAGE, made of this machine's busybox"
if container image inspect "$IMAGE" >/dev/null 2>&1; then
  echo "    is there"
else
  make_root_filesystem "$scratch/root"
  tar -C "$scratch/root" --owner=0 --group=0 --numeric-owner -cf "$scratch/busybox.tar" .
  step "Making the image" container image import --config '{"Cmd": ["sh"]}' "$scratch/busybox.tar" "$IMAGE"
fi

name=quickstart-$$
say "6/6 container run --rm --name $name $IMAGE echo hello"
step "The container" container run --rm --name "$name" "$IMAGE" \
  sh -c 'echo "hello from $(hostname): Linux $(uname -r), $(nproc) CPUs, process $$ of its own machine"'

say "what happened, from the journal: container history $name"
container history "$name"

cat <<NEXT

==> next, type:
    export PATH="$BULKHEAD_SOURCE/build/release/bin:\$PATH"
    container run -it --rm $IMAGE sh         a shell in a machine of its own
    container run -d --name web $IMAGE sleep 1000 && container exec web ps && container rm --force web
    container events --follow                everything that happens, as it happens
    container help                           all commands;  docs/tutorial/first-container.md goes on from here
    container system stop                    stops the service and every container
NEXT
