"""What goes wrong outside: commands that can't run, kernels that don't boot, disks that are full. One sentence each, and no trace."""
import os
import pathlib
import shutil
import struct
import subprocess

import pytest

from support import noise
from support.processes import wait_until
from support.transfers import digest_of


@pytest.fixture
def no_trace(box):
    """Containers and their files are afterwards what they were before."""
    containers, files = box.containers(), box.files()
    yield
    assert box.containers() == containers
    assert box.files() == files
    assert box.leftovers() == []


def test_a_command_that_does_not_exist(box, no_trace):
    box.refuses("run", "--rm", "busybox", "no-such-command", rc=127, saying="no-such-command")
    box.refuses("run", "--rm", "busybox", "/no/such/path", rc=127, saying="/no/such/path")


def test_a_command_that_may_not_be_executed(box, no_trace):
    box.refuses("run", "--rm", "busybox", "/etc/not-executable", rc=126, saying="/etc/not-executable")
    box.refuses("run", "--rm", "busybox", "/etc", rc=126, saying="/etc")


def test_a_failed_run_without_rm_leaves_no_container_either(box, no_trace):
    box.refuses("run", "--name", "failed", "busybox", "no-such-command", rc=127)
    box.refuses("run", "-d", "--name", "failed", "busybox", "no-such-command", rc=127)


def test_a_created_container_survives_its_failed_start(box, name):
    box.ok("create", "--name", name, "busybox", "no-such-command")
    box.refuses("start", "--attach", name, rc=127, saying="no-such-command")
    assert box.state(name) not in ("running", "absent")


def test_a_start_that_failed_is_over_when_it_is_told(box, name):
    box.ok("create", "--name", name, "busybox", "no-such-command")
    for _ in range(5):
        box.refuses("start", "-a", name, rc=127, saying="no-such-command")
    box.ok("delete", name)


def test_a_request_that_is_too_large(box, no_trace, tmp_path):
    file = tmp_path / "environment"
    file.write_text("".join(f"V{number}={'x' * 1000}\n" for number in range(1100)))
    box.refuses("create", "--env-file", file, "busybox", saying="larger than 1 MiB")


def elf(code):
    """A 64-bit kernel image with a PVH entry point and these instructions: valid to QEMU, and nothing more."""
    base, note_at, code_at = 0x100000, 0x200, 0x300
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", base + code_at)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + bytes(9), 2, 62, 1, base + code_at, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, base, base, 0x1000, 0x1000, 0x1000)
    notes = struct.pack("<IIQQQQQQ", 4, 4, note_at, base + note_at, base + note_at, len(note), len(note), 4)
    image = (header + load + notes).ljust(note_at, b"\0") + note
    return image.ljust(code_at, b"\0").__add__(code).ljust(0x1000, b"\0")


@pytest.fixture
def spinning_kernel(tmp_path):
    file = tmp_path / "spins"
    file.write_bytes(elf(b"\xeb\xfe"))
    return file


def test_a_guest_that_never_boots(fresh, spinning_kernel):
    box = fresh(environment={"BULKHEAD_BOOT_DEADLINE_MS": "3000"})
    files = box.files()
    box.refuses("run", "--rm", "--kernel", spinning_kernel, "busybox", "true", saying="boot|start|time")
    assert box.containers() == {} and box.files() == files
    wait_until(lambda: not box.pids("qemu"), what="the end of QEMU")


def interrupt_the_boot(box, tty):
    wait_until(lambda: box.pids("qemu"), what="the machine")
    tty.type("\x03")
    said, rc = tty.rest()
    assert rc == 130 and "Error: interrupted" in said, (rc, said)


def test_ctrl_c_while_it_boots_undoes_a_run(box, terminal, spinning_kernel, no_trace):
    interrupt_the_boot(box, terminal("run", "-it", "--kernel", spinning_kernel, "busybox", "sh"))
    wait_until(lambda: not box.pids("qemu"), what="the end of QEMU")


def test_ctrl_c_while_it_boots_keeps_what_was_created(box, terminal, spinning_kernel, name):
    box.ok("create", "-it", "--name", name, "--kernel", spinning_kernel, "busybox", "sh")
    interrupt_the_boot(box, terminal("start", "-ai", name))
    assert box.state(name) != "absent"
    box.ok("delete", "--force", name)
    wait_until(lambda: not box.pids("qemu"), what="the end of QEMU")


def test_a_kernel_that_is_none(box, no_trace, tmp_path):
    file = tmp_path / "vmlinux"
    file.write_bytes(b"no kernel at all\n" * 100)
    box.refuses("run", "--rm", "--kernel", file, "busybox", "true", saying="kernel|vmlinux")
    wait_until(lambda: len(box.pids("qemu")) == 0, what="the end of QEMU")


def test_a_kernel_that_is_missing(box, no_trace):
    box.refuses("run", "--rm", "--kernel", "/nowhere/vmlinux", "busybox", "true", saying="/nowhere/vmlinux")


@pytest.fixture
def small_disk():
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = pathlib.Path("/tmp/bh-small")
    place.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m,mode=700", "small", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)
    place.rmdir()


def test_a_full_disk(small_disk, fresh, busybox_tar):
    box = fresh(root=small_disk / "root", image=False)
    box.ok("image", "import", busybox_tar, "busybox:latest")
    files = box.files()
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(65536))
        except OSError:
            pass
    box.refuses("image", "import", busybox_tar, "second:1", saying="space|full")
    filler.unlink()
    assert box.files() == files
    assert [each.removeprefix("docker.io/library/") for each in box.images()] == ["busybox:latest"]
    assert box.ok("run", "--rm", "busybox", "echo", "works again").out == "works again\n"


def test_a_full_disk_in_the_middle_of_a_pull(small_disk, fresh, registry):
    """What came stays, as after every interruption, and the next pull goes on from there."""
    box = fresh(root=small_disk / "root", image=False)
    layer = noise.layer(24_000_000)
    registry.put(noise.image(layer), "app/large:1")
    reference = f"{registry.address}/app/large:1"
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    with open(filler, "wb") as out:
        os.posix_fallocate(out.fileno(), 0, free - 12_000_000)
    box.refuses("image", "pull", "-q", reference, saying="space|full")
    assert box.images() == [] and box.leftovers() == []
    filler.unlink()
    box.ok("image", "pull", "-q", reference)
    assert digest_of(box, reference) == registry.digest("app/large:1")


def test_a_full_disk_at_the_journal_itself(small_disk, fresh, busybox_tar):
    box = fresh(root=small_disk / "root")
    with open(small_disk / "filler", "wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            pass
    result = box("run", "--rm", "busybox", "true")
    assert result.rc != 0 and result.err.startswith("Error: "), result
    (small_disk / "filler").unlink()
    if not box.running():
        box.start()
    assert box.ok("run", "--rm", "busybox", "echo", "works again").out == "works again\n"
    assert box.containers() == {}


def test_a_root_that_may_not_be_written(fresh, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    place = tmp_path / "locked"
    place.mkdir(mode=0o500)
    box = fresh(root=place, start=False)
    box.refuses("system", "start", saying=str(place))


def test_a_root_that_is_a_file(fresh, tmp_path):
    place = tmp_path / "file"
    place.write_text("")
    box = fresh(root=place, start=False)
    box.refuses("system", "start", saying=str(place))
    place.unlink()
