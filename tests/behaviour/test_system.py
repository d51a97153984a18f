"""The service: its start, its end, its version, its disk, its log, its settings."""
import hashlib
import os
import pathlib
import stat
import tarfile
import tomllib

import pytest

from support import archives, processes
from support.box import GUARD


def test_status_says_where_everything_is(bare):
    shown = bare.ok("system", "status", "--format", "json").json
    assert shown["status"] == "running"
    assert shown["appRoot"].startswith(str(bare.root))
    assert shown["apiServerAppName"] == "container-apiserver" and shown["apiServerVersion"] and shown["apiServerCommit"]


def test_status_as_a_table_agrees(bare):
    shown = bare.ok("system", "status", "--format", "json").json
    table = bare.ok("system", "status").out
    assert "FIELD" in table and "VALUE" in table
    for key in ("status", "appRoot", "apiServerVersion"):
        assert shown[key] in table, key


def test_version_names_both_programs(bare):
    shown = {each["appName"]: each for each in bare.ok("system", "version", "--format", "json").json}
    assert {"container", "container-apiserver"} <= set(shown)
    assert shown["container"]["version"] == shown["container-apiserver"]["version"]
    assert bare.ok("system", "version").lines[0].split() == ["COMPONENT", "VERSION", "BUILD", "COMMIT"]
    assert bare.ok("--version").line.startswith("container CLI version " + shown["container"]["version"])


@pytest.mark.parametrize("command, keys", [(("status",), ("status", "appRoot", "pid")), (("version",), ("appName", "version", "commit")),
                                           (("df",), ("images", "sizeInBytes", "reclaimable")),
                                           (("property", "list"), ("container.cpus", "description", "type"))],
                         ids=lambda value: value[0])
def test_yaml(bare, command, keys):
    shown = bare.ok("system", *command, "--format", "yaml").out
    for key in keys:
        assert f"{key}:" in shown, shown
    assert "{" not in shown.replace("{}", ""), shown


def test_a_second_start_is_no_error_and_the_same_service(bare):
    pid = bare.daemon_pid()
    bare.ok("system", "start")
    assert bare.daemon_pid() == pid


def test_stop_stops_containers_and_the_service(fresh):
    box = fresh()
    box.ok("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
    box.ok("system", "stop")
    processes.wait_until(lambda: not processes.of_root(box.root), what="the end of all its processes")
    box.ok("system", "start")
    assert box.containers() == {"runs": "stopped"}
    assert [each.removeprefix("docker.io/library/") for each in box.images()] == ["busybox:latest"]


def test_without_the_service_commands_say_how_to_start_it(fresh):
    box = fresh(start=False)
    assert box("system", "status").rc == 1
    assert box("system", "status", "--format", "json").json["status"] != "running"
    for command in (("list",), ("image", "list"), ("run", "busybox", "true"), ("events",)):
        box.refuses(*command, saying="container system start")
    assert box("system", "stop").rc in (0, 1)
    assert box.ok("--help").out


def test_a_command_starts_the_service_if_need_be(fresh):
    box = fresh(start=False)
    assert box.ok("list", environment={"CONTAINER_AUTOSTART": "1"}).rc == 0
    assert box.status().json["status"] == "running"


def test_a_relative_root_is_meant_from_where_the_user_is(fresh):
    box = fresh(start=False)
    box.ok("system", "start", environment={"CONTAINER_ROOT": box.root.name}, cwd=box.root.parent)
    assert box.status().json["appRoot"].startswith(str(box.root)), "the same service, asked with the absolute path"


def test_a_large_log_of_the_service_makes_room(fresh):
    box = fresh(start=False)
    log = box.root / "logs" / "apiserver.log"
    log.parent.mkdir(parents=True, mode=0o700)
    log.write_bytes(b"2020-01-01T00:00:00.000000Z info long ago\n" * 250_000)
    log.parent.chmod(0o700)
    box.start()
    assert log.stat().st_size < 1_000_000
    assert (log.parent / "apiserver.log.1").stat().st_size > 8_000_000
    assert "serving" in box.ok("system", "logs", "--last", "1d").out


def test_the_root_and_socket_are_its_owners_only(bare):
    mode = os.stat(bare.socket()).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(os.stat(bare.root).st_mode) & 0o077 == 0


def test_df_counts_each_image_once(box, name):
    def used():
        return box.ok("system", "df", "--format", "json").json
    before = used()
    assert before["images"]["total"] == 1 and before["images"]["sizeInBytes"] > 1_000_000
    box.ok("image", "tag", "busybox", "alias:1")
    tagged = used()
    assert tagged["images"]["sizeInBytes"] == before["images"]["sizeInBytes"]
    box.ok("image", "delete", "alias:1")
    assert used()["images"]["sizeInBytes"] == before["images"]["sizeInBytes"]
    box.ok("create", "--name", name, "busybox")
    shown = used()
    assert shown["containers"]["total"] == before["containers"]["total"] + 1
    assert shown["images"]["active"] == 1
    assert box.ok("system", "df").lines[0].split() == ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]


def test_logs_of_the_service(bare):
    assert bare.ok("system", "logs", "--last", "1d").out
    for bad in ("1x", "abc", "0m"):
        result = bare("system", "logs", "--last", bad)
        assert result.rc in (1, 64) and "--last" in result.err, result


def test_logs_are_followed_until_the_service_ends(fresh):
    box = fresh(image=False)
    client = box.popen("system", "logs", "--follow", "--last", "1h")
    while b"serving" not in client.stdout.readline():
        pass
    [storage] = [pid for pid, command in processes.of_root(box.root).items() if "storage" in command and "plugin-host" in command]
    processes.kill(storage)
    while b" warning storage-local" not in (line := client.stdout.readline()):
        assert line, "the log ended without a word about it"
    processes.wait_until(lambda: box("image", "list").rc == 0, what="storage being back")
    box.stop()
    client.communicate(timeout=GUARD)


def test_properties_are_set_shown_and_cleared(bare):
    before = bare.ok("system", "property", "list").out
    assert "container.cpus" in before or "cpus" in before
    bare.ok("system", "property", "set", "dns.domain", "test")
    assert bare.ok("system", "property", "get", "dns.domain").line == "test"
    assert "test" in bare.ok("system", "property", "list", "--format", "json").out
    bare.ok("system", "property", "clear", "dns.domain")
    assert bare("system", "property", "get", "dns.domain").out.strip() == ""
    assert bare.ok("system", "property", "list").out == before


def test_a_property_outlives_the_service(fresh):
    box = fresh()
    box.ok("system", "property", "set", "container.cpus", "2")
    box.ok("system", "stop")
    box.ok("system", "start")
    assert box.ok("system", "property", "get", "container.cpus").line == "2"
    box.ok("create", "--name", "two", "busybox")
    assert box.inspect("two")["configuration"]["resources"]["cpus"] == 2


def test_the_list_of_properties_as_toml_and_as_names(bare):
    shown = bare.ok("system", "property", "list", "--format", "json").json
    assert bare.ok("system", "property", "list", "--quiet").lines == sorted(shown) == bare.ok("system", "property", "ls", "-q").lines
    bare.ok("system", "property", "set", "dns.domain", "test")
    settings = tomllib.loads(bare.ok("system", "property", "list", "--format", "toml").out)
    bare.ok("system", "property", "clear", "dns.domain")
    assert settings["dns"]["domain"] == "test" and settings["container"]["cpus"] == 1, settings
    assert "subnet" not in settings.get("network", {}), "what is unset isn't there"


def test_the_registrys_domain_completes_names(bare):
    data = archives.tar([archives.entry("f", "x")])
    bare.ok("system", "property", "set", "registry.domain", "registry.example.test")
    try:
        bare.ok("image", "import", "-", "short:1", stdin=data)
        assert "registry.example.test/short:1" in bare.images()
        assert bare.ok("image", "inspect", "short:1").json[0]["configuration"]["name"] == "registry.example.test/short:1"
    finally:
        bare.ok("system", "property", "clear", "registry.domain")
    bare.refuses("image", "inspect", "short:1", saying="not found")
    bare.ok("image", "delete", "registry.example.test/short:1")


def test_the_domain_of_dns_is_every_containers_unless_it_has_its_own(box, name):
    box.ok("system", "property", "set", "dns.domain", "property.test")
    try:
        for options, domain in (((), "property.test"), (("--dns-domain", "own.test"), "own.test")):
            box.ok("create", "--name", name, *options, "busybox")
            assert box.inspect(name)["configuration"]["dns"]["domain"] == domain
            box.ok("delete", name)
    finally:
        box.ok("system", "property", "clear", "dns.domain")


def test_properties_that_are_none(bare):
    bare.refuses("system", "property", "set", "no.such.key", "1", saying="no.such.key")
    bare.refuses("system", "property", "set", "container.cpus", "many", saying="container.cpus|many")
    bare.refuses("system", "property", "get", "no.such.key", saying="no.such.key")


@pytest.mark.parametrize("how", ["binary", "tar"])
def test_the_kernel_may_be_set_from_a_file(fresh, how, tmp_path):
    box = fresh()
    kernel = box.curl("GET", "/v1/system")[1]["kernel"]
    if how == "binary":
        box.ok("system", "kernel", "set", "--binary", kernel)
    else:
        with tarfile.open(tmp_path / "kernel.tar.xz", "w:xz") as archive:
            archive.add(os.path.realpath(kernel), "boot/vmlinux-test")
            link = tarfile.TarInfo("boot/vmlinux")
            link.type, link.linkname = tarfile.SYMTYPE, "vmlinux-test"
            archive.addfile(link)
        box.ok("system", "kernel", "set", "--tar", tmp_path / "kernel.tar.xz", "--binary", "boot/vmlinux")
    assert box.curl("GET", "/v1/system")[1]["kernel"] != kernel
    assert box.ok("run", "--rm", "busybox", "echo", "booted").out == "booted\n"
    box.ok("system", "kernel", "set", "--recommended", "--force")
    assert box.ok("run", "--rm", "busybox", "echo", "booted").out == "booted\n"


def test_the_kernels_digest_is_checked(fresh):
    box = fresh(image=False)
    kernel = box.curl("GET", "/v1/system")[1]["kernel"]
    digest = "sha256:" + hashlib.sha256(pathlib.Path(kernel).read_bytes()).hexdigest()
    box.refuses("system", "kernel", "set", "--binary", kernel, "--digest", "sha256:" + "0" * 64, saying="digest")
    assert box.curl("GET", "/v1/system")[1]["kernel"] == kernel
    box.ok("system", "kernel", "set", "--binary", kernel, "--digest", digest)
    assert box.curl("GET", "/v1/system")[1]["kernel"] != kernel


def test_a_kernel_that_would_have_to_be_fetched_is_refused(bare):
    bare.refuses("system", "kernel", "set", "--tar", "https://example.test/kernel.tar", "--binary", "vmlinux", saying="fetch")
    bare.refuses("system", "kernel", "set", "--tar", "kernel.tar", rc=64, saying="--binary")


def test_what_is_no_kernel_is_not_set(bare, tmp_path):
    file = tmp_path / "vmlinux"
    file.write_bytes(b"not a kernel" * 1000)
    before = bare.curl("GET", "/v1/system")[1]["kernel"]
    bare.refuses("system", "kernel", "set", "--binary", file, saying="kernel")
    bare.refuses("system", "kernel", "set", "--binary", "/nowhere/vmlinux", saying="/nowhere/vmlinux")
    assert bare.curl("GET", "/v1/system")[1]["kernel"] == before
