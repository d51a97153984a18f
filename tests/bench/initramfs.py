"""An initramfs with more files in it. The kernel unpacks concatenated cpio archives one over the other, so the original stays as it
is, byte for byte, and ours follows it. The format (newc) is 110 bytes of hexadecimal header a file; no tool is needed for it.
"""
import pathlib
import re

SCRIPT = """#!/bin/busybox sh
( /bin/busybox sleep 4
  while :; do
    /bin/busybox sed -n 's/^Rss/init Rss/p' /proc/1/smaps_rollup > /dev/console
    /bin/busybox sleep 1
  done ) &
exec {init}
"""


def member(name, data=b"", mode=0o100755):
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return pad(head) + pad(data)


def pad(data):
    return data + bytes(-len(data) % 4)


def init_path(command_line):
    """Which program the kernel would run."""
    found = re.search(r"\brdinit=(\S+)", command_line)
    return found.group(1) if found else "/init"


def with_observer(original, busybox, kernel_runs):
    added = (member("bin", mode=0o40755) + member("dev", mode=0o40755) + member("dev/null") + member("proc", mode=0o40755) + member("bin/busybox", busybox) +
             member("observer", SCRIPT.format(init=kernel_runs).encode()) + member("TRAILER!!!", mode=0))
    return pad(original) + added


def with_files(original, files):
    """`files`: {path without its first slash: (content, mode)}; the folders they are in are made."""
    folders = sorted({str(folder) for path in files for folder in pathlib.PurePosixPath(path).parents} - {"."})
    members = [member(folder, mode=0o40755) for folder in folders]
    members += [member(path, content, 0o100000 | mode) for path, (content, mode) in files.items()]
    return pad(original) + b"".join(members) + member("TRAILER!!!", mode=0)
