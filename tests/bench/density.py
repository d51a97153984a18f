#!/usr/bin/python3
"""What a hundred idle containers cost in memory, whether one gives back what it has freed, and whether anything is left of all of them.

    density.py BUILD_DIR [--check] [--count N]     --check: exit status 1 if a budget is exceeded or something is left

Memory is PSS: a page that several processes map, as clones do their template's, counts once in all. docs/SPECIFICATION.md has the budgets.
"""
import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))
sys.path.insert(0, str(HERE))

import leaving  # noqa: E402
from pull import cpu_of  # noqa: E402
from run import Table  # noqa: E402
from support import images, processes, traces  # noqa: E402
from support.box import Box  # noqa: E402

MIB_OF_A_HUNDRED = 4096
HELD_MIB, MAY_KEEP = 300, 0.2
# Until what was started last is idle, and what its guest reports as free has gone back.
REST = 10
# Reads so much into memory of its own, and keeps it until there is no more to read on stdin.
HOLD = f"dd if=/dev/zero bs={HELD_MIB}M count=1 2>/dev/null | (cat <&3; cat >/dev/null)"


def parts(pid):
    """PSS of a QEMU in MiB: what it maps of its guest's memory, what emulation has translated of the guest's code, and the rest."""
    found, part = dict.fromkeys(("the guest's memory", "translated code", "QEMU itself"), 0), None
    with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps") as smaps:
        for line in smaps:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                name = " ".join(words[5:])
                part = "the guest's memory" if "template-ram" in name else "translated code" if words[1] == "rwxp" and not name else "QEMU itself"
            elif words[0] == "Pss:":
                found[part] += int(words[1]) / 1024
    return found


def kind_of(command):
    program, *words = command.split(" ")
    name = pathlib.Path(program).name
    if name.startswith("qemu"):
        return "QEMU"
    if name == "container-apiserver":
        return "daemon"
    plugin = " ".join(words)
    return "runtime hosts" if "runtime-" in plugin else "network host" if "network-" in plugin else "other plugins"


def kept_in_memory(pid):
    """MiB of the memory files that a process holds open: the template's, where it is the daemon's."""
    total = 0
    for number in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{number}"
        try:
            if os.readlink(path).startswith("/memfd:template"):
                total += os.stat(path).st_blocks * 512
        except OSError:
            continue
    return total / (1 << 20)


class Bench:
    def __init__(self, build, count):
        self.table, self.count = Table(), count
        self.box = Box(build)
        self.box.start()
        with tempfile.NamedTemporaryFile(suffix=".tar") as tar:
            tar.write(images.busybox_tar())
            tar.flush()
            self.box.ok("image", "import", tar.name, "busybox:latest")
        self.box.ok("system", "property", "set", "template.parked", "0")
        self.box.ok("system", "template", "build")
        self.box.ok("run", "--rm", "busybox", "true")
        self.before = self.at_rest()
        self.names = [f"density{number}" for number in range(count)]

    def at_rest(self):
        """The same twice, a moment apart."""
        last, deadline = None, time.monotonic() + 60
        while (now := traces.of(self.box)) != last and time.monotonic() < deadline:
            last = now
            time.sleep(1)
        return now

    def close(self):
        self.box.stop()
        self.box.remove()

    def start(self):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda name: self.box.ok("run", "-d", "--name", name, "busybox", "sleep", "100000", timeout=900), self.names))
        outcomes = [event["data"] for event in self.box.events(type="container.start", phase="outcome")][-self.count:]
        cloned = sum(outcome["cloned"] for outcome in outcomes)
        self.table.shown("containers started", str(self.count), f"{cloned} of them clones")
        time.sleep(REST)

    def memory(self):
        found = {}
        for pid, command in processes.of_root(self.box.root).items():
            found.setdefault(kind_of(command), []).append(processes.pss_mib(pid))
        for kind, figures in sorted(found.items()):
            self.share(f"PSS: {kind} ({len(figures)})", sum(figures))
            if kind == "QEMU":
                self.parts_of_machines()
        total = sum(map(sum, found.values()))
        budget = MIB_OF_A_HUNDRED * self.count / 100
        self.table.judged("PSS: all", f"{total:.0f} MiB", f"{total / self.count:.1f} MiB a container", total, budget, " MiB")
        self.table.shown("the template's memory file", f"{kept_in_memory(self.box.daemon_pid()):.0f} MiB", "what clones map of it is in theirs")

    def parts_of_machines(self):
        machines = [parts(pid) for pid in self.box.pids("qemu")]
        for part in machines[0]:
            self.share(f"  of it {part}", sum(machine[part] for machine in machines))

    def share(self, what, mib):
        self.table.shown(what, f"{mib:.1f} MiB", f"{mib / self.count:.2f} MiB a container")

    def idleness(self, seconds=10):
        pids = list(processes.of_root(self.box.root))
        before = cpu_of(pids)
        time.sleep(seconds)
        share = (cpu_of(pids) - before) / seconds
        self.table.shown("processors while all are idle", f"{share:.2f}", f"{share / self.count * 100:.2f} % of one a container")

    def returned(self):
        """A container's QEMU before, while and after a command in it holds memory of its own."""
        name = self.names[0]
        qemu = self.qemu_of(name)
        before = processes.pss_mib(qemu)
        holder = self.box.popen("exec", "-i", name, "sh", "-c", f"exec 3<&0; {HOLD}", stdin=subprocess.PIPE)
        processes.wait_until(lambda: processes.pss_mib(qemu) > before + 0.95 * HELD_MIB, seconds=120, what=f"{HELD_MIB} MiB in use")
        held = processes.pss_mib(qemu)
        _, complaint = holder.communicate(timeout=120)
        assert holder.returncode == 0, complaint
        kept, deadline = 1.0, time.monotonic() + 30
        while kept > MAY_KEEP and time.monotonic() < deadline:
            time.sleep(0.5)
            kept = (processes.pss_mib(qemu) - before) / (held - before)
        self.table.judged(f"{HELD_MIB} MiB freed: share kept", f"{kept * 100:.0f} %", f"QEMU: {before:.0f}, then {held:.0f} MiB", kept, MAY_KEEP)

    def qemu_of(self, name):
        """The one that has this container's disk."""
        [pid] = (pid for pid, command in processes.of_root(self.box.root).items() if kind_of(command) == "QEMU" and f"/containers/{name}/" in command)
        return pid

    def leave_nothing(self):
        interfaces = traces.interfaces(self.box.root)
        self.box.ok("delete", "--force", *self.names, timeout=900)
        left = traces.more(self.before, until(lambda: not traces.more(self.before, traces.of(self.box)), self.at_rest))
        self.box.stop()
        if running := until(lambda: not processes.of_root(self.box.root), lambda: processes.of_root(self.box.root)):
            left["processes of the ended service"] = sorted(running.values())
        if still := traces.interfaces_left(interfaces):
            left["interfaces"] = still
        number = sum(map(amount, left.values()))
        self.table.judged("left of them", number, f"their interface: {', '.join(interfaces) or 'none'}", number, 0)
        for kind, what in left.items():
            print(f"left: {kind}: {what}", flush=True)


def until(condition, then, seconds=60):
    """What there is when the condition has come true, or hasn't in all that time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return then()


def amount(what):
    return what if isinstance(what, int) else len(what)


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    bench = Bench(pathlib.Path(arguments.build).resolve(), arguments.count)
    try:
        bench.start()
        bench.memory()
        bench.idleness()
        bench.returned()
        bench.leave_nothing()
    finally:
        bench.close()
    bench.table.end(arguments.check)


if __name__ == "__main__":
    main()
