"""What a service holds and leaves on its host: compared before and after, at rest, everything that a container had must be gone.

What is made or measured anew each time (names of parked machines and of hosts' sockets, the pace of the host's clock) counts as the same.
"""
import collections
import os
import pathlib
import re

from . import processes

# The journal and what is derived from it grow; that is what they are for.
GROWING = re.compile(r"/data/(journal|state)\.db|/logs/")
MADE_ANEW = ((re.compile(r"_parked-[0-9a-f]+"), "_parked-N"), (re.compile(r"/(hosts|networks)/[0-9]+"), r"/\1/N"),
             (re.compile(r"\b(tsc_early_khz|lpj)=[0-9]+"), r"\1=N"))


def _plain(text):
    for pattern, name in MADE_ANEW:
        text = pattern.sub(name, text)
    return text


def _lines(path):
    try:
        return pathlib.Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []


def _listed(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


def of(box):
    root, running = str(box.root), processes.of_root(box.root)
    return {
        "processes": sorted(map(_plain, running.values())),
        "sockets": sorted({_plain(path) for line in _lines("/proc/net/unix") if (path := line.split(" ")[-1]).startswith(root)}),
        "files": sorted(_plain(str(path)) for path in box.paths() if not GROWING.search(str(path))),
        "descriptors": sum(len(_listed(f"/proc/{pid}/fd")) for pid in running),
        "temporary": box.leftovers(),
    }


def more(before, after):
    """What is there now and wasn't, by kind; of descriptors how many."""
    found = {kind: sorted((collections.Counter(after[kind]) - collections.Counter(before[kind])).elements())
             for kind in before if kind != "descriptors"}
    found["descriptors"] = max(0, after["descriptors"] - before["descriptors"])
    return {kind: what for kind, what in found.items() if what}


def interfaces(root):
    """{name: index} of the network interfaces that processes of this service hold open. Another service's may have the same name later, but
    no index is given twice."""
    held = {}
    for pid in processes.of_root(root):
        for number in _listed(f"/proc/{pid}/fdinfo"):
            for line in _lines(f"/proc/{pid}/fdinfo/{number}"):
                if line.startswith("iff:"):
                    held[line.split()[1]] = None
    return {name: index for name, index in _present().items() if name in held}


def _present():
    return {name: int(index) for name in _listed("/sys/class/net") for index in _lines(f"/sys/class/net/{name}/ifindex")}


def interfaces_left(were):
    """Those of interfaces() that are still there."""
    return sorted(set(were.values()) & set(_present().values()))
