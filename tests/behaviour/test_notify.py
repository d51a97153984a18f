"""Changes in a folder of this host, told to who watches it in a container."""
import os
import pathlib

import pytest

from support import processes
from support.virtiofsd import usable


@pytest.fixture(params=["9p", "virtiofs"])
def transport(request, box):
    if request.param == "virtiofs" and not usable():
        pytest.skip("no virtiofsd that this user can run")
    box.ok("system", "property", "set", "mounts.transport", request.param)
    yield request.param
    box.ok("system", "property", "clear", "mounts.transport")


@pytest.fixture
def watching(box, peer, name, tmp_path, transport):
    """Starts a container that watches; gives a function with the lines it has heard."""
    def start(*paths, mode="watch", options="notify", before=""):
        box.ok("run", "-d", "--name", name, "-v", f"{tmp_path}:/src:{options}", peer, "sh", "-c", f"{before} exec peer {mode} {' '.join(paths)}")
        processes.wait_until(lambda: "ready" in heard(), what="the watch")
        return heard

    def heard():
        return box.ok("logs", name).lines
    yield start
    box("delete", "--force", name)


def modified(lines, path):
    return lines.count(f"modify {path}")


def write(path, text="changed\n"):
    pathlib.Path(path).write_text(text)


def wait_for(heard, path):
    processes.wait_until(lambda: modified(heard(), path), what=f"a notice of {path}")


def settle(heard, folder):
    """Whatever was on its way when a file appears is there three files later: they are told one after the other."""
    for _ in range(3):
        fence = folder / f"fence{len(list(folder.iterdir()))}"
        write(fence)
        wait_for(heard, f"/src/{fence.name}")


def test_what_the_host_writes_is_told(box, name, watching, tmp_path):
    write(tmp_path / "old", "old\n")
    heard = watching("/src", "/src/old")
    assert "notify" in box.inspect(name)["configuration"]["mounts"][0]["options"]
    write(tmp_path / "old")
    write(tmp_path / "new")
    write(tmp_path / "elsewhere~")
    os.rename(tmp_path / "elsewhere~", tmp_path / "moved")
    for path in ("old", "new", "moved"):
        wait_for(heard, f"/src/{path}")
    assert modified(heard(), "/src/elsewhere~") == 0
    assert box.ok("exec", name, "cat", "/src/old").line == "changed"


def test_a_notice_is_no_reason_for_another(watching, tmp_path):
    heard = watching("/src")
    write(tmp_path / "file")
    wait_for(heard, "/src/file")
    settle(heard, tmp_path)
    # New and closed can be two changes; a loop would bring one after the other.
    assert modified(heard(), "/src/file") <= 2


def test_a_program_that_opens_what_it_hears_of_ends_up_in_silence(watching, tmp_path):
    heard = watching("/src", mode="watch-open")
    write(tmp_path / "file")
    wait_for(heard, "/src/file")
    settle(heard, tmp_path)
    before = modified(heard(), "/src/file")
    settle(heard, tmp_path)
    assert modified(heard(), "/src/file") == before <= 4
    write(tmp_path / "file", "another\n")
    processes.wait_until(lambda: modified(heard(), "/src/file") > before, what="a real change")


def test_below_the_root_a_folder_must_be_held_open_by_9p(watching, transport, tmp_path):
    """9p makes a new inode at each look-up, virtio-fs finds the one that is watched. What changes here is what docs/how-to/use-volumes.md says."""
    for each in ("watched", "held"):
        (tmp_path / each).mkdir()
        write(tmp_path / each / "file")
    heard = watching("/src", "/src/watched", "/src/held", before="exec 9</src/held;")
    write(tmp_path / "watched" / "file")
    write(tmp_path / "held" / "file")
    settle(heard, tmp_path)
    assert modified(heard(), "/src/held/file") > 0
    assert (modified(heard(), "/src/watched/file") > 0) == (transport == "virtiofs")


def test_without_the_option_nothing_is_told(watching, tmp_path):
    heard = watching("/src", options="rw", before="(until [ -e /src/new ]; do :; done; echo there) &")
    write(tmp_path / "new")
    processes.wait_until(lambda: "there" in heard(), what="the file")
    assert modified(heard(), "/src/new") == 0


@pytest.mark.parametrize("options, saying", [
    (("-v", "data:/x:notify"), "notify"), (("--mount", "type=tmpfs,dst=/x,notify"), "notify"), (("-v", "/tmp:/x:ro,notify"), "read-only")])
def test_notices_that_cant_be_are_refused(box, options, saying):
    assert saying in box.refuses("create", *options, "busybox", rc=64, saying=saying).err


def test_a_single_file_has_no_notices(box, tmp_path):
    write(tmp_path / "file")
    box.refuses("create", "-v", f"{tmp_path}/file:/x:notify", "busybox", saying="notify is for folders")
