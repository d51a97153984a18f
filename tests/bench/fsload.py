"""One load for file systems (fsload.c) in a container and in a bare machine.

A bare machine is the command line of a container's booted machine, read from /proc, with the same kernel, memory and processors; what it
works in is given to QEMU and mounted as the manuals of QEMU and of virtio-fs say, and nothing more.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import initramfs
import packaged
from run import bare, command_line_of, said
from support import images
from support.box import Box

HERE = pathlib.Path(__file__).resolve().parent
IMAGE = "fsload"


def files(directory):
    """The load as {path without its first slash: (content, mode)}."""
    program = pathlib.Path(directory) / "fsload"
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, HERE / "fsload.c"], check=True)
    return {"bin/fsload": (program.read_bytes(), 0o755)}


class Load:
    """The load, asked over its standard input. To the host's scheduler a session is one, so each process of a bare machine has its own, as
    those of a container have."""

    def __init__(self, name, command, environment=None):
        self.name, self.roots = name, []
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        said(self.process, b"fsload: ready")

    def seconds(self, *request):
        begun = time.perf_counter()
        self.process.stdin.write(" ".join(map(str, request)).encode() + b"\n")
        self.process.stdin.flush()
        answer = said(self.process, rb"fsload: ([^\r\n]*)\r?\n", seconds=600).group(1).decode()
        if answer != "done":
            sys.exit(f"bench: {self.name}: {' '.join(map(str, request))}: {answer}")
        return time.perf_counter() - begun

    def processor_seconds(self):
        """Of the machine and of whoever serves it."""
        return sum(processor_seconds(pid) for root in self.roots for pid in [root, *below(root)])

    def close(self):
        self.process.kill()
        self.process.wait()


class Ours:
    def __init__(self, box, files, scratch):
        self.box = box
        tar = scratch / "fsload.tar"
        tar.write_bytes(images.busybox_tar(extra=packaged.entries(files)))
        box.ok("image", "import", tar, f"{IMAGE}:latest")

    def load(self, name, *options):
        before = set(self.box.pids("qemu"))
        load = Load(name, [self.box.program, "run", "-i", "--rm", *options, IMAGE, "fsload", "/data"], self.box.environment)
        [machine] = set(self.box.pids("qemu")) - before
        load.roots.append(parent(machine))
        return load

    def machine(self, name, *options):
        """The command line of a machine that was booted for these options, and is gone; its disks stay."""
        before = set(self.box.pids("qemu"))
        self.box.ok("run", "-d", "--cold", "--network", "none", "--name", name, *options, IMAGE, "sleep", "100000")
        [pid] = set(self.box.pids("qemu")) - before
        command = command_line_of(pid)
        self.box.ok("stop", "-t", "0", name)
        return command


def scratch_folder(stack):
    path = pathlib.Path(tempfile.mkdtemp(prefix="bh-bench-", dir="/tmp"))
    stack.callback(shutil.rmtree, path, ignore_errors=True)
    return path


def begin(stack, build, scratch, files):
    """(box, ours): a service with a template and with an image of the load and these files, which ends with the stack."""
    box = Box(pathlib.Path(build).resolve())
    stack.callback(box.remove)
    stack.callback(box.stop)
    box.start()
    ours = Ours(box, files, scratch)
    box.ok("system", "template", "build")
    return box, ours


def status(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def parent(pid):
    return int(status(pid)[1])


def below(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            yield child
            yield from below(child)


def processor_seconds(pid):
    return sum(map(int, status(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def bare_load(name, machine, files, scratch, mount, words):
    """`files` has the load; `mount` is what `fsload guest` gets; `words` replaces words of the command line, by what they begin with."""
    initrd = scratch / "fsload.cpio"
    original = pathlib.Path(machine[machine.index("-initrd") + 1]).read_bytes()
    initrd.write_bytes(initramfs.with_files(original, files))
    command = bare(machine, "rdinit=/bin/fsload", initrd)
    command[command.index("-append") + 1] += " -- guest " + mount
    for begin, word in words.items():
        [place] = [i for i, old in enumerate(command) if old.startswith(begin)]
        command[place] = word
    load = Load(name, command)
    load.roots.append(load.process.pid)
    return load


def only_disk(machine, node):
    """Without the disks of the image and of what the container writes, so that the one that is left is the first."""
    dropped = {i for i in range(len(machine) - 1) if not keeps(machine[i], machine[i + 1], node)}
    return [word for i, word in enumerate(machine) if i not in dropped and i - 1 not in dropped]


def keeps(option, value, node):
    if option not in ("-blockdev", "-device") or not value.startswith("{"):
        return True
    described = json.loads(value)
    return described.get("node-name", described.get("drive", node)) == node
