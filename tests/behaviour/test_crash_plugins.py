"""kill -9 of a plugin's host and of QEMU: seen, told in the journal, cleaned up."""
import pytest

from support import processes
from support.processes import wait_until


@pytest.fixture
def victim(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    return name


def host_of(box, name):
    """The runtime host of a container, as the journal names it."""
    return next(event["data"]["hostPid"] for event in box.events(stream=f"container/{name}") if event["type"] == "container.host-started")


def exited(box, name):
    return [event["data"] for event in box.events(stream=f"container/{name}") if event["type"] == "container.exited"]


def test_qemu_killed(box, victim):
    [machine] = box.pids("qemu")
    processes.kill(machine)
    box.wait_state(victim, "stopped")
    [data] = exited(box, victim)
    assert data["reason"] == "vm-lost" and data["exitCode"] != 0
    wait_until(lambda: processes.gone(host_of(box, victim)), what="its host's end")
    box.ok("start", victim)
    assert box.ok("exec", victim, "echo", "again").out == "again\n"


def test_an_attached_client_learns_of_qemus_end(box, name):
    client = box.popen("run", "--name", name, "busybox", "sh", "-c", "echo ready; sleep 1000")
    assert client.stdout.readline() == b"ready\n"
    [machine] = box.pids("qemu")
    processes.kill(machine)
    _, err = client.communicate(timeout=120)
    assert client.returncode not in (0, None), err


def test_a_runtime_host_killed(box, victim):
    host = host_of(box, victim)
    processes.kill(host)
    box.wait_state(victim, "stopped")
    [data] = exited(box, victim)
    assert data["reason"] == "host-lost"
    wait_until(lambda: not box.pids("qemu"), what="the machine's end")
    assert "plugin.crashed" in {event["type"] for event in box.events()} or data["reason"] == "host-lost"
    box.ok("start", victim)
    assert box.state(victim) == "running"


def test_the_storage_host_killed_comes_back(box, name):
    hosts = [pid for pid, command in processes.of_root(box.root).items() if "storage" in command and "plugin-host" in command]
    assert hosts, processes.of_root(box.root)
    processes.kill(hosts[0])
    wait_until(lambda: "plugin.crashed" in {event["type"] for event in box.events()}, what="the crash in the journal")

    def works():
        return box("create", "--name", name, "busybox").rc == 0
    wait_until(works, what="storage being back")
    assert box.ok("start", "-a", name).rc == 0


def test_the_daemon_and_a_host_killed_together(box, victim):
    host = host_of(box, victim)
    box.kill_daemon()
    processes.kill(host)
    box.start()
    box.wait_state(victim, "stopped")
    wait_until(lambda: not box.pids("qemu"), what="the machine's end")
    assert exited(box, victim)[0]["reason"] == "host-lost"


def test_the_daemon_and_qemu_killed_together(box, victim):
    [machine] = box.pids("qemu")
    box.kill_daemon()
    processes.kill(machine)
    box.start()
    box.wait_state(victim, "stopped")
    assert exited(box, victim)[0]["reason"] in ("vm-lost", "host-lost")
