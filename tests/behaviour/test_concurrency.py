"""Two clients at once, and twenty containers at once."""
import concurrent.futures
import os

import pytest

from support import processes
from support.box import GUARD


def test_two_clients_ask_for_one_name_and_one_gets_it(box):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: box("create", "--name", "contested", "busybox"), range(2)))
    assert sorted(result.rc for result in results) == [0, 1], results
    box.ok("delete", "contested")


def test_start_stop_and_delete_at_once_end_in_one_truth(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda command: box(*command, name), [("stop", "-t", "0"), ("start",), ("kill",), ("delete", "--force")]))
    state = box.state(name)
    assert state in ("absent", "stopped", "running")
    assert (state == "running") == bool(box.pids("qemu"))


@pytest.mark.release_only
def test_twenty_containers_at_once(box):
    names = [f"many{number}" for number in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda each: box("run", "-d", "--name", each, "-m", "200m", "--cpus", "1", "busybox", "sh", "-c",
                                                 f"echo from {each}; sleep 100000", timeout=600), names))
        assert [result.rc for result in results] == [0] * 20, [result for result in results if result.rc][:2]
        assert set(names) <= set(box.ok("list", "--quiet").lines)
        answers = list(pool.map(lambda each: box("exec", each, "hostname", timeout=600).line, names))
        assert answers == names
    for each in names:
        assert box.ok("logs", each).line == f"from {each}"
    box.ok("delete", "--force", *names, timeout=600)
    assert not processes.named(box.root, "qemu")


def test_many_readers_of_one_list(box, shell):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda _: box("list", "--format", "json"), range(64)))
    assert all(result.rc == 0 and shell in {each["id"] for each in result.json} for result in results)


@pytest.mark.parametrize("way", ["load", "save"])
def test_an_archive_that_stands_still_is_given_up_with_its_client(box, busybox_tar, way):
    """Its pipe stays open: somebody else holds the other end."""
    reader, writer = os.pipe()
    if way == "load":
        client = box.popen("image", "load", stdin=reader)
    else:
        client = box.popen("image", "save", "busybox", stdout=writer)
    processes.wait_until(lambda: f"image.{way}" in box.ok("events", "--type", f"image.{way}").out, what="its beginning")
    other = box.popen("image", "import", busybox_tar, "behind:1")
    client.kill()
    client.communicate()
    out, err = other.communicate(timeout=GUARD)
    assert other.returncode == 0, (out, err)
    os.close(reader), os.close(writer)
    assert "cancelled" in box.ok("events", "--type", f"image.{way}", "--format", "json").out
    box.ok("image", "delete", "behind:1")
