#!/usr/bin/python3
"""How long a container takes to run to its end, in each of the ways it can start, beside podman, docker and a bare resume of the same template,
in one run and in turn. docs/SPECIFICATION.md has the budgets and their reasons.

    start.py BUILD_DIR [--check] [--runs N] [--spread N]     --check: exit status 1 if a budget is exceeded

A time is from exec of the command to its exit: `run --rm IMAGE true`, machine, network, process, exit code and all; and the same with
python3, most of whose time is the program's own. Judged are medians.
"""
import argparse
import contextlib
import math
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))
sys.path.insert(0, str(HERE))

import leaving  # noqa: E402
from engines import engines, seconds  # noqa: E402
from resume import BareResume, template_of  # noqa: E402
from run import Table, command_line_of, ms  # noqa: E402
from support import images  # noqa: E402
from support.box import Box  # noqa: E402

CLONED_OVER_RESUME, CLONED_OVER_BRIDGE, PARKED_OVER_PODMAN, EXEC, SPREAD = 3, 0.5, 1, 1, 2
# What one start leaves to be done, deletions above all, isn't to be in the next one's time.
PAUSE = 0.3
BUSYBOX, DEBIAN = "busybox", "debian"


class Service:
    """A service with both images and a template, in which so many machines wait for a container."""

    images = {BUSYBOX: "busybox:latest", DEBIAN: "debian:bookworm"}

    def __init__(self, build, parked, busybox, debian):
        self.box = Box(build)
        self.box.start()
        self.box.ok("system", "property", "set", "template.parked", parked)
        self.box.ok("image", "import", busybox, self.images[BUSYBOX])
        self.box.ok("image", "load", "-i", debian[0], timeout=900)
        self.box.ok("system", "template", "build")

    def start(self, image, words, *options):
        return seconds([self.box.program, "run", "--rm", *options, self.images[image], *words], self.box.environment)

    def outcomes(self):
        return [event["data"] for event in self.box.events(type="container.start") if event["phase"] == "outcome"]

    def close(self):
        self.box.stop()
        self.box.remove()


class Parking(Service):
    """One in which a machine waits before each start, and which is left alone until the next one waits."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        super().start(BUSYBOX, ["true"])

    def wait(self, again=lambda: None, patience=60):
        """What makes a machine wait is a start, and if it failed another one."""
        for _ in range(3):
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if any(one["parked"] for one in self.box.ok("system", "template", "list", "--format", "json").json):
                    return time.sleep(PAUSE)
                time.sleep(0.2)
            again()
        sys.exit(f"bench: no machine was parked within {3 * patience} s")

    def start(self, image, words, *options):
        def one():
            return super(Parking, self).start(image, words, *options)
        self.wait(one)
        took = one()
        time.sleep(PAUSE)
        self.wait(one)
        return took


class Times:
    """Of each way, by its name, the times it took."""

    def __init__(self, ways, runs):
        self.taken = {name: [] for name in ways}
        for way in ways.values():  # a first time for each: caches, and the machine that is parked for this image
            way()
        for _ in range(runs):
            for name, way in ways.items():
                time.sleep(PAUSE)
                self.taken[name].append(way())

    def __getitem__(self, name):
        return statistics.median(self.taken[name])

    def best(self, names):
        return min((name for name in names if name in self.taken), key=self.__getitem__, default=None)

    def show(self, table, what):
        for name, times in self.taken.items():
            table.shown(f"{what}, {name}", ms(self[name]), f"{ms(min(times))} to {ms(max(times))}")

    def judge(self, table, what, ours, names, budget):
        """Ours beside the best of those that are here."""
        beside = self.best(names)
        if beside:
            table.judged(f"{what}, {ours}", ms(self[ours]), f"{beside}: {ms(self[beside])}", self[ours] / self[beside], budget)
        else:
            table.shown(f"{what}, {ours}", ms(self[ours]), "what to judge it by isn't here")


class Bench:
    def __init__(self, build, stack, runs):
        self.table, self.runs = Table(), runs
        scratch = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bh-bench-", dir="/tmp", ignore_cleanup_errors=True)))
        busybox, debian = scratch / "busybox.tar", images.debian()
        busybox.write_bytes(images.busybox_tar())
        self.cloning, self.parking = (closing(stack, kind(build, parked, busybox, debian)) for kind, parked in ((Service, 0), (Parking, 1)))
        self.engines = [closing(stack, engine) for engine in engines(scratch, busybox, debian)]
        self.resume = self._bare_resume()

    def _bare_resume(self):
        """Its disks stay after it was stopped, for the bare one to use."""
        box = self.cloning.box
        box.ok("run", "-d", "--name", "shape", "busybox", "sleep", "100000")
        command = command_line_of(box.pids("qemu")[0])
        box.ok("stop", "-t", "0", "shape")
        return BareResume(command, template_of(box.root))

    def start(self, image, words):
        what = f"{image} {words[0]}"
        ways = {
            "bare resume": self.resume,
            "cold": lambda: self.cloning.start(image, words, "--cold"),
            "cloned": lambda: self.cloning.start(image, words),
            "parked": lambda: self.parking.start(image, words)}
        for engine in self.engines:
            theirs = {BUSYBOX: engine.busybox, DEBIAN: engine.debian}[image]
            for network in engine.networks:
                ways[f"{engine.name} {network}"] = lambda engine=engine, network=network, theirs=theirs: engine.run(theirs, words, network)
        times = Times(ways, self.runs)
        times.show(self.table, what)
        self.say_how(self.cloning, 2 * self.runs, "cloned", self.runs)
        self.say_how(self.parking, self.runs, "parked", self.runs)
        times.judge(self.table, what, "cloned", ["bare resume"], CLONED_OVER_RESUME)
        bridges = [f"{engine.name} bridge" for engine in self.engines]
        times.judge(self.table, what, "cloned", bridges, CLONED_OVER_BRIDGE)
        podman = [f"{engine.name} none" for engine in self.engines if engine.name.startswith("podman")]
        times.judge(self.table, what, "parked", podman, PARKED_OVER_PODMAN)

    @staticmethod
    def say_how(service, last, word, expected):
        """A start that didn't go the way it is listed under is in its times, because a user would have waited for it; but it is said."""
        found = sum(outcome.get(word) is True for outcome in service.outcomes()[-last:])
        if found != expected:
            print(f"only {found} of {expected} of these starts were {word}, says the journal", flush=True)

    def exec(self):
        name, command = "exec", ["sleep", "100000"]
        box = self.cloning.box
        box.ok("run", "-d", "--name", name, "busybox", *command)
        for engine in self.engines:
            engine.keep(name, engine.busybox, *command)
        ours = [box.program, "exec", name, "true"]
        ways = {"container": lambda: seconds(ours, box.environment)}
        ways |= {engine.name: lambda engine=engine: engine.exec(name, "true") for engine in self.engines}
        times = Times(ways, 3 * self.runs)
        times.show(self.table, "exec true")
        for engine in self.engines:
            times.judge(self.table, "exec true", "container", [engine.name], EXEC)
        box.ok("delete", "--force", name)

    def spread(self, runs):
        times = sorted(self.parking.start(BUSYBOX, ["true"]) for _ in range(runs))
        self.say_how(self.parking, runs, "parked", runs)
        p50, p90, p99 = (times[math.ceil(share * runs) - 1] for share in (0.5, 0.9, 0.99))
        self.table.judged(f"{runs} parked starts: p99 over p50", f"p50 {ms(p50)}", f"p90 {ms(p90)}, p99 {ms(p99)}, most {ms(times[-1])}",
                          p99 / p50, SPREAD)


def closing(stack, one):
    stack.callback(one.close)
    return one


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--spread", type=int, default=40, help="200 is what the specification asks for")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bench = Bench(pathlib.Path(arguments.build).resolve(), stack, arguments.runs)
        bench.start(BUSYBOX, ["true"])
        bench.start(DEBIAN, ["true"])
        bench.start(DEBIAN, ["python3", "-c", "pass"])
        bench.exec()
        bench.spread(arguments.spread)
    bench.table.end(arguments.check)


if __name__ == "__main__":
    main()
