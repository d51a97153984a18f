"""Machines that are parked before anybody wants them: a container that gets one can't tell, starts sooner, and nothing of them is left behind."""
import os
import signal
import time

import pytest

from support import net, processes
from support.processes import wait_until

pytestmark = pytest.mark.clones


@pytest.fixture(scope="module")
def box(box):
    box.ok("system", "property", "set", "template.parked", "1")
    box.ok("system", "template", "build")
    return box


def started(box, name):
    return [event["data"] for event in box.events(stream=f"container/{name}", type="container.start") if event["phase"] == "outcome"][-1]


def parked(box):
    return sum(one["parked"] for one in box.ok("system", "template", "list", "--format", "json").json)


def warm(box, count=1):
    """Until so many wait; what makes them wait is a start."""
    if parked(box) < count:
        box.ok("run", "--rm", "busybox", "true")
    wait_until(lambda: parked(box) == count, what=f"{count} parked machines")


def test_a_start_takes_the_machine_that_waits_and_another_one_comes(box, name):
    warm(box)
    assert box.ok("run", "--name", name, "busybox", "echo", "hello").line == "hello"
    told = started(box, name)
    assert told["parked"] is True and told["cloned"] is True and told["template"]
    wait_until(lambda: parked(box) == 1, what="another one")
    assert box.ok("start", "--attach", name).line == "hello"
    assert started(box, name)["parked"] is True
    assert box.ok("logs", name).lines == ["hello", "hello"]


def test_it_has_what_the_container_was_given(box, name):
    warm(box)
    box.ok("volume", "create", "--opt", "size=40m", name)
    try:
        box.ok("run", "-d", "--name", name, "-v", f"{name}:/volume", "--tmpfs", "/scratch:size=1m", "--memory", "300m", "--env", "A=b",
               "busybox", "sleep", "1000")
        assert started(box, name)["parked"] is True
        done = box.ok("exec", name, "sh", "-c", "hostname; cat /sys/class/net/eth0/address; ip -4 -o addr show eth0; df -k /volume | tail -1;"
                      " df -k /scratch | tail -1; ls /sys/block | grep -c vd; ls /sys/class/net | grep -c eth; echo $A; cat /sys/fs/cgroup/memory.max;"
                      " ip -6 addr show eth0 | grep -c 2001:db8; grep -c 192.0.2 /etc/resolv.conf /etc/hosts | tr '\\n' ' '")
        host, mac, shown, volume, scratch, disks, cards, value, memory, old, files = done.lines
        assert host == name and f"inet {net.address(box, name)}/" in shown and mac == net.address(box, name, key="macAddress")
        assert 30_000 < int(volume.split()[1]) < 41_000 and int(scratch.split()[1]) == 1024
        assert (disks, cards, value, int(memory)) == ("3", "1", "b", 300 << 20)
        assert old == "0" and files.split() == ["/etc/resolv.conf:0", "/etc/hosts:0"], "the rehearsal shows"
        box.ok("exec", name, "sh", "-c", "echo kept > /volume/file")
        box.ok("delete", "--force", name)
        assert box.ok("run", "--rm", "-v", f"{name}:/volume", "busybox", "cat", "/volume/file").line == "kept"
    finally:
        box("delete", "--force", name)
        box.ok("volume", "delete", name)


def test_it_reaches_and_is_reached(box, name):
    """Its cables were there before its network knew of it."""
    other = name + "-other"
    try:
        for container in (name, other):
            warm(box)
            box.ok("run", "-d", "--name", container, "busybox", "sh", "-c", "mkdir /www; hostname > /www/index.html; httpd -f -h /www")
            assert started(box, container)["parked"] is True
        wait_until(lambda: box("exec", name, "wget", "-qO-", f"http://{other}/").out == other + "\n", what="a page by name")
        assert box.ok("exec", other, "wget", "-qO-", f"http://{name}/").line == name
    finally:
        box("delete", "--force", other)


def test_what_a_parked_machine_has_not_is_cloned(box, name, tmp_path):
    warm(box)
    (tmp_path / "file").write_text("of the host\n")
    assert box.ok("run", "--name", name, "-v", f"{tmp_path}:/folder", "busybox", "cat", "/folder/file").line == "of the host"
    told = started(box, name)
    assert told["cloned"] is True and "parked" not in told
    assert parked(box) == 1, "it is there for the next one"


def test_a_machine_that_is_no_longer_wished_for_ends_at_once(box):
    warm(box)
    box.ok("system", "property", "set", "template.parked", "0")
    try:
        wait_until(lambda: not box.parked_hosts(), what="its end")
    finally:
        box.ok("system", "property", "set", "template.parked", "1")
    wait_until(lambda: parked(box) == 1, what="another one")


def test_a_cold_start_takes_none(box, name):
    warm(box)
    box.ok("run", "--cold", "--name", name, "busybox", "true")
    assert started(box, name)["cloned"] is False and parked(box) == 1


def test_a_parked_machine_that_was_killed_costs_a_clone(box, name):
    warm(box)
    [host] = box.parked_hosts()
    os.kill(host, signal.SIGKILL)
    wait_until(lambda: parked(box) == 0, what="its end")
    assert box.ok("run", "--name", name, "busybox", "echo", "hello").line == "hello"
    assert "parked" not in started(box, name)
    wait_until(lambda: parked(box) == 1, what="another one")


def test_a_parked_machine_that_stands_still_costs_a_clone(box, name):
    """Its QEMU is stopped where it stands when the container takes it, and killed a moment later."""
    warm(box)
    [host] = box.parked_hosts()
    [qemu] = [pid for pid in processes.of_root(box.root) if processes.parent(pid) == host]
    os.kill(qemu, signal.SIGSTOP)
    running = box.popen("run", "--name", name, "busybox", "echo", "hello")
    time.sleep(2)
    os.kill(qemu, signal.SIGKILL)
    out, err = running.communicate(timeout=120)
    assert (out, running.returncode) == (b"hello\n", 0), err
    assert "parked" not in started(box, name)


def test_as_many_as_are_wished_and_none(box, name):
    box.ok("system", "property", "set", "template.parked", "2")
    try:
        warm(box, 2)
        box.ok("system", "property", "set", "template.parked", "0")
        box.ok("run", "--name", name, "busybox", "true")
        wait_until(lambda: parked(box) == 0, what="the release of both")
        wait_until(lambda: not box.parked_hosts(), what="the end of both")
    finally:
        box.ok("system", "property", "set", "template.parked", "1")


def test_pruned_templates_leave_no_machines(box):
    warm(box)
    box.ok("system", "template", "prune")
    box.ok("run", "--rm", "busybox", "true")
    wait_until(lambda: not box.parked_hosts(), what="the end of the machine of a template that is gone")
    box.ok("system", "template", "build")


def test_a_killed_service_leaves_no_parked_machine(fresh):
    box = fresh()
    box.ok("system", "property", "set", "template.parked", "1")
    box.ok("system", "template", "build")
    warm(box)
    [host] = box.parked_hosts()
    box.kill_daemon()
    box.start()
    wait_until(lambda: processes.gone(host), what="the end of what nobody claims")
    warm(box)
    box.ok("system", "stop")
    wait_until(lambda: not processes.of_root(box.root), what="the end of everything")
    assert not [file for file in box.files() if "_parked-" in file]
