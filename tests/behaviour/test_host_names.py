"""Containers' names for the host's own programs: what dig is told, who else is told so, and what a kill -9 leaves of it."""
import os
import pathlib
import re
import socket
import stat
import subprocess

import pytest

from support import processes
from support.net import address, attachments, network_hosts
from support.processes import wait_until
from support.terminal import Terminal

DOMAIN = "hosts.test"


def free_port():
    """One that is free for both kinds on 127.0.0.1, now."""
    for _ in range(200):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            stream.bind(("127.0.0.1", 0))
            try:
                datagrams.bind(stream.getsockname())
            except OSError:
                continue
            return stream.getsockname()[1]
    raise AssertionError("no free port")


def dig(port, name, kind="A", *options):
    """(status, [data]); ("", []) if nobody answers."""
    question = ["-x", name] if kind == "PTR" else [name, kind]
    done = subprocess.run(["dig", "@127.0.0.1", "-p", str(port), "+tries=1", "+timeout=5", "+noall", "+comments", "+answer", *options, *question],
                          capture_output=True, text=True, check=False)
    status = re.search(r"status: (\w+)", done.stdout)
    answers = [line.split()[4] for line in done.stdout.splitlines() if line and not line.startswith(";")]
    return (status.group(1) if status else "", answers)


def dns_of(box):
    return box.status().json["dns"]


def names_hosts(box):
    return [pid for pid, command in processes.of_root(box.root).items() if "host-names" in command]


@pytest.fixture(scope="module")
def port(bare):
    chosen = free_port()
    bare.ok("system", "property", "set", "dns.host-port", chosen)
    yield chosen
    bare.ok("system", "property", "clear", "dns.host-port")


@pytest.fixture
def domain(box, port):
    box.ok("system", "dns", "create", DOMAIN)
    yield DOMAIN
    box.ok("system", "dns", "delete", DOMAIN)


@pytest.mark.parametrize("options", [(), ("+tcp",)])
def test_dig_finds_containers_of_every_network(box, cluster, port, domain, options):
    network = cluster.network()
    here, there = cluster.run(), cluster.run("--network", f"{network},alias=database")
    assert dig(port, f"{here}.{domain}", "A", *options) == ("NOERROR", [address(box, here)])
    assert dig(port, f"{here}.{domain}".upper(), "AAAA", *options) == ("NOERROR", [address(box, here, key="ipv6Address")])
    assert dig(port, f"{there}.{domain}", "A", *options) == ("NOERROR", [address(box, there)])
    assert dig(port, f"database.{domain}", "A", *options) == ("NOERROR", [address(box, there)])
    for key in ("ipv4Address", "ipv6Address"):
        assert dig(port, address(box, there, key=key), "PTR", *options) == ("NOERROR", [f"{there}.{domain}."])


def test_of_a_container_on_two_networks_all_addresses_are_told(box, cluster, port, domain):
    both = cluster.run("--network", "default", "--network", cluster.network())
    assert sorted(dig(port, f"{both}.{domain}")[1]) == sorted(each["ipv4Address"].split("/")[0] for each in attachments(box, both))


def test_what_isnt_ours_is_refused_and_what_isnt_there_doesnt_exist(box, cluster, port, domain):
    web = cluster.run()
    assert dig(port, f"nobody.{domain}") == ("NXDOMAIN", [])
    assert dig(port, f"{web}.{domain}", "MX") == ("NOERROR", [])
    assert dig(port, domain, "SOA") == ("NOERROR", [])
    for name in ("example.com", web, f"{web}.other", "."):
        assert dig(port, name) == ("REFUSED", []), name
    assert dig(port, "192.0.2.1", "PTR") == ("REFUSED", [])
    assert dig(port, address(box, web).rsplit(".", 1)[0] + ".250", "PTR") == ("NXDOMAIN", [])


def test_it_goes_with_the_container_and_comes_back_with_it(box, cluster, port, domain):
    web = cluster.run()
    there = address(box, web)
    assert dig(port, f"{web}.{domain}") == ("NOERROR", [there])
    box.ok("stop", "-t", "0", web)
    wait_until(lambda: dig(port, f"{web}.{domain}") == ("NXDOMAIN", []), what="the end of the name")
    assert dig(port, there, "PTR") == ("NXDOMAIN", [])
    box.ok("start", web)
    wait_until(lambda: dig(port, f"{web}.{domain}") == ("NOERROR", [there]), what="the name")


def test_nobody_listens_without_a_domain_or_with_port_0(box, port):
    assert dns_of(box) == {"address": f"127.0.0.1:{port}", "state": "idle"}
    assert names_hosts(box) == [] and dig(port, "a.b") == ("", [])
    box.ok("system", "dns", "create", DOMAIN)
    try:
        assert dns_of(box) == {"address": f"127.0.0.1:{port}", "state": "serving"}
        assert dig(port, f"a.{DOMAIN}") == ("NXDOMAIN", [])
        box.ok("system", "property", "set", "dns.host-port", "0")
        assert dns_of(box) == {"address": "", "state": "off"}
        wait_until(lambda: names_hosts(box) == [], what="the end of the process")
        assert dig(port, f"a.{DOMAIN}") == ("", [])
        other = free_port()
        box.ok("system", "property", "set", "dns.host-port", other)
        wait_until(lambda: dig(other, f"a.{DOMAIN}") == ("NXDOMAIN", []), what="an answer at the new port")
    finally:
        box.ok("system", "property", "set", "dns.host-port", port)
        box.ok("system", "dns", "delete", DOMAIN)
    wait_until(lambda: names_hosts(box) == [], what="the end of the process")


def test_a_port_is_a_number(box):
    for value in ("-1", "65536", "dns", ""):
        result = box("system", "property", "set", "--", "dns.host-port", value)
        assert result.rc in (1, 64), result
    assert "dns.host-port" in box.ok("system", "property", "list").out


def test_the_propertys_domain_and_names_of_the_host_are_told_too(box, cluster, port):
    web = cluster.run()
    box.ok("system", "property", "set", "dns.domain", "property.test")
    box.ok("system", "dns", "create", "--localhost", "203.0.113.9", "me.test")
    try:
        wait_until(lambda: dig(port, f"{web}.property.test") == ("NOERROR", [address(box, web)]), what="the property's domain")
        assert dig(port, "me.test") == ("NOERROR", ["127.0.0.1"])
        assert dig(port, f"{web}.me.test") == ("NXDOMAIN", [])
    finally:
        box.ok("system", "dns", "delete", "me.test")
        box.ok("system", "property", "clear", "dns.domain")


# --- trouble

def test_it_survives_the_death_of_every_process_behind_it(box, cluster, port, domain):
    web = cluster.run()
    expected = ("NOERROR", [address(box, web)])
    assert dig(port, f"{web}.{domain}") == expected
    for pid in network_hosts(box):
        processes.kill(pid)
    assert dig(port, f"{web}.{domain}") == expected, "no network's process has to do with it"
    [names] = names_hosts(box)
    processes.kill(names)
    wait_until(lambda: processes.gone(names) and dig(port, f"{web}.{domain}") == expected, what="the name after the death of who tells it")
    box.kill_daemon()
    box.start()
    wait_until(lambda: dig(port, f"{web}.{domain}") == expected, what="the name after the daemon's death")
    assert len(names_hosts(box)) == 1


def test_of_two_services_with_one_port_the_second_warns_and_waits(box, port, domain, fresh):
    second = fresh(image=False)
    second.ok("system", "property", "set", "dns.host-port", port)
    created = second.ok("system", "dns", "create", "second.test")
    assert created.line == "second.test"
    where = f"127.0.0.1:{port}/udp is already in use"
    assert "Warning: " in created.err and where in created.err, created
    assert where in dns_of(second)["problem"] and dns_of(second)["state"] == "failing"
    listed = second.ok("system", "dns", "list")
    assert listed.lines == ["DOMAIN", "second.test"] and where in listed.err
    assert where in second.ok("system", "status").out
    assert second.ok("system", "logs").out.count(where) == 1, "told once, however often it is tried"
    assert dig(port, "a.second.test") == ("REFUSED", []), "the first has it"
    own = free_port()
    box.ok("system", "property", "set", "dns.host-port", own)
    try:
        wait_until(lambda: dig(port, "a.second.test") == ("NXDOMAIN", []), what="the second to take what has come free")
        assert "problem" not in dns_of(second)
    finally:
        second.stop()
        box.ok("system", "property", "set", "dns.host-port", port)
        wait_until(lambda: dns_of(box)["state"] == "serving", what="the first at its port again")


def test_what_isnt_dns_and_floods_harm_nobody(box, cluster, port, domain):
    web = cluster.run()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for junk in (b"", b"\0", b"x" * 11, b"\xff" * 512, b"\0" * 65000):
            client.sendto(junk, ("127.0.0.1", port))
        for _ in range(20000):
            client.sendto(b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01", ("127.0.0.1", port))
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"\xff\xff" + b"x" * 1000)
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        wait_until(lambda: dig(port, f"{web}.{domain}") == ("NOERROR", [address(box, web)]), what="an answer all the same")
        assert dig(port, f"{web}.{domain}", "A", "+tcp")[0] == "NOERROR"
        for each in silent:
            each.close()
    assert len(names_hosts(box)) == 1


# --- systemd-resolved

@pytest.fixture
def resolved(box, tmp_path):
    """(environment, folder of the drop-ins, what systemctl and sudo were asked): with a systemd-resolved of the test's."""
    programs, folder, log = tmp_path / "bin", tmp_path / "resolved.conf.d", tmp_path / "log"
    programs.mkdir()
    log.write_text("")
    for name, rest in (("systemctl", ""), ("sudo", f'chmod u+w {folder}; exec "$@"')):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n{rest}\n')
        program.chmod(0o755)
    return {"BULKHEAD_RESOLVED_DIR": str(folder), "PATH": f"{programs}:{box.environment['PATH']}"}, folder, log


def test_resolved_is_told_of_a_domain_and_of_its_end(box, port, resolved):
    environment, folder, log = resolved
    created = box.ok("system", "dns", "create", "Resolved.Test", environment=environment)
    assert (created.out, created.err) == ("resolved.test\n", "")
    drop_in = folder / "bulkhead-resolved.test.conf"
    assert drop_in.read_text().splitlines()[1:] == ["[Resolve]", f"DNS=127.0.0.1:{port}", "Domains=~resolved.test"]
    assert stat.S_IMODE(drop_in.stat().st_mode) == 0o644
    assert log.read_text() == "systemctl try-reload-or-restart systemd-resolved\n"
    assert box.ok("system", "dns", "delete", "Resolved.Test", environment=environment).err == ""
    assert not drop_in.exists() and log.read_text().count("try-reload-or-restart") == 2


def test_a_drop_in_of_another_service_is_left_alone(box, port, resolved):
    environment, folder, _ = resolved
    folder.mkdir()
    theirs = folder / "bulkhead-shared.test.conf"
    theirs.write_text("# Of the container service at /elsewhere\n[Resolve]\n")
    created = box.ok("system", "dns", "create", "shared.test", environment=environment)
    assert created.out == "shared.test\n" and str(theirs) in created.err
    box.ok("system", "dns", "delete", "shared.test", environment=environment)
    assert theirs.read_text().endswith("[Resolve]\n")


def test_without_resolved_one_is_told_how_to_ask(box, port):
    created = box.ok("system", "dns", "create", "plain.test")
    assert created.out == "plain.test\n"
    assert created.err.count("\n") == 1 and f"dig @127.0.0.1 -p {port} NAME.plain.test" in created.err, created
    assert box.ok("system", "dns", "delete", "plain.test").err == ""


def test_a_failure_to_tell_resolved_is_no_failure_to_create(box, port, resolved):
    environment, _, _ = resolved
    (pathlib.Path(environment["PATH"].split(":")[0]) / "systemctl").write_text("#!/bin/sh\nexit 1\n")
    created = box.ok("system", "dns", "create", "fails.test", environment=environment)
    assert created.out == "fails.test\n" and "sudo sh -c '" in created.err
    box.ok("system", "dns", "delete", "fails.test", environment=environment)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_without_privilege_it_asks_at_a_terminal_and_tells_the_command_elsewhere(box, port, resolved):
    environment, folder, log = resolved
    folder.mkdir()
    # Root but for what makes a folder of somebody else's writable.
    folder.chmod(0o555)
    without = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-dac_override", box.program]
    done = subprocess.run([*without, "system", "dns", "create", "asks.test"], env={**box.environment, **environment}, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, check=False)
    assert (done.returncode, done.stdout) == (0, "asks.test\n"), done
    assert log.read_text() == "" and not list(folder.iterdir())
    command = done.stderr.splitlines()[-1].strip()
    assert command.startswith("sudo sh -c '"), done.stderr
    subprocess.run(command, shell=True, env={**box.environment, **environment}, check=True)
    folder.chmod(0o555)
    assert f"DNS=127.0.0.1:{port}" in (folder / "bulkhead-asks.test.conf").read_text()
    log.write_text("")
    session = Terminal([*without, "system", "dns", "delete", "asks.test"], {**box.environment, **environment}, 24, 200)
    session.expect("asks.test")
    assert session.process.wait(60) == 0
    assert log.read_text().startswith("sudo sh -c rm -f ") and list(folder.iterdir()) == []
