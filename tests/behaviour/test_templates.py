"""Containers whose machine is a clone of a saved one: that they are, that nobody can tell, and that no template is ever a reason to fail."""
import concurrent.futures
import pathlib

import pytest

from support import net, processes

CLONES = 200

pytestmark = pytest.mark.clones


@pytest.fixture(scope="module")
def template(box):
    return box.ok("system", "template", "build").line


def started(box, name):
    """What the journal says of the container's last start."""
    return [event["data"] for event in box.events(stream=f"container/{name}", type="container.start") if event["phase"] == "outcome"][-1]


def run(box, name, *command, options=()):
    return box.ok("run", "--name", name, *options, "busybox", *command)


def ids(box):
    return box.ok("system", "template", "list", "--quiet").lines


# --- what a clone is


def test_a_template_is_listed(box, template):
    shown, = box.ok("system", "template", "list", "--format", "json").json
    assert (shown["id"], shown["cpus"], shown["memoryInBytes"]) == (template, 4, 1 << 30)
    assert 0 < shown["sizeInBytes"] < 200 << 20
    assert template in box.ok("system", "template", "ls").out
    assert box.ok("system", "df", "--format", "json").json["templates"]["sizeInBytes"] == shown["sizeInBytes"]


def test_a_second_build_finds_the_first(box, template):
    assert box.ok("system", "template", "build").line == template
    assert box.ok("system", "template", "build", "--memory", "300m").line == template


def test_a_start_is_a_clone_of_it(box, template, name):
    assert run(box, name, "echo", "hello").line == "hello"
    told = started(box, name)
    assert told["cloned"] is True and told["template"] == template and "notCloned" not in told


def test_a_cold_start_boots(box, template, name):
    assert run(box, name, "echo", "hello", options=["--cold"]).line == "hello"
    told = started(box, name)
    assert told["cloned"] is False and "template" not in told and "notCloned" not in told
    assert box.ok("start", "--attach", name).line == "hello" and started(box, name)["cloned"] is True
    assert box.ok("start", "--attach", "--cold", name).line == "hello" and started(box, name)["cloned"] is False


def test_a_clone_has_what_it_was_given(box, template, name, tmp_path):
    (tmp_path / "file").write_text("of the host\n")
    box.ok("volume", "create", "--opt", "size=40m", name)
    try:
        box.ok("run", "-d", "--name", name, "-v", f"{tmp_path}:/folder", "-v", f"{name}:/volume", "--tmpfs", "/scratch:size=1m", "--memory", "300m",
               "busybox", "sleep", "1000")
        done = box.ok("exec", name, "sh", "-c", "hostname; cat /sys/class/net/eth0/address; ip -4 -o addr show eth0; cat /folder/file; df -k /volume | tail -1;"
                      " df -k /scratch | tail -1; ls /sys/block | grep -c vd; ls /sys/class/net | grep -c eth; nproc; cat /proc/mounts | grep -c 9p")
        host, mac, shown, content, volume, scratch, disks, cards, cpus, folders = done.lines
        assert host == name and content == "of the host" and f"inet {net.address(box, name)}/" in shown and mac == net.address(box, name, key="macAddress")
        assert 30_000 < int(volume.split()[1]) < 41_000 and int(scratch.split()[1]) == 1024
        assert (disks, cards, cpus, folders) == ("3", "1", "1", "1")  # image, writable and volume; the placeholders stay without driver
        assert started(box, name)["cloned"] is True
    finally:
        box("delete", "--force", name)
        box.ok("volume", "delete", name)


def test_a_clones_memory_is_its_own_limit(box, template, name):
    box.ok("run", "-d", "--name", name, "--memory", "300m", "busybox", "sleep", "1000")
    assert started(box, name)["cloned"] is True
    assert box.ok("stats", "--no-stream", "--format", "json", name).json[0]["memoryLimitBytes"] == 300 << 20


def test_more_networks_than_a_template_has_boot(box, template, name, cluster):
    networks = [cluster.network() for _ in range(3)]
    options = [word for network in networks for word in ("--network", network)]
    assert run(box, name, "sh", "-c", "ls /sys/class/net | grep -c eth", options=options).line == "3"
    assert "more than a template's 2" in started(box, name)["notCloned"] and template in ids(box)


# --- that nobody can tell


@pytest.mark.release_only
def test_no_two_clones_draw_the_same_numbers(box, template):
    """The first bytes of getrandom, the boot's id, a uuid and the places of stack and heap: of nearly 200 machines no two have one in common."""
    script = "head -c 16 /dev/urandom | md5sum; cat /proc/sys/kernel/random/boot_id /proc/sys/kernel/random/uuid; grep -E 'stack|heap' /proc/self/maps | cut -d- -f1"

    def one(_):
        done = box.ok("run", "--rm", "--network", "none", "busybox", "sh", "-c", script)
        return done.lines

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(one, range(CLONES)))
    for what in zip(*seen, strict=True):
        assert len(set(what)) == CLONES, sorted(what)
    events = [event["data"] for event in box.events(type="container.start") if event["phase"] == "outcome"]
    assert sum(told.get("cloned", False) for told in events) >= CLONES


def test_a_clones_clock_is_the_hosts(box, template, name):
    import time
    before = int(time.time())
    shown = int(run(box, name, "date", "+%s").line)
    assert before <= shown <= int(time.time())


# --- that a template is no reason to fail


def test_a_clone_outlives_the_service_and_its_template(fresh):
    box = fresh()
    box.ok("system", "template", "build")
    box.ok("run", "-d", "--name", "one", "busybox", "sleep", "1000")
    box.kill_daemon()
    box.start()
    box.ok("system", "template", "prune")
    assert ids(box) == [] and box.ok("exec", "one", "echo", "still here").line == "still here"


def files(box):
    return pathlib.Path(box.status().json["appRoot"]) / "templates"


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_a_damaged_template_costs_a_boot(fresh, harm):
    box = fresh()
    template = box.ok("system", "template", "build").line
    box.stop()
    ram = next(path for path in box.paths() if path.name == "ram")
    if harm == "changed":
        with open(ram, "r+b") as file:
            file.seek(0x1000000)  # the kernel begins there: not a hole
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 1]))
    elif harm == "cut":
        with open(ram, "r+b") as file:
            file.truncate(ram.stat().st_size // 2)
    else:
        ram.unlink()
    box.start()
    assert run(box, "one", "echo", "hello").line == "hello"
    assert started(box, "one")["cloned"] is False
    dropped = box.events(type="template.dropped")
    assert [event["stream"] for event in dropped] == [f"template/{template}"] and dropped[0]["data"]["reason"]
    processes.wait_until(lambda: ids(box) == [template], what="another template")
    assert run(box, "two", "echo", "hello").line == "hello" and started(box, "two")["cloned"] is True


def test_the_first_start_makes_the_template(fresh):
    box = fresh()
    run(box, "one", "true")
    assert started(box, "one")["cloned"] is False
    processes.wait_until(lambda: ids(box), what="a template")
    run(box, "two", "true")
    assert started(box, "two")["template"] == ids(box)[0]
    assert len(box.events(type="template.built")) == 1


def test_without_templates(fresh):
    box = fresh()
    box.ok("system", "property", "set", "template.enabled", "false")
    run(box, "one", "true")
    run(box, "two", "true")
    assert started(box, "two")["cloned"] is False and ids(box) == []


def test_only_so_many_are_kept(fresh):
    box = fresh()
    box.ok("system", "property", "set", "template.maximum", "1")
    first = box.ok("system", "template", "build").line
    second = box.ok("system", "template", "build", "--cpus", "5").line
    assert first != second
    processes.wait_until(lambda: ids(box) == [second], what="the end of the first one")
    assert [path.name for path in files(box).iterdir()] == [second] or processes.wait_until(
        lambda: [path.name for path in files(box).iterdir()] == [second], what="the end of the first one's files")
    assert run(box, "one", "nproc", options=["--cpus", "6"]).line == "6" and started(box, "one")["cloned"] is True


@pytest.mark.release_only
def test_fifty_at_once_leave_nothing(box, template):
    def one(_):
        return box.ok("run", "--rm", "busybox", "echo", "here").line

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert list(pool.map(one, range(50))) == ["here"] * 50
    processes.wait_until(lambda: not box.pids("qemu-system"), what="the end of their machines")
    sockets = {path.stem for path in box.paths() if path.parent.name == "hosts" and path.suffix == ".sock"}
    assert all(name.startswith("_parked-") for name in sockets) and "container" not in box.ok("list", "--quiet").out
