"""Host folders over both transports: the hard cases of a file system, and what one transport can't do, with the error it says so by."""
import os
import pathlib
import stat
import tempfile

import pytest

from support import processes
from support.virtiofsd import usable

# A few thousand small files take a minute on an emulated machine; under KVM this may be 100000.
MANY = int(os.environ.get("BULKHEAD_TEST_FILES", "2000"))


@pytest.fixture(scope="module", params=["9p", "virtiofs"])
def shared(request, box, peer):
    """A running container with a folder at /s, and at /r for reading, of the transport asked for."""
    if request.param == "virtiofs" and not usable():
        pytest.skip("no virtiofsd that this user can run")
    name = f"share-{request.param}"
    with tempfile.TemporaryDirectory(prefix="bh-share-", dir="/tmp") as folder:
        sealed = pathlib.Path(folder, "sealed")
        (pathlib.Path(folder) / "open").mkdir()
        sealed.mkdir()
        (sealed / "there").write_text("as it was")
        box.ok("system", "property", "set", "mounts.transport", request.param)
        box.ok("run", "-d", "--name", name, "--cap-add", "ALL", "-v", f"{folder}/open:/s", "-v", f"{sealed}:/r:ro", "-v", f"{sealed}/there:/one:ro",
               peer, "sleep", "100000")
        box.ok("system", "property", "clear", "mounts.transport")
        yield Shared(box, name, pathlib.Path(folder, "open"), sealed, request.param)
        box("delete", "--force", name)


class Shared:
    def __init__(self, box, name, folder, sealed, transport):
        self.box, self.name, self.folder, self.sealed, self.transport = box, name, folder, sealed, transport

    def __call__(self, script, **options):
        return self.box("exec", "-w", "/s", self.name, "sh", "-c", script, **options)

    def ok(self, script, **options):
        result = self(script, **options)
        assert result.rc == 0, result
        return result.out


def test_inspect_names_the_transport(shared):
    mounts = shared.box.inspect(shared.name)["status"]["mounts"]
    assert mounts == [{"destination": place, "transport": shared.transport} for place in ("/s", "/r", "/one")]
    assert shared.transport in shared.ok("mount | grep ' /s '")


def test_what_is_made_inside_belongs_to_the_caller(shared):
    shared.ok("echo inside > made; mkdir -m 750 dir; chmod 640 made")
    made = os.stat(shared.folder / "made")
    assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (os.geteuid(), 0o640)
    assert stat.S_IMODE(os.stat(shared.folder / "dir").st_mode) == 0o750
    assert (shared.folder / "made").read_text() == "inside\n"


def test_renames(shared):
    shared.ok("mkdir ra rb; echo one > ra/f; echo two > rb/f; mv ra/f rb/f; test ! -e ra/f; grep one rb/f; mv rb ra/moved; grep one ra/moved/f")
    assert (shared.folder / "ra/moved/f").read_text() == "one\n"
    # A file that is open stays what it was.
    assert shared.ok("echo old > open1; exec 3< open1; echo new > open2; mv open2 open1; cat <&3; cat open1") == "old\nnew\n"
    shared.ok("mkdir -p full/x empty")
    assert shared("busybox mv -T empty full 2>&1 || true; test -d full/x").rc == 0


def test_an_open_file_that_is_deleted_lives_on(shared):
    result = shared("echo kept > gone; exec 3<> gone; rm gone; cat <&3")
    assert (result.rc, result.out) == (0, "kept\n"), result


def test_links(shared):
    shared.ok("echo x > target; ln target hard; ln -s target soft; ln -s nowhere dangling; ln -s / outside")
    assert os.stat(shared.folder / "hard").st_ino == os.stat(shared.folder / "target").st_ino
    assert os.readlink(shared.folder / "soft") == "target" and os.readlink(shared.folder / "dangling") == "nowhere"
    # A link is followed where it is read: in the container.
    assert shared.ok("ls outside/bin/busybox") == "outside/bin/busybox\n"
    assert shared.ok("stat -c %h target hard") == "2\n2\n"


def test_names_that_are_not_utf8(shared):
    name = b"caf\xe9\xff \n"
    (pathlib.Path(os.fsdecode(bytes(shared.folder) + b"/" + name))).write_text("found")
    assert shared.ok("cat caf*") == "found"
    shared.ok(r"printf x > $(printf '\377\376')")
    assert b"\xff\xfe" in os.listdir(bytes(shared.folder))


def test_sparse_files(shared):
    shared.ok("dd if=/dev/zero of=sparse bs=1 count=1 seek=1073741823 2>/dev/null")
    made = os.stat(shared.folder / "sparse")
    assert made.st_size == 1 << 30 and made.st_blocks * 512 < 1 << 20
    shared.ok("truncate -s 5 sparse; rm sparse")


def test_read_only_stays_so(shared):
    for attempt in ("touch /r/new", "echo x > /r/there", "rm /r/there", "echo x > /one", "mount -o remount,rw /r && touch /r/new"):
        assert shared(attempt).rc != 0, attempt
    assert os.listdir(shared.sealed) == ["there"] and (shared.sealed / "there").read_text() == "as it was"


# What isn't "ok" is what the program sees, by either transport.
RARE_CALLS = {
    "flock": {},
    "fcntl": {},
    "tmpfile": {"9p": "O_TMPFILE: Operation not supported", "virtiofs": "O_TMPFILE: Operation not supported"},
    "mmap": {},
    "xattr": {},
}


@pytest.mark.parametrize("what", RARE_CALLS)
def test_rarer_calls(shared, what):
    assert shared(f"peer folder {what}").line == RARE_CALLS[what].get(shared.transport, "ok")
    if what == "mmap":
        assert (shared.folder / "mapped").read_bytes()[70000:70005] == b"again"
    if what == "xattr":
        assert os.getxattr(shared.folder / "attributed", "user.bulkhead") == b"value"


def test_the_hosts_edits_are_seen(shared):
    """At once by 9p; virtio-fs keeps what it knows of a file for a second."""
    file = shared.folder / "edited"
    file.write_text("first")
    assert shared.ok("cat edited") == "first"
    file.write_text("second, and longer")
    if shared.transport == "9p":
        assert shared.ok("cat edited") == "second, and longer"
    processes.wait_until(lambda: shared.ok("cat edited") == "second, and longer", seconds=30, what="the host's edit")
    replacement = shared.folder / "replacement"
    replacement.write_text("third")
    replacement.rename(file)
    processes.wait_until(lambda: shared.ok("cat edited") == "third", seconds=30, what="the host's replacement")
    file.unlink()
    processes.wait_until(lambda: shared("cat edited").rc == 1, seconds=30, what="the host's deletion")


def test_many_files(shared):
    shared.ok(f"mkdir many; i=0; while [ $i -lt {MANY} ]; do echo $i > many/$i; i=$((i+1)); done", timeout=900)
    assert sorted(map(int, os.listdir(shared.folder / "many"))) == list(range(MANY))
    assert shared.ok("ls many | wc -l", timeout=900).strip() == str(MANY)
    shared.ok("rm -r many", timeout=900)
    assert not (shared.folder / "many").exists()


# --- who serves them


def serving(folder):
    """The virtiofsd processes of a folder. What has ended has no command line any more."""
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and serves(pid, folder)]


def serves(pid, folder):
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
    return "virtiofsd" in command.split("\0")[0] and str(folder) in command


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(not usable(), reason="no virtiofsd that this user can run")
@pytest.mark.parametrize("end", ["stop", "host killed", "server killed"])
def test_no_server_outlives_its_machine(box, name, tmp_path, end):
    folder = tmp_path / "served"
    folder.mkdir()
    box.ok("run", "-d", "--cold", "--name", name, "-v", f"{folder}:/s", "busybox", "sleep", "100000")
    servers = serving(folder)
    assert servers
    if end == "stop":
        box.ok("stop", "-t", "0", name)
    elif end == "host killed":
        [host] = {parent(pid) for pid in servers} - set(servers)
        processes.kill(host)
    else:
        processes.kill(max(servers))
    processes.wait_until(lambda: not serving(folder), seconds=60, what="the end of the servers")
    box.wait_state(name, "stopped")
    assert not [path for path in box.paths() if path.name.startswith("virtiofsd-")]


# --- clones


@pytest.fixture(scope="module")
def template(box):
    return box.ok("system", "template", "build").line


def carried(box, name):
    """How the last start went, and what carries the one folder."""
    start = [event["data"] for event in box.events(stream=f"container/{name}", type="container.start") if event["phase"] == "outcome"][-1]
    [mount] = box.inspect(name)["status"]["mounts"]
    return start, mount


CLONES_HAVE_9P = {"transport": "9p", "reason": "machines are cloned, which starts them sooner"}


@pytest.mark.clones
def test_under_auto_folders_go_by_9p_while_machines_are_cloned(box, template, name, tmp_path):
    box.ok("run", "-d", "--name", name, "-v", f"{tmp_path}:/s", "busybox", "sleep", "100000")
    start, mount = carried(box, name)
    assert start["cloned"] is True and mount == {"destination": "/s", **CLONES_HAVE_9P}
    box.ok("stop", "-t", "0", name)
    box.ok("start", "--cold", name)
    start, mount = carried(box, name)
    assert start["cloned"] is False and mount["transport"] == ("virtiofs" if usable() else "9p")


@pytest.mark.clones
def test_under_auto_that_there_is_no_template_changes_nothing(box, template, name, tmp_path):
    places = [f"/s{number}" for number in range(5)]
    for place in places:
        (tmp_path / place[1:]).mkdir()
    box.ok("run", "-d", "--name", name, *(word for place in places for word in ("-v", f"{tmp_path}{place}:{place}")), "busybox", "sleep", "100000")
    start = [event["data"] for event in box.events(stream=f"container/{name}", type="container.start") if event["phase"] == "outcome"][-1]
    assert (start["cloned"], start["notCloned"]) == (False, "5 folders are more than a template's 4")
    assert box.inspect(name)["status"]["mounts"] == [{"destination": place, **CLONES_HAVE_9P} for place in places]


def test_under_auto_without_templates_folders_go_by_virtiofs(box, name, tmp_path):
    box.ok("system", "property", "set", "template.enabled", "false")
    try:
        box.ok("run", "-d", "--name", name, "-v", f"{tmp_path}:/s", "busybox", "sleep", "100000")
    finally:
        box.ok("system", "property", "clear", "template.enabled")
    _, mount = carried(box, name)
    assert mount["transport"] == ("virtiofs" if usable() else "9p")
    assert ("reason" in mount) != usable()


@pytest.mark.skipif(not usable(), reason="no virtiofsd that this user can run")
def test_virtiofs_that_was_ordered_means_a_boot(box, template, name, tmp_path):
    box.ok("system", "property", "set", "mounts.transport", "virtiofs")
    try:
        box.ok("run", "-d", "--name", name, "-v", f"{tmp_path}:/s", "busybox", "sleep", "100000")
    finally:
        box.ok("system", "property", "clear", "mounts.transport")
    start, mount = carried(box, name)
    assert (start["cloned"], start["notCloned"]) == (False, "its folders come by virtio-fs")
    assert mount == {"destination": "/s", "transport": "virtiofs"}
    assert box.ok("system", "template", "list", "--quiet").lines == [template], "it is no fault of the template"


def test_a_transport_that_does_not_exist_is_refused(box):
    box.refuses("system", "property", "set", "mounts.transport", "nfs", saying="auto, 9p or virtiofs")
