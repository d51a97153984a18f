"""kill -9 of the daemon, at every commit of its journal: no container, log line, exit code or disk space is lost.

BULKHEAD_CRASH_AT_COMMIT=n makes the daemon kill itself right after the n-th commit of its life; n runs from its first to the one where
the operation gets through.
"""
import itertools

import pytest

from support import processes
from support.processes import wait_until


def crash_everywhere(box, operation, check, prepare=lambda: None):
    """Runs the operation with a crash after each commit in turn, and check after each restart. The number of crashes."""
    for number in itertools.count(1):
        prepare()
        box.stop()
        box("system", "start", environment={"BULKHEAD_CRASH_AT_COMMIT": str(number)})
        operation()
        crashed = not box.running()
        if not crashed:
            # It got through; the crash that is still to come must not hit the check's own commands.
            for pid in box.pids("container-apiserver"):
                processes.kill(pid)
            wait_until(lambda: not box.running(), what="the end of the daemon")
        box.start()
        check(number)
        if not crashed:
            return number - 1
        assert number < 60, "it never gets through"


def no_machine_without_a_container(box):
    """What runs on the host is what the list says runs."""
    def agree():
        running = [name for name, state in box.containers().items() if state == "running"]
        return len(box.pids("qemu")) == len(running)
    wait_until(agree, what="machines and list agreeing")


@pytest.fixture
def box(fresh):
    return fresh()


def test_during_a_run(box):
    empty = box.files()

    def run():
        box("run", "-d", "--name", "victim", "busybox", "sh", "-c", "for i in 1 2 3; do echo line $i; done; sleep 1000")

    def check(number):
        state = box.state("victim")
        assert state in ("absent", "created", "stopped", "running"), (number, state)
        no_machine_without_a_container(box)
        if state == "running":
            wait_until(lambda: box.ok("logs", "victim").lines == ["line 1", "line 2", "line 3"], what="all log lines")
            assert box.ok("exec", "victim", "echo", "alive").out == "alive\n"
        if state != "absent":
            box.ok("delete", "--force", "victim")
        assert box.files() == empty, number
        assert box.pids("qemu") == []

    assert crash_everywhere(box, run, check) >= 4


def test_during_a_stop(box):
    def prepare():
        box("delete", "--force", "victim")
        box.ok("run", "-d", "--name", "victim", "busybox", "sh", "-c",
               "trap 'echo last words; exit 23' TERM; echo ready; while :; do sleep 0.1; done")
        wait_until(lambda: "ready" in box.ok("logs", "victim").out, what="the trap")

    def check(number):
        # The next daemon serves while it repeats the stop: ours waits for that one.
        state = box.state("victim")
        assert state in ("running", "stopping", "stopped"), (number, state)
        if state != "stopped":
            box.ok("stop", "victim")
        no_machine_without_a_container(box)
        assert box.inspect("victim")["status"]["exitCode"] == 23, number
        assert box.ok("logs", "victim").lines == ["ready", "last words"], number

    crashes = 0
    for number in itertools.count(1):
        # The service must not be stopped between (that stops the container): the crashing daemon takes over from a killed one.
        prepare()
        box.kill_daemon()
        box("system", "start", environment={"BULKHEAD_CRASH_AT_COMMIT": str(number)})
        box("stop", "victim")
        crashed = not box.running()
        if crashed:
            box.start()
            crashes += 1
        check(number)
        if not crashed:
            break
        assert number < 60, "it never gets through"
    assert crashes >= 2


def test_during_a_delete(box):
    empty = box.files()

    def prepare():
        if box.state("victim") == "absent":
            box.ok("run", "--name", "victim", "busybox", "echo", "kept")

    def check(number):
        state = box.state("victim")
        assert state in ("absent", "stopped"), (number, state)
        if state == "stopped":
            assert box.ok("logs", "victim").out == "kept\n"
        else:
            assert box.files() == empty, number

    assert crash_everywhere(box, lambda: box("delete", "victim"), check, prepare) >= 1


def test_a_container_runs_on_without_the_daemon(box):
    box.ok("run", "-d", "--name", "lives", "busybox", "sh", "-c", "i=0; while [ $i -lt 20 ]; do echo $i; i=$((i+1)); sleep 0.1; done; exit 9")
    machine = box.pids("qemu")
    box.kill_daemon()
    assert box.pids("qemu") == machine
    wait_until(lambda: not box.pids("qemu"), what="the container's own end")
    box.start()
    assert box.inspect("lives")["status"] | {"state": "stopped", "exitCode": 9} == box.inspect("lives")["status"]
    assert box.ok("logs", "lives").lines == [str(number) for number in range(20)]


def test_a_running_container_is_adopted(box):
    box.ok("run", "-d", "--name", "lives", "busybox", "sleep", "1000")
    before = box.inspect("lives")
    box.kill_daemon()
    box.start()
    assert box.inspect("lives") == before
    assert box.ok("exec", "lives", "echo", "still").out == "still\n"
    box.ok("stop", "-t", "0", "lives")
    assert box.inspect("lives")["status"]["exitCode"] == 137


def test_system_stop_stops_what_a_killed_daemon_left(box):
    box.ok("run", "-d", "--name", "lives", "busybox", "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in box.ok("logs", "lives").out, what="the trap")
    box.kill_daemon()
    assert "stopped" in box.stop().out
    wait_until(lambda: not processes.of_root(box.root), what="the end of all its processes")
    assert "isn't running" in box.stop().out
    box.start()
    assert box.inspect("lives")["status"] | {"state": "stopped", "exitCode": 7} == box.inspect("lives")["status"]


def test_an_open_exec_survives_the_daemon(box):
    box.ok("run", "-d", "--name", "lives", "busybox", "sleep", "1000")
    client = box.popen("exec", "-i", "lives", "cat", stdin=-1)
    client.stdin.write(b"before\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"before\n"
    box.kill_daemon()
    client.stdin.write(b"after\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"after\n"
    client.stdin.close()
    assert client.wait(timeout=120) == 0
    client.stdout.close()
    client.stderr.close()
    box.start()
    assert box.state("lives") == "running"


def test_an_automatic_removal_is_made_up_for(box):
    files = box.files()
    box.ok("run", "-d", "--rm", "--name", "brief", "busybox", "sleep", "1")
    box.kill_daemon()
    wait_until(lambda: not box.pids("qemu"), what="the container's own end")
    box.start()
    wait_until(lambda: box.state("brief") == "absent", what="its removal")
    wait_until(lambda: box.files() == files, what="its disk's removal")


def test_the_projection_may_be_deleted(box):
    assert box("run", "--name", "kept", "busybox", "sh", "-c", "exit 5").rc == 5
    before = box.ok("inspect", "kept").out
    box.stop()
    for path in box.root.rglob("state.db*"):
        path.unlink()
    box.start()
    assert box.ok("inspect", "kept").out == before
