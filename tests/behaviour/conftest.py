"""Black-box tests: the real binaries of one build tree, each test module with a service and a root of its own.

    BULKHEAD_BUILD=build/release pytest tests/behaviour

At the end of a module its service is stopped, and then nothing of it may be left: no process of its root, no temporary file.

BULKHEAD_STARTS says how containers start: "cloned" (the default: from templates, as soon as there is one), "cold" (all are booted) or
"parked" (from machines that were resumed ahead, where one is there).
"""
import itertools
import os
import pathlib
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from support import images, processes  # noqa: E402
from support.box import Box  # noqa: E402
from support.fault_proxy import FaultProxy  # noqa: E402
from support.net import Cluster  # noqa: E402
from support.registry import Registry  # noqa: E402
from support.terminal import Terminal  # noqa: E402

STARTS = os.environ.get("BULKHEAD_STARTS", "cloned")
HOW = {"cloned": {"template.parked": "0"}, "cold": {"template.enabled": "false"}, "parked": {"template.parked": "1"}}[STARTS]
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def pytest_configure(config):
    config.addinivalue_line("markers", "release_only: not run again on sanitized builds (long, and about other people's programs)")
    config.addinivalue_line("markers", "clones: needs containers that are cloned, so it isn't run where all are booted (BULKHEAD_STARTS=cold)")


def pytest_collection_modifyitems(items):
    if STARTS == "cold":
        for item in items:
            if item.get_closest_marker("clones"):
                item.add_marker(pytest.mark.skip(reason="every container is booted"))


@pytest.fixture(scope="session")
def build():
    path = pathlib.Path(os.environ.get("BULKHEAD_BUILD", SOURCE / "build" / "release")).resolve()
    if not (path / "bin" / "container").exists():
        pytest.exit(f"{path}/bin/container is missing: run scripts/test.sh build, or set BULKHEAD_BUILD", returncode=1)
    return path


def finish(box, stop=True):
    """The end of every service in these tests."""
    if stop and box.running():
        box.stop()
    try:
        processes.wait_until(lambda: not processes.of_root(box.root), seconds=30, what="the end of all its processes")
    except AssertionError:
        left = processes.of_root(box.root)
        for pid in left:
            processes.kill(pid)
        box.remove()
        pytest.fail(f"still there after `container system stop`: {left}", pytrace=False)
    left = box.leftovers()
    box.remove()
    assert not left, f"temporary files were left: {left}"


@pytest.fixture(scope="session")
def busybox_tar(tmp_path_factory):
    path = tmp_path_factory.mktemp("busybox") / "busybox.tar"
    path.write_bytes(images.busybox_tar())
    return path


@pytest.fixture(scope="session")
def peer_tar(tmp_path_factory):
    """busybox, and support/peer.c beside it."""
    directory = tmp_path_factory.mktemp("peer")
    path = directory / "peer.tar"
    path.write_bytes(images.busybox_tar([images.peer(directory)]))
    return path


@pytest.fixture(scope="session")
def debian_archives():
    return images.debian()


@pytest.fixture(scope="module")
def bare(build):
    """A running service without any image."""
    box = Box(build)
    box.start()
    economise(box)
    yield box
    finish(box)


def economise(box):
    """A machine with one CPU boots faster than one with four where both are emulated on two, and what is done ahead takes its time from other
    tests; the defaults have tests of their own."""
    box.ok("system", "property", "set", "container.cpus", "1")
    for key, value in HOW.items():
        box.ok("system", "property", "set", key, value)


@pytest.fixture(scope="module")
def box(bare, busybox_tar):
    """A running service with the image busybox:latest."""
    import_busybox(bare, busybox_tar)
    return bare


def import_busybox(box, tar, reference="busybox:latest"):
    return box.ok("image", "import", "--config", '{"Cmd": ["sh"]}', tar, reference)


@pytest.fixture
def fresh(build, busybox_tar):
    """Makes services for one test alone: fresh(environment) is running and has busybox."""
    made = []

    def make(environment=None, image=True, root=None, start=True, economical=True):
        box = Box(build, root=root, environment=environment)
        made.append(box)
        if start:
            box.start()
            if economical:
                economise(box)
            if image:
                import_busybox(box, busybox_tar)
        return box

    yield make
    for box in made:
        finish(box)


_numbers = itertools.count(1)


@pytest.fixture
def name(box):
    """A name for one container, found in no digest; whatever carries it in the end is deleted."""
    chosen = f"n{next(_numbers)}"
    yield chosen
    box("delete", "--force", chosen)


@pytest.fixture(scope="module")
def shell(box):
    """A container that runs as long as the module, to exec in: a start costs a second under emulation, an exec much less."""
    box.ok("run", "-d", "--name", "shell", "busybox", "sleep", "100000")
    yield "shell"
    box("delete", "--force", "shell")


@pytest.fixture(scope="module")
def peer(box, peer_tar):
    """The image of busybox that has the program peer."""
    import_busybox(box, peer_tar, "peer:latest")
    return "peer:latest"


@pytest.fixture
def cluster(box):
    """Networks and containers for one test; they go with it."""
    made = Cluster(box)
    yield made
    made.close()


@pytest.fixture
def terminal(box):
    """Opens terminals: terminal("run", "-it", ...)."""
    opened = []

    def open_terminal(*arguments, rows=24, columns=80, of=box):
        one = Terminal([of.program, *map(str, arguments)], of.environment, rows, columns)
        opened.append(one)
        return one

    yield open_terminal
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """An honest registry over plain HTTP."""
    with Registry(tmp_path_factory.mktemp("registry")) as one:
        yield one


@pytest.fixture
def proxy(registry):
    """The same registry at another address, where requests are counted and faults may happen."""
    with FaultProxy(registry) as one:
        yield one
