#!/usr/bin/python3
"""What a folder of this host carries in a container, beside the same transport in a bare machine, in one run and in turn.

    folder.py BUILD_DIR [--check] [--rounds N] [--only MEASURE]...      --check: exit status 1 if a ratio misses its target

9p is measured as clones have it, virtio-fs in a machine that is booted, where there is a virtiofsd that this user can run. The bare
machines have `-fsdev local` and a mount with an msize of 512000, and a virtiofsd with its own defaults. docs/SPECIFICATION.md has the
target. fsload.c is the load, with git as Debian packages it for the checkout; unpacking is the same without what git computes.
"""
import argparse
import contextlib
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))
sys.path.insert(0, str(HERE))

import fsload  # noqa: E402
import leaving  # noqa: E402
import packaged  # noqa: E402
import repository  # noqa: E402
from beside import Comparison  # noqa: E402
from support import virtiofsd  # noqa: E402
from support.processes import wait_until  # noqa: E402

TARGET = 0.9
# What virtio-fs remembers of a file, and for how long, is the same on both sides; a look at files is to find it forgotten.
FORGOTTEN = 1.5


def bare_9p(machine, files, scratch, folder):
    return fsload.bare_load("bare 9p", machine, files, scratch, "9p share0 trans=virtio,version=9p2000.L,msize=512000",
                            {"local,id=share0,": f"local,id=share0,path={folder},security_model=none"})


def bare_virtiofs(machine, files, scratch, folder, stack):
    path = scratch / "virtiofsd.sock"
    server = subprocess.Popen([virtiofsd.QEMUS_OWN, "-f", f"--socket-path={path}", "-o", f"source={folder}", "-o", "log_level=err"],
                              stdin=subprocess.DEVNULL, start_new_session=True)
    stack.callback(server.wait)
    stack.callback(server.kill)
    wait_until(path.exists, what="virtiofsd")
    load = fsload.bare_load("bare virtiofs", machine, files, scratch, "virtiofs share0 -", {"null,id=share0": f"socket,id=share0,path={path}"})
    load.roots.append(server.pid)
    return load


class Measures:
    """Large files are carried several times for one figure, which would otherwise be over too soon to mean anything."""

    def __init__(self, megabytes, times, files):
        self.megabytes, self.times, self.files = megabytes, times, files

    def large(self, what, load):
        return self.megabytes * self.times, sum(load.seconds(what, "large", self.megabytes) for _ in range(self.times))

    def write(self, load, _):
        return self.large("write", load)

    def read(self, load, number):
        if number == 0:
            load.seconds("write", "large", self.megabytes)
        return self.large("read", load)

    def unpack(self, load, number):
        took = load.seconds("unpack", f"tree{number}", self.files)
        load.seconds("remove", f"tree{number}", self.files)
        return self.files, took

    def checkout(self, load, number):
        return self.files, load.seconds("checkout", f"work{number}", 0)

    def stat(self, load, number):
        if number == 0:
            load.seconds("unpack", "tree", self.files)
        time.sleep(FORGOTTEN)
        return self.files, load.seconds("stat", "tree", self.files)

    def all(self):
        yield f"write {self.megabytes} MiB, MiB/s", self.write
        yield f"read {self.megabytes} MiB, MiB/s", self.read
        yield f"unpack {self.files} small files, files/s", self.unpack
        yield f"git checkout of {self.files} files, files/s", self.checkout
        yield f"stat {self.files} files, files/s", self.stat


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--times", type=int, default=4, help="so often a large file is carried for one figure")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--only", action="append", default=[], help="measures with this in their name")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = fsload.scratch_folder(stack)
        git = packaged.unpacked(scratch, "git")
        repository.make(git / "usr/bin/git", scratch / "repository", arguments.files)
        files = {**fsload.files(scratch), **packaged.files(git, "usr/bin/git")}
        box, ours = fsload.begin(stack, arguments.build, scratch, files)
        comparison = Comparison(TARGET, arguments.rounds, arguments.only)
        measures = Measures(arguments.megabytes, arguments.times, arguments.files)
        for transport in ("9p", "virtiofs"):
            if transport == "virtiofs" and not virtiofsd.usable():
                print("virtiofs: there is no virtiofsd that this user can run")
                continue
            with contextlib.ExitStack() as pair:
                compare(transport, box, ours, files, scratch, pair, comparison, measures)
    comparison.end(arguments.check)


def compare(transport, box, ours, files, scratch, stack, comparison, measures):
    folders = [scratch / f"{transport}-{whose}" for whose in ("ours", "bare")]
    for folder in folders:
        shutil.copytree(scratch / "repository", folder / "repository")
    box.ok("system", "property", "set", "mounts.transport", transport)
    machine = ours.machine(f"shape-{transport}", "-v", f"{scratch}:/data")
    container = ours.load(f"{transport} in a container", "-v", f"{folders[0]}:/data")
    stack.callback(container.close)
    if transport == "9p":
        beside = bare_9p(machine, files, scratch, folders[1])
    else:
        beside = bare_virtiofs(machine, files, scratch, folders[1], stack)
    stack.callback(beside.close)
    for what, measure in measures.all():
        comparison.judge(f"{transport}: {what}", measure, container, beside)


if __name__ == "__main__":
    main()
