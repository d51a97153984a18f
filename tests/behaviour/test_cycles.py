"""Many containers one after the other: the last one costs what the first did, and leaves as little. BULKHEAD_CYCLES=1000 for a long run.

Clones and parked machines are both in play: a start that follows at once finds no machine that waits. The network has fewer addresses than there
are cycles, so one that isn't given back is missed.
"""
import os

import pytest

from support import processes, traces
from support.processes import wait_until

CYCLES = int(os.environ.get("BULKHEAD_CYCLES", "25"))
FIRST = max(5, CYCLES // 10)  # caches and pools are filled by then
WAITING = 5 if CYCLES <= 100 else 10  # each so many-th start finds a parked machine
SUBNET = "192.168.219.0/28"  # 13 addresses for containers
MAY_GROW_KIB = 4 << 10


@pytest.fixture
def box(fresh):
    box = fresh()
    box.ok("system", "property", "set", "template.parked", "1")
    box.ok("system", "template", "build")
    box.ok("network", "create", "--subnet", SUBNET, "tight")
    return box


def parked(box):
    return sum(one["parked"] for one in box.ok("system", "template", "list", "--format", "json").json)


def cycle(box, number):
    done = box("run", "--rm", "--network", "tight", "busybox", "sh", "-c", f"echo {number}; exit 7")
    assert (done.rc, done.out) == (7, f"{number}\n"), done
    if number % WAITING == WAITING - 1:
        wait_until(lambda: parked(box), what="a parked machine")


def at_rest(box):
    """With one machine parked, as between any two starts of a user's; and how big each process is that stays."""
    wait_until(lambda: parked(box), what="a parked machine")
    return traces.of(box), {command: processes.resident_kib(pid) for pid, command in processes.of_root(box.root).items() if stays(command)}


def stays(command):
    """The daemon and what serves all containers; a runtime's host goes with its machine."""
    return "qemu" not in command and "/runtime-" not in command


@pytest.mark.clones
@pytest.mark.release_only  # a sanitized build keeps what was freed for a while, so it grows
def test_cycles_leave_nothing_and_nothing_grows(box):
    for number in range(FIRST):
        cycle(box, number)
    before, sizes_before = at_rest(box)
    for number in range(FIRST, CYCLES):
        cycle(box, number)
    _, sizes = at_rest(box)
    wait_until(lambda: not traces.more(before, traces.of(box)), what=f"nothing more than {FIRST} cycles left; there is {traces.more(before, traces.of(box))}")

    grown = {command: (sizes_before.get(command, 0), size) for command, size in sizes.items()}
    print(f"KiB after {FIRST} and after {CYCLES} cycles: {grown}")
    assert all(now <= then + MAY_GROW_KIB for then, now in grown.values()), grown
    assert box.containers() == {}

    starts = [event["data"] for event in box.events(type="container.start", phase="outcome")]
    waited = sum(start.get("parked", False) for start in starts)
    print(f"{len(starts)} starts, {sum(start['cloned'] for start in starts)} cloned, {waited} of them from a parked machine")
    assert len(starts) == CYCLES and all(start["cloned"] for start in starts)
    assert CYCLES // WAITING - 1 <= waited < CYCLES

    status, verified = box.curl("GET", "/v1/journal/verify")
    print(f"journal: {verified}")
    assert status == 200 and verified["ok"] and verified["problems"] == verified["openOperations"] == []
