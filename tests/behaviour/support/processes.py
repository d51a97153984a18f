"""Which processes of this host belong to one service: those that carry its root in their environment or command line.

Everything a service starts inherits CONTAINER_ROOT, so nothing can hide here, whoever its parent has become since.
"""
import os
import signal
import time


def _read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def parent(pid):
    """0 if it has ended."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def of_root(root):
    """{pid: command line} of all processes of the service with this root, without the test's own children-to-be."""
    needle, found = os.fsencode(str(root)), {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        variables = _read(entry, "environ").split(b"\0")
        command = _read(entry, "cmdline")
        if (b"CONTAINER_ROOT=" + needle in variables or needle in command) and _alive(entry):
            found[int(entry)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def named(root, word):
    """The pids of that service whose command line begins with a program of this name (a part of it is enough)."""
    return sorted(pid for pid, command in of_root(root).items() if word in os.path.basename(command.split(" ")[0]))


def descriptors(root):
    """(files, connections): what the processes of that service hold open, connections to elsewhere counted apart, ended ones too."""
    files = connections = 0
    for pid in of_root(root):
        local = {line.split()[6] for line in _read(pid, "net/unix").decode(errors="replace").splitlines()[1:]}
        for number in _listed(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{number}")
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] not in local:
                connections += 1
            else:
                files += 1
    return files, connections


def _listed(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return []


def resident_kib(pid):
    for line in _read(pid, "status").decode().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def pss_mib(pid):
    """Its memory, of what it shares with others only its part; 0 if it has ended."""
    for line in _read(pid, "smaps_rollup").decode().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def wait_until(condition, seconds=60, what="the condition"):
    """Polls; the limit is a guard against hanging, so it is generous and no test is about it."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} didn't come true within {seconds} s"
        time.sleep(0.02)


def gone(pid):
    return not _alive(pid)
