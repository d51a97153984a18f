#!/usr/bin/python3
"""What a container costs, each figure beside one that this machine measured in the same run, because absolute times say more about the
machine than about us. docs/SPECIFICATION.md has the budgets and their reasons.

    run.py BUILD_DIR [--check] [--only NAME]...      --check: exit status 1 if a budget is exceeded
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import select
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
from support import images, processes  # noqa: E402
from support.box import Box  # noqa: E402

# The machine the budgets were written on booted a bare guest in this time; 60 ms for an exec were a fifteenth of it.
EXEC_BUDGET = round(60 / 820, 3)
# 20 MiB, 8 MiB, 6 MiB: see docs/SPECIFICATION.md.
MEMORY_BUDGETS_MIB = {"daemon": 20, "plugin host": 8, "guest init": 6}


class Table:
    """Rows of: what, ours, beside it, the figure judged, its budget."""

    def __init__(self):
        self.over = 0
        self.row("measure", "ours", "beside it", "figure", "budget", "")

    def row(self, *cells):
        widths = (34, 12, 34, 10, 8, 0)
        print("  ".join(str(cell).ljust(width) for cell, width in zip(cells, widths)).rstrip(), flush=True)

    def judged(self, what, ours, beside, figure, budget, unit=""):
        within = figure <= budget
        self.over += not within
        self.row(what, ours, beside, f"{figure:.2f}{unit}", f"{budget:g}{unit}", "" if within else "OVER BUDGET")

    def shown(self, what, ours, beside=""):
        self.row(what, ours, beside, "-", "-")

    def end(self, check):
        if self.over:
            print(f"{self.over} over budget")
        sys.exit(1 if check and self.over else 0)


def ms(seconds):
    return f"{seconds * 1000:.0f} ms"


def timed(action):
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def median(times, action):
    return statistics.median(timed(action) for _ in range(times))


def until_output(command, wanted, environment=None):
    """From the start of a program until a line with `wanted` comes out of it; then it may end, or is ended."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said(process, wanted)
    took = time.perf_counter() - begun
    if wanted == READY:
        process.kill()
    process.stdout.read()
    process.wait()
    return took


def said(process, pattern, seconds=120):
    """Reads what the program says until the pattern is in it: its match. A program that is silent or ends is the end of the bench."""
    seen, deadline = b"", time.monotonic() + seconds
    while not (found := re.search(pattern, seen)):
        ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not piece:
            process.kill()
            sys.exit(f"bench: {process.args[0]} never said {pattern!r} in {seconds} s; it said: {seen[-500:]!r}")
        seen += piece
    return found


READY = b"bulkhead: guest ready"


def command_line_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]


def bare(command, kernel_arguments="bulkhead.probe=1", initrd=None):
    """The very command line of a container's machine, with its channels to the host cut: the console on stdout, the others nowhere."""
    out = []
    for word in command:
        word = re.sub(r"^socket,id=console,.*", "stdio,id=console,signal=off", word)
        word = re.sub(r"^socket,id=(\w+),.*", r"null,id=\1", word)
        out.append(word)
    append = out.index("-append") + 1
    out[append] += " " + kernel_arguments
    if "console=" not in out[append]:
        out[append] += " console=ttyS0"
    if initrd:
        out[out.index("-initrd") + 1] = str(initrd)
    return out


class Bench:
    def __init__(self, build):
        self.table = Table()
        self.box = Box(build)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="bulkhead-bench-", dir="/var/tmp"))
        self.box.start()
        self.box.ok("system", "property", "set", "template.parked", "0")  # nothing is done beside what is measured
        tar = self.scratch / "busybox.tar"
        tar.write_bytes(images.busybox_tar())
        self.box.ok("image", "import", tar, "busybox:latest")
        self.idle_daemon = None
        # A machine of the default shape; its disks stay after it was stopped, for the bare one to use.
        self.box.ok("run", "-d", "--cold", "--name", "shape", "busybox", "sleep", "100000")
        self.machine = command_line_of(self.box.pids("qemu")[0])
        self.box.ok("stop", "-t", "0", "shape")
        self.bare_boot = statistics.median(until_output(bare(self.machine), READY) for _ in range(5))

    def close(self):
        self.box.stop()
        self.box.remove()
        shutil.rmtree(self.scratch, ignore_errors=True)

    # --- the measures, in the order they are printed

    def start(self):
        def run(*options):
            return until_output([self.box.program, "run", "--rm", *options, "busybox", "echo", "out"], b"out", self.box.environment)

        self.box.ok("system", "template", "build")
        # In turn, because a machine's pace changes from one second to the next; and the fastest of each, because what else its host
        # does only ever adds (here a tenth, in a third of the boots, ours and bare ones alike).
        rounds = [(run("--cold"), run(), until_output(bare(self.machine), READY)) for _ in range(15)]
        cold, cloned, beside = (min(times) for times in zip(*rounds))
        self.table.judged("run --cold: start to first output", ms(cold), f"bare QEMU to init: {ms(beside)}", cold / beside, 1.3)
        self.table.judged("run: a clone, to first output", ms(cloned), f"run --cold: {ms(cold)}", cloned / cold, 0.5)

    def exec(self):
        self.box.ok("run", "-d", "--name", "exec", "busybox", "sleep", "100000")
        ours = median(30, lambda: self.box.ok("exec", "exec", "true"))
        self.box.ok("delete", "--force", "exec")
        spawn = median(30, lambda: subprocess.run(["true"], check=True))
        self.table.judged("exec true: round trip", ms(ours), f"bare boot {ms(self.bare_boot)}, host's true {ms(spawn)}",
                          ours / self.bare_boot, EXEC_BUDGET)

    def load(self):
        archive, _ = images.debian()

        def others():
            place = self.scratch / "others"
            place.mkdir()
            subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", f"oci-archive:{archive}", f"oci:{place}/layout:x"], check=True)
            subprocess.run(["umoci", "--log=error", "unpack", *([] if os.geteuid() == 0 else ["--rootless"]), "--image", f"{place}/layout:x",
                            place / "bundle"], check=True, capture_output=True)

        def ours():
            self.box.ok("image", "load", "-i", archive, timeout=900)

        their_times, our_times = [], []
        for _ in range(3):  # alternating, so that a busy moment of the machine meets both
            their_times.append(timed(others))
            shutil.rmtree(self.scratch / "others")
            our_times.append(timed(ours))
            self.box.ok("image", "delete", "debian:bookworm")
        theirs, mine = statistics.median(their_times), statistics.median(our_times)
        self.table.judged(f"load of a {archive.stat().st_size >> 20} MiB archive", ms(mine), f"skopeo + umoci: {ms(theirs)}", mine / theirs, 1.0)

    def memory(self):
        # A service that has worked and rests.
        time.sleep(2)
        budgets = MEMORY_BUDGETS_MIB
        daemon = processes.resident_kib(self.box.daemon_pid()) / 1024
        self.table.judged("resident: idle daemon", "", "", daemon, budgets["daemon"], " MiB")
        self.box.ok("run", "-d", "--name", "memory", "busybox", "sleep", "100000")
        time.sleep(1)
        hosts = {pid: command for pid, command in processes.of_root(self.box.root).items() if "container-plugin-host" in command}
        for pid, command in hosts.items():
            what = "runtime" if "runtime" in command else "storage" if "storage" in command else "other"
            self.table.judged(f"resident: plugin host ({what})", "", "", processes.resident_kib(pid) / 1024, budgets["plugin host"], " MiB")
        [qemu] = self.box.pids("qemu")
        self.table.shown("resident: QEMU, 1 GiB container", f"{processes.resident_kib(qemu) / 1024:.0f} MiB")
        self.box.ok("delete", "--force", "memory")

    def guest(self):
        """Init's own resident memory, read inside the guest: its initramfs with a first process that becomes init after it has left a
        child behind, which looks at process 1 a little later and says on the console what it found."""
        command = self.machine
        original = pathlib.Path(command[command.index("-initrd") + 1])
        watched = self.scratch / "initramfs"
        watched.write_bytes(initramfs.with_observer(original.read_bytes(), pathlib.Path(shutil.which("busybox")).read_bytes(),
                                                    kernel_runs=initramfs.init_path(command[command.index("-append") + 1])))
        line = until_line(bare(command, "bulkhead.bench=1 rdinit=/observer", watched), rb"init Rss:\s*(\d+) kB")
        self.table.judged("resident: guest init", "", "", int(line) / 1024, MEMORY_BUDGETS_MIB["guest init"], " MiB")

    def twenty(self):
        names = [f"many{number}" for number in range(20)]
        begun = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda name: self.box.ok("run", "-d", "--name", name, "-m", "200m", "--cpus", "1", "busybox", "sleep", "100000",
                                                   timeout=900), names))
        took = time.perf_counter() - begun
        resident = sum(processes.resident_kib(pid) for pid in self.box.pids("qemu")) / 1024
        self.table.shown("20 containers at once", ms(took), f"{took / self.bare_boot / 20 * os.cpu_count():.2f} bare boots of a core each")
        self.table.shown("  memory of their 20 machines", f"{resident:.0f} MiB", f"{resident / 20:.0f} MiB each")
        self.box.ok("delete", "--force", *names, timeout=900)


def until_line(command, pattern):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        return said(process, pattern).group(1)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


MEASURES = ("start", "exec", "memory", "guest", "load", "twenty")


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", action="append", choices=MEASURES)
    arguments = parser.parse_args()
    bench = Bench(pathlib.Path(arguments.build).resolve())
    try:
        for measure in arguments.only or MEASURES:
            getattr(bench, measure)()
    finally:
        bench.close()
    bench.table.end(arguments.check)


if __name__ == "__main__":
    main()
