#!/usr/bin/python3
"""What Bulkhead's default network carries, beside QEMU's own `-netdev user` and beside passt, in one run and in turn.

    network.py BUILD_DIR [--check] [--rounds N] [--only MEASURE]...     --check: exit status 1 if a ratio misses its target

Every guest is the same machine, kernel and load (netload.c): a container's command line, read from /proc; the bare ones have another
network and the load as their first process. What is published is nginx (nginx.py). Each network has the MTU it gives its guests by itself:
65520 here and with passt, 1500 with `-netdev user`. docs/SPECIFICATION.md has the targets.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))
sys.path.insert(0, str(HERE))

import initramfs  # noqa: E402
import leaving  # noqa: E402
import nginx  # noqa: E402
import packaged  # noqa: E402
from run import bare, command_line_of, said  # noqa: E402
from support import images  # noqa: E402
from support.box import Box  # noqa: E402
from support.net import address, free_port  # noqa: E402
from support.processes import wait_until  # noqa: E402

MIB = 1 << 20
PORT, PAGES = 7000, 80  # inside a guest
TARGET = 1.0
HOST = "127.0.0.1"


def compiled(directory):
    program = pathlib.Path(directory) / "netload"
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, HERE / "netload.c"], check=True)
    return program


class Host:
    """The load's end on this host."""

    def __init__(self, program):
        self.program, self.port = program, free_port()
        self.process = subprocess.Popen([program, "serve", str(self.port)], stdout=subprocess.PIPE)
        said(self.process, b"ready")

    def seconds(self, port, *request):
        done = subprocess.run([self.program, "ask", HOST, str(port), *map(str, request)], capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(map(str, request))} at port {port}: {done.stderr.strip() or 'a wrong answer'}")
        return int(done.stdout) / 1e9

    def close(self):
        self.process.kill()
        self.process.wait()


class Ours:
    name = "bulkhead"

    def __init__(self, build, program, pages, scratch):
        files, self.command = pages
        self.box = Box(build)
        self.box.start()
        self.box.ok("system", "property", "set", "template.parked", "0")  # nothing is done beside what is measured
        tar = scratch / "netload.tar"
        tar.write_bytes(images.busybox_tar([program], packaged.entries(files)))
        self.box.ok("image", "import", tar, "netload:latest")
        self.ports, self.pages = [], []
        self.gateway = None

    def machines(self, count):
        """The command lines of so many stopped machines, each with disks of its own."""
        found = []
        for number in range(count):
            self.box.ok("run", "-d", "--cold", "--name", f"shape{number}", "netload", "sleep", "100000")
            found.append(command_line_of(self.box.pids("qemu")[0]))
            self.box.ok("stop", "-t", "0", f"shape{number}")
        return found

    def start(self):
        for number in range(2):
            self.ports.append(free_port())
            self.pages.append(free_port())
            self.box.ok("run", "-d", "--name", f"load{number}", "-p", f"{self.ports[-1]}:{PORT}", "-p", f"{self.pages[-1]}:{PAGES}",
                        "netload", "netload", "serve", PORT, *self.command)
            wait_until(lambda: "ready" in self.box.ok("logs", f"load{number}").out, what="the load")
        self.gateway = self.box.inspect("load0")["status"]["networks"][0]["ipv4Gateway"]
        self.neighbour = address(self.box, "load1"), PORT

    def close(self):
        self.box.stop()
        self.box.remove()


class Bare:
    """Two machines that only see their host: what is for the other one goes through a port that it publishes there. Each process has a
    session of its own, as ours have: to the host's scheduler a session is one, however many are in it."""

    gateway, mask, address = "10.0.2.2", "255.255.255.0", "10.0.2.15"

    def __init__(self, machines, program, pages, scratch):
        self.machines, self.scratch = machines, scratch
        files, command = pages
        self.files, self.command = {"netload": (program.read_bytes(), 0o755), **files}, " ".join(command)
        self.ports, self.pages, self.processes = [], [], []

    def start(self):
        for command in self.machines:
            original = pathlib.Path(command[command.index("-initrd") + 1]).read_bytes()
            initrd = self.scratch / "netload.cpio"
            initrd.write_bytes(initramfs.with_files(original, self.files))
            words = f"rdinit=/netload -- guest {self.address} {self.mask} {self.gateway} {self.mtu} {PORT} {self.command}"
            command = bare(command, "", initrd)
            command[command.index("-append") + 1] += " console=ttyS0 " + words
            self.ports.append(free_port())
            self.pages.append(free_port())
            command[command.index("-netdev") + 1] = self.network(self.ports[-1], self.pages[-1])
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
            self.processes.append(process)
            said(process, b"netload is ready")
        self.neighbour = self.gateway, self.ports[1]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


class User(Bare):
    name, mtu = "-netdev user", 1500

    def network(self, port, pages):
        return f"user,id=net0,hostfwd=tcp:{HOST}:{port}-:{PORT},hostfwd=tcp:{HOST}:{pages}-:{PAGES}"


class Passt(Bare):
    name, mtu = "passt", 65520

    def network(self, port, pages):
        path = self.scratch / f"passt{port}"
        command = ["passt", "-f", "-q", "-4", "-s", path, "-a", self.address, "-n", self.mask, "-g", self.gateway,
                   "-t", f"{HOST}/{port}:{PORT}", "-t", f"{HOST}/{pages}:{PAGES}"]
        self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
        wait_until(path.exists, what="passt")
        return f"stream,id=net0,server=off,addr.type=unix,addr.path={path}"


# --- measures: a figure, the bigger the better

class Measures:
    def __init__(self, host, megabytes, pings):
        self.host, self.bytes, self.pings = host, megabytes * MIB, pings

    def to_guest(self, system, *request):
        return self.host.seconds(system.ports[0], *request)

    def to_host(self, system, *request):
        return self.host.seconds(system.ports[0], "ask", system.gateway, self.host.port, *request)

    def between(self, system, *request):
        return self.host.seconds(system.ports[0], "ask", *system.neighbour, *request)

    def rate(self, way, system):
        return self.bytes / MIB / way(system, "sink", self.bytes)

    def pace(self, way, system):
        return self.pings / way(system, "echo", self.pings)

    def pages(self, system):
        done = subprocess.run(["wrk", "-t1", "-c32", "-d3s", f"http://{HOST}:{system.pages[0]}/"], capture_output=True, text=True, check=True)
        wrong = re.search(r"Socket errors.*|Non-2xx.*", done.stdout)
        if wrong:
            sys.exit(f"bench: {system.name}: {wrong.group()}")
        return float(re.search(r"Requests/sec:\s*([\d.]+)", done.stdout).group(1))

    def all(self):
        ways = {"container to host": self.to_host, "host to container": self.to_guest, "container to container": self.between}
        for name, way in ways.items():
            yield f"{name}, MiB/s", lambda system, way=way: self.rate(way, system)
        for name, way in ways.items():
            yield f"{name}, round trips/s", lambda system, way=way: self.pace(way, system)
        yield "published port, requests/s", self.pages


class Table:
    def __init__(self, names):
        self.under = 0
        self.row("median of each", *names, "ratio", "target", "")

    def row(self, *cells):
        widths = (38, 12, 14, 12, 7, 7, 0)
        print("  ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)).rstrip(), flush=True)

    def judged(self, what, ours, *others):
        ratio = ours / max(others)
        self.under += ratio < TARGET
        self.row(what, *(f"{figure:.1f}" for figure in (ours, *others)), f"{ratio:.2f}", f"{TARGET:g}", "" if ratio >= TARGET else "UNDER TARGET")


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=64, help="carried for a rate")
    parser.add_argument("--pings", type=int, default=500)
    parser.add_argument("--only", action="append", default=[], help="measures with this in their name")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="bh-bench-", dir="/tmp"))
        scratch.chmod(0o777)  # passt gives up being root
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        program = compiled(scratch)
        host = Host(program)
        stack.callback(host.close)
        pages = nginx.files(scratch, PAGES)
        ours = Ours(pathlib.Path(arguments.build).resolve(), program, pages, scratch)
        stack.callback(ours.close)
        machines = ours.machines(4)
        systems = [ours, User(machines[:2], program, pages, scratch), Passt(machines[2:], program, pages, scratch)]
        for system in systems[1:]:
            stack.callback(system.close)
        for system in systems:
            system.start()
        table = Table([system.name for system in systems])
        for what, measure in Measures(host, arguments.megabytes, arguments.pings).all():
            if arguments.only and not any(part in what for part in arguments.only):
                continue
            figures = [[measure(system) for system in systems] for _ in range(arguments.rounds + 1)]
            table.judged(what, *(statistics.median(of_one) for of_one in zip(*figures[1:])))  # the first warms up
    if table.under:
        print(f"{table.under} under target")
    sys.exit(1 if arguments.check and table.under else 0)


if __name__ == "__main__":
    main()
