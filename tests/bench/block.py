#!/usr/bin/python3
"""What a named volume carries in a container, beside a virtio-blk disk in a bare machine, in one run and in turn.

    block.py BUILD_DIR [--check] [--rounds N] [--only MEASURE]...       --check: exit status 1 if a ratio misses its target

The bare disk is a copy of the volume while it is empty, a raw sparse file with ext4, given to QEMU and mounted without any option.
docs/SPECIFICATION.md has the target; fsload.c is the load.
"""
import argparse
import contextlib
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))
sys.path.insert(0, str(HERE))

import fsload  # noqa: E402
import leaving  # noqa: E402
from beside import Comparison  # noqa: E402

TARGET = 0.95
DISK = "disk0"  # of the container's first volume, in its machine


def disk_of(machine):
    """The volume's file."""
    [node] = [word for word in machine if word.startswith("{") and json.loads(word).get("node-name") == DISK]
    return pathlib.Path(json.loads(node)["file"]["filename"])


def bare_disk(machine, files, scratch, disk):
    machine = fsload.only_disk(machine, DISK)
    [begin] = [word for word in machine if word.startswith("{") and json.loads(word).get("node-name") == DISK]
    plain = {"node-name": DISK, "driver": "raw", "file": {"driver": "file", "filename": str(disk)}}
    return fsload.bare_load("bare disk", machine, files, scratch, "ext4 /dev/vda -", {begin: json.dumps(plain)})


class Measures:
    """What was written is gone before the next is."""

    def __init__(self, megabytes, times, writes):
        self.megabytes, self.times, self.writes = megabytes, times, writes

    def write(self, load, number):
        took = load.seconds("commit", f"large{number}", self.megabytes)
        load.seconds("remove", f"large{number}", 0)
        return self.megabytes, took

    def read(self, load, number):
        if number == 0:
            load.seconds("commit", "large", self.megabytes)
        return self.megabytes * self.times, sum(load.seconds("read", "large", self.megabytes) for _ in range(self.times))

    def sync(self, load, _):
        return self.writes, load.seconds("sync", "small", self.writes)

    def all(self):
        yield f"write and fsync {self.megabytes} MiB, MiB/s", self.write
        yield f"read {self.megabytes} MiB, MiB/s", self.read
        yield f"{self.writes} x write 4 KiB and fsync, writes/s", self.sync


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--times", type=int, default=4, help="so often the file is read for one figure")
    parser.add_argument("--writes", type=int, default=300)
    parser.add_argument("--only", action="append", default=[], help="measures with this in their name")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = fsload.scratch_folder(stack)
        files = fsload.files(scratch)
        box, ours = fsload.begin(stack, arguments.build, scratch, files)
        box.ok("volume", "create", "--opt", "size=4g", "data")
        machine = ours.machine("shape", "-v", "data:/data")
        disk = scratch / "disk"
        subprocess.run(["cp", "--sparse=always", disk_of(machine), disk], check=True)
        container = ours.load("a volume", "-v", "data:/data")
        stack.callback(container.close)
        beside = bare_disk(machine, files, scratch, disk)
        stack.callback(beside.close)
        comparison = Comparison(TARGET, arguments.rounds, arguments.only)
        for what, measure in Measures(arguments.megabytes, arguments.times, arguments.writes).all():
            comparison.judge(what, measure, container, beside)
    comparison.end(arguments.check)


if __name__ == "__main__":
    main()
