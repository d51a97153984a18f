"""Other people's servers and clients over this network: nginx, PostgreSQL, Redis, Python, from Debian's own packages."""
import hashlib
import socket
import struct
import subprocess

import pytest

from support import processes
from support.net import address, datagram, fetch, free_port, resolve
from support.processes import wait_until

pytestmark = pytest.mark.release_only

REFERENCE = "debian:bookworm"

# Answers every A question with 192.0.2.53, and what it can't read not at all.
DNS_SERVER = r"""
import socket, struct
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.bind(("::", 53))
while True:
    question, client = server.recvfrom(4096)
    if len(question) > 12:
        head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
        record = struct.pack(">HHHIH4s", 0xC00C, 1, 1, 5, 4, bytes([192, 0, 2, 53]))
        server.sendto(head + question[12:] + record, client)
"""

POSTGRES = r"""set -e
export PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/data/db
postgres() { exec_=$1; shift; $exec_ setpriv --reuid postgres --regid postgres --init-groups "$@"; }
if [ ! -s $PGDATA/PG_VERSION ]; then
  install -d -o postgres -g postgres -m 700 $PGDATA
  postgres '' initdb -A trust >/dev/null
  echo 'host all all all trust' >>$PGDATA/pg_hba.conf
fi
postgres exec postgres -D $PGDATA -k /tmp -c 'listen_addresses=*'
"""


@pytest.fixture(scope="module")
def debian(box, debian_archives):
    box.ok("image", "load", "--input", debian_archives[0], timeout=600)
    return REFERENCE


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "120", *map(str, arguments)], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


# --- nginx

def test_nginx_is_fetched_over_both_families(box, cluster, debian):
    port = free_port()
    web = cluster.run("-m", "512m", "-p", f"{port}:80", "-p", f"[::1]:{port}:80", image=debian, command=(
        "sh", "-c", "head -c 20000000 /dev/urandom > /var/www/html/big; exec nginx -g 'daemon off;'"))
    wait_until(lambda: curl("-4", f"http://localhost:{port}/"), what="nginx")
    expected = box.ok("exec", web, "sha256sum", "/var/www/html/big").out.split()[0]
    for family in ("-4", "-6"):
        assert b"nginx" in curl(family, f"http://localhost:{port}/")
        assert hashlib.sha256(curl(family, f"http://localhost:{port}/big")).hexdigest() == expected
    pages = subprocess.run(["curl", "-sS", "--max-time", "120", "--parallel", "--parallel-max", "50", "-o", "/dev/null", "-w", "%{http_code}\n",
                            f"http://localhost:{port}/?[1-200]"], capture_output=True, text=True, check=True).stdout.split()
    assert pages == ["200"] * 200


# --- PostgreSQL, its data on a volume

def start_postgres(cluster, debian, volume, name):
    return cluster.run("-m", "1g", "-v", f"{volume}:/data", name=name, image=debian, command=("sh", "-c", POSTGRES))


def sql(box, container, statement, host="/tmp"):
    done = box("exec", "-u", "postgres", container, "timeout", "60", "psql", "-h", host, "-U", "postgres", "-Atc", statement)
    return done.line if done.rc == 0 else None


@pytest.mark.parametrize("end", ["process", "machine"])
def test_what_postgres_has_committed_outlives_a_kill(box, cluster, debian, end):
    volume = f"pgdata-{end}"
    box.ok("volume", "create", "--opt", "size=2g", volume)
    try:
        before = set(box.pids("qemu"))
        first = start_postgres(cluster, debian, volume, f"pg-{end}-1")
        wait_until(lambda: sql(box, first, "select 1") == "1", seconds=180, what="PostgreSQL")
        assert sql(box, first, "create table t as select generate_series(1, 100000) as n") is not None
        for number in range(20):
            assert sql(box, first, f"insert into t values ({-number - 1})") is not None
        if end == "machine":
            [machine] = set(box.pids("qemu")) - before
            processes.kill(machine)
        else:
            box.ok("kill", first)
        box.wait_state(first, "stopped")
        second = start_postgres(cluster, debian, volume, f"pg-{end}-2")
        wait_until(lambda: sql(box, second, "select 1") == "1", seconds=180, what="PostgreSQL again")
        assert sql(box, second, "select count(*), sum(n) from t") == f"100020|{sum(range(100001)) - sum(range(21))}"
        assert "automatic recovery" in box.ok("logs", second).out + box.ok("logs", second).err
    finally:
        cluster.close()
        cluster.containers.clear()
        box("volume", "delete", volume)


def test_postgres_by_its_name(box, cluster, debian):
    network = cluster.network()
    server = cluster.run("-m", "1g", "--network", f"{network},alias=db", "--tmpfs", "/data", image=debian, command=("sh", "-c", POSTGRES))
    client = cluster.run("--network", network, image=debian)
    wait_until(lambda: sql(box, client, "select 1", "db") == "1", seconds=180, what="PostgreSQL")
    assert sql(box, client, "select sum(n) from generate_series(1, 1000) as n", server) == "500500"
    assert sql(box, client, "select inet_client_addr()", "db") in (
        address(box, client), address(box, client, key="ipv6Address"))


# --- Redis on a network of its own

def test_redis_by_its_name(box, cluster, debian):
    network = cluster.network("--internal")
    server = cluster.run("--network", network, image=debian,
                         command=("redis-server", "--save", "", "--protected-mode", "no", "--bind", "*", "-::*"))
    client, stranger = cluster.run("--network", network, image=debian), cluster.run(image=debian)
    wait_until(lambda: box("exec", client, "redis-cli", "-h", server, "ping").out == "PONG\n", what="redis")
    assert box.ok("exec", client, "redis-cli", "-h", server, "set", "key", "value").line == "OK"
    assert box.ok("exec", client, "redis-cli", "-h", server, "get", "key").line == "value"
    assert box("exec", stranger, "timeout", "10", "redis-cli", "-h", server, "ping").rc != 0
    bench = box.ok("exec", client, "redis-benchmark", "-h", server, "-n", "2000", "-c", "50", "-t", "set,get", "--csv", timeout=600)
    assert len(bench.lines) >= 3, bench
    box.ok("stop", server)
    box.ok("start", server)
    wait_until(lambda: box("exec", client, "redis-cli", "-h", server, "ping").out == "PONG\n", what="redis again")


# --- Python

def question(name, number):
    encoded = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + encoded + struct.pack(">HH", 1, 1)


def test_a_name_server_asked_from_the_host(box, cluster, debian):
    port = free_port(socket.SOCK_DGRAM)
    server = cluster.run("-p", f"{port}:53/udp", "-p", f"[::1]:{port}:53/udp", image=debian, command=("python3", "-c", DNS_SERVER))
    for host in ("127.0.0.1", "::1"):
        for number in range(20):
            answer = datagram(port, question(f"name{number}.example", number), host)
            assert answer[:2] == struct.pack(">H", number) and answer.endswith(bytes([192, 0, 2, 53])), answer
    client = cluster.run("--dns", address(box, server))
    assert resolve(box, client, "anything.example") == ["192.0.2.53"]


def test_a_folder_is_served_while_the_host_edits_it(cluster, debian, tmp_path):
    port = free_port()
    (tmp_path / "page").write_text("first\n")
    cluster.run("-v", f"{tmp_path}:/site", "-p", f"{port}:8000", image=debian,
                command=("python3", "-m", "http.server", "-d", "/site", "--bind", "::", "8000"))
    wait_until(lambda: fetch(port, path="/page") == "first\n", what="the page")
    for number in range(10):
        (tmp_path / "page").write_text(f"edited {number}\n" * (number + 1))
        wait_until(lambda number=number: fetch(port, path="/page") == f"edited {number}\n" * (number + 1), what=f"edit {number}")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "page").write_text("below\n")
    wait_until(lambda: fetch(port, path="/new/page") == "below\n", what="the new page")
    (tmp_path / "page").rename(tmp_path / "renamed")
    wait_until(lambda: fetch(port, path="/page") is None and fetch(port, path="/renamed"), what="the new name")
