"""Published ports and sockets, and the SSH agent: the host reaches the container and the container the agent.

A privileged port's refusal is not tried: the tests may run as root, who may.
"""
import concurrent.futures
import contextlib
import hashlib
import os
import resource
import socket
import subprocess
import tempfile

import pytest

from support import processes
from support.net import (PAGE, address, connect, datagram, exchange, fetch, free_port, is_free, network_hosts, noise, received, wait_page)
from support.processes import wait_until


@pytest.fixture(scope="module")
def site(box):
    """(name, port): the page of a container on one port of both loopbacks."""
    port = free_port()
    box.ok("run", "-d", "--name", "site", "-p", f"{port}:80", "-p", f"[::1]:{port}:80", "busybox", "sh", "-c", PAGE)
    wait_page(port, "page of site\n")
    yield "site", port
    box("delete", "--force", "site")


# --- TCP

def test_both_loopbacks_lead_to_the_container(box, site):
    name, port = site
    for host in ("127.0.0.1", "::1"):
        wait_page(port, "page of site\n", host=host)
    ports = box.inspect(name)["configuration"]["publishedPorts"]
    assert ports == [{"hostAddress": host, "hostPort": port, "containerPort": 80, "proto": "tcp", "count": 1} for host in ("127.0.0.1", "::1")]


def test_nothing_but_the_loopback_unless_told_otherwise(cluster, site):
    _, port = site
    with pytest.raises(ConnectionRefusedError):
        connect(port, "127.0.0.2")
    everywhere = free_port()
    web = cluster.serve("-p", f"0.0.0.0:{everywhere}:80")
    for host in ("127.0.0.1", "127.0.0.2"):
        wait_page(everywhere, f"page of {web}\n", host=host)


def test_a_range_of_ports(cluster):
    first = free_port(count=3)
    cluster.run("-p", f"{first}-{first + 2}:8001-8003", command=(
        "sh", "-c", "for p in 8001 8002 8003; do mkdir -p /w/$p; echo $p > /w/$p/index.html; httpd -p $p -h /w/$p; done; sleep 100000"))
    for number in range(3):
        wait_page(first + number, f"{8001 + number}\n")


def test_what_is_sent_arrives_and_comes_back_whole(cluster):
    port, data = free_port(), noise(8 << 20)
    cluster.run("-p", f"{port}:7000", command=("nc", "-ll", "-p", "7000", "-e", "cat"))
    wait_until(lambda: answers(port), what="the echo")
    with connect(port) as connection, concurrent.futures.ThreadPoolExecutor(1) as pool:
        reading = pool.submit(received, connection)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert hashlib.sha256(reading.result()).digest() == hashlib.sha256(data).digest()


def answers(port, request=b"x", expected=b"x"):
    with contextlib.suppress(OSError), connect(port) as connection:
        return exchange(connection, request) == expected
    return False


def test_half_a_connection_may_end_before_the_other(cluster):
    """sha256sum answers only once it has seen the end."""
    port, data = free_port(), noise(300_000)
    cluster.run("-p", f"{port}:7000", command=("nc", "-ll", "-p", "7000", "-e", "sha256sum"))
    expected = hashlib.sha256(data).hexdigest().encode() + b"  -\n"
    wait_until(lambda: answers(port, data, expected), what="the digest")
    with connect(port) as connection:
        assert exchange(connection, data) == expected


def test_a_connection_is_reset_when_nobody_listens(cluster):
    port = free_port()
    cluster.run("-p", f"{port}:81")
    with pytest.raises(ConnectionError), connect(port) as connection:
        connection.sendall(b"anybody?")
        received(connection)
        raise AssertionError("an end instead of a reset")


def test_two_hundred_connections_at_once(site):
    _, port = site
    connections = [connect(port, timeout=300) for _ in range(200)]
    for connection in connections:  # all of them before the first answer is read: the server gives up who asks nothing for 60 s
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")

    def rest(connection):
        with connection:
            return received(connection)

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        bodies = [answer.partition(b"\r\n\r\n")[2] for answer in pool.map(rest, connections)]
    assert bodies == [b"page of site\n"] * 200


@pytest.fixture
def many_descriptors():
    """For a thousand clients in one process."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


def test_a_thousand_connections_at_once_and_none_left_behind(box, cluster, peer, many_descriptors):
    """The server greets nobody before all are there; then each is answered after its own end, and the network keeps nothing of them."""
    port, count = free_port(), 1000
    cluster.run("-p", f"{port}:7000", image=peer, command=("peer", "tcp-crowd", "7000", str(count)))
    [network] = network_hosts(box, "default")

    def held():
        return len(os.listdir(f"/proc/{network}/fd"))
    before = held()
    for _ in range(2):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connect(port, timeout=300)) for _ in range(count)]
            for client in clients:
                assert client.recv(9, socket.MSG_WAITALL) == b"all here\n"
            assert held() >= before + count, "somebody isn't there"
            for number, client in enumerate(clients):
                client.sendall(f"client {number}".encode())
                client.shutdown(socket.SHUT_WR)
            assert [received(client) for client in clients] == [f"client {number}".encode() for number in range(count)]
        wait_until(lambda: held() <= before, seconds=120, what="the end of all connections in the network's process")


def test_one_port_under_two_addresses(cluster):
    port = free_port()
    web = cluster.serve("-p", f"127.0.0.1:{port}:80", "-p", f"127.0.0.2:{port}:80")
    for host in ("127.0.0.1", "127.0.0.2"):
        wait_page(port, f"page of {web}\n", host=host)


# --- UDP

def test_datagrams_are_answered_from_the_address_that_was_asked(cluster, peer):
    """A connected socket hears nobody else, and the container can't tell by which address it was asked."""
    port = free_port(socket.SOCK_DGRAM)
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    cluster.run(*(word for host in hosts for word in ("-p", f"{host}:{port}:7000/udp")), image=peer, command=("peer", "udp-echo", "7000"))
    for host in hosts:
        assert datagram(port, b"hello", host) == b"hello"
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(30)]
        for number, client in enumerate(clients):
            client.settimeout(60)
            client.connect((hosts[number % 3], port))
            client.send(f"client {number}".encode())
        for number, client in enumerate(clients):
            assert client.recv(100) == f"client {number}".encode(), hosts[number % 3]


def test_datagrams_find_their_way_back(cluster, peer):
    port = free_port(socket.SOCK_DGRAM)
    cluster.run("-p", f"{port}:7000/udp", "-p", f"[::1]:{port}:7000/UDP", image=peer, command=("peer", "udp-echo", "7000"))
    for host in ("127.0.0.1", "::1"):
        assert datagram(port, b"hello", host) == b"hello"
    assert datagram(port, noise(9000)) == noise(9000)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(50)]
        for number, client in enumerate(clients):
            client.settimeout(60)
            client.sendto(f"client {number}".encode(), ("127.0.0.1", port))
        for number, client in enumerate(clients):
            assert client.recv(100) == f"client {number}".encode()


def test_datagrams_between_containers(box, cluster, peer):
    server = cluster.run(image=peer, command=("peer", "udp-echo", "7000"))
    client = cluster.run(image=peer)
    wait_until(lambda: box("exec", client, "peer", "udp-ask", address(box, server), "7000", "hello").out == "hello", what="the answer")


def test_one_number_serves_both_protocols(cluster, peer):
    port = free_port()
    web = cluster.run("-p", f"{port}:80", "-p", f"{port}:7000/udp", image=peer, command=("sh", "-c", f"peer udp-echo 7000 & {PAGE}"))
    wait_page(port, f"page of {web}\n")
    assert datagram(port, b"hello") == b"hello"


# --- whose port it is

def test_a_busy_port_fails_the_start_and_leaves_the_container_stopped(box, cluster):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        web = cluster.create("-p", f"{port}:80", command=("sh", "-c", PAGE))
        box.refuses("start", web, saying=f"127.0.0.1:{port}")
        assert box.state(web) == "stopped"
        before = box.containers()
        box.refuses("run", "-d", "-p", f"{port}:80", "busybox", "sleep", "1", saying=str(port))
        assert box.containers() == before
        machines = box.pids("qemu")
    box.ok("start", web)
    wait_page(port, f"page of {web}\n")
    assert len(box.pids("qemu")) == len(machines) + 1


def test_two_containers_take_turns(box, cluster):
    port = free_port()
    first = cluster.serve("-p", f"{port}:80")
    second = cluster.create("-p", f"{port}:80", command=("sh", "-c", PAGE))
    wait_page(port, f"page of {first}\n")
    box.refuses("start", second, saying=str(port))
    box.ok("stop", "-t", "0", first)
    assert is_free(port)
    box.ok("start", second)
    wait_page(port, f"page of {second}\n")


@pytest.mark.parametrize("end", ["stop", "kill", "delete", "machine"])
def test_a_port_is_free_once_its_container_has_ended(box, cluster, end):
    port = free_port()
    before = set(box.pids("qemu"))
    web = cluster.serve("-p", f"{port}:80")
    wait_page(port, f"page of {web}\n")
    if end == "machine":
        [machine] = set(box.pids("qemu")) - before
        processes.kill(machine)
        box.wait_state(web, "stopped")
        wait_until(lambda: is_free(port), what="the port being free")
    else:
        box.ok(*{"stop": ("stop", "-t", "0"), "kill": ("kill",), "delete": ("delete", "--force")}[end], web)
        assert is_free(port)


@pytest.mark.parametrize("value, saying", [
    ("80", "one port only"), ("80:80/sctp", "sctp"), ("0:80", "65535"), ("80:65536", "65535"), ("1-3:1-2", "3 port.*2"), ("localhost:1:1", "localhost"),
    ("::1:80:80", "brackets"), ("x:y", "x:y")])
def test_a_mistake_in_a_port_is_refused(box, value, saying):
    box.refuses("create", "-p", value, "busybox", rc=64, saying=saying)


def test_specifications_may_not_meet(box):
    box.refuses("create", "-p", "8000-8010:1-11", "-p", "8010:80", "busybox", rc=64, saying="same port")
    many = [word for number in range(65) for word in ("-p", f"{9000 + number}:80")]
    box.refuses("create", *many, "busybox", rc=64, saying="at most 64")
    box.ok("delete", box.ok("create", *many[2:], "busybox").line)


# --- kill -9

def test_a_port_works_while_there_is_no_daemon(box, site):
    _, port = site
    with connect(port) as connection:
        box.kill_daemon()
        assert fetch(port) == "page of site\n"
        assert b"page of site" in exchange(connection, b"GET / HTTP/1.0\r\n\r\n", half_close=False)
    box.start()
    assert fetch(port) == "page of site\n"


def test_a_port_works_again_after_its_networks_process_was_killed(box, site):
    _, port = site
    [pid] = network_hosts(box, "default")
    processes.kill(pid)
    wait_page(port, "page of site\n")
    assert network_hosts(box, "default") != [pid]


# --- Unix sockets

@pytest.fixture
def place():
    """A short path: a socket's has 107 characters."""
    with tempfile.TemporaryDirectory(prefix="bh-s-", dir="/tmp") as directory:
        yield directory


def ask_unix(path, request, half_close=True):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(60)
        client.connect(path)
        return exchange(client, request, half_close)


def answers_unix(path):
    with contextlib.suppress(OSError):
        return ask_unix(path, b"x") == b"x"
    return False


def test_a_published_socket(box, cluster, peer, place):
    path = f"{place}/made/for/app.sock"
    host = cluster.run("--publish-socket", f"{path}:/tmp/app.sock", image=peer, command=("peer", "unix-echo", "/tmp/app.sock"))
    wait_until(lambda: answers_unix(path), what="the socket's answer")
    assert box.inspect(host)["configuration"]["publishedSockets"] == [{"hostPath": path, "containerPath": "/tmp/app.sock"}]
    data = noise(300_000)

    def talk(number):
        mine = data + str(number).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
            client.connect(path)
            reading = pool.submit(received, client)
            client.sendall(mine)
            client.shutdown(socket.SHUT_WR)
            return reading.result() == mine

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        assert all(pool.map(talk, range(20)))
    box.ok("stop", "-t", "0", host)
    assert not os.path.exists(path)
    box.ok("start", host)
    wait_until(lambda: answers_unix(path), what="the socket's answer")


def test_nobody_behind_a_published_socket(cluster, place):
    path = f"{place}/app.sock"
    cluster.run("--publish-socket", f"{path}:/run/absent.sock")
    with contextlib.suppress(ConnectionError):
        assert ask_unix(path, b"anybody?") == b""


def test_what_is_in_the_way_of_a_published_socket_fails_the_start(box, cluster, place):
    path = f"{place}/app.sock"
    host = cluster.create("--publish-socket", f"{path}:/tmp/app.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as taken:
        taken.bind(path)
        taken.listen()
        box.refuses("start", host, saying=path)
        assert box.state(host) == "stopped" and os.path.exists(path)
    os.unlink(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write("precious")
    box.refuses("start", host, saying=path)
    assert os.path.getsize(path) == 8
    os.unlink(path)
    box.ok("start", host)
    assert os.path.exists(path)


@pytest.mark.parametrize("value", ["/a", "/a:b", ":/b", "/a:/b:/c", "/" + "a" * 108 + ":/b"])
def test_a_mistake_in_a_published_socket_is_refused(box, value):
    box.refuses("create", "--publish-socket", value, "busybox", rc=64, saying="--publish-socket")


# --- the SSH agent

class Agent:
    def __init__(self, path):
        self.path, self.process = path, None
        self.start()

    def start(self):
        self.process = subprocess.Popen(["ssh-agent", "-D", "-a", self.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(self.path), what="the agent's socket")

    def add_key(self, place, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{place}/{name}"], check=True)
        wait_until(lambda: subprocess.run(["ssh-add", "-q", f"{place}/{name}"], env={**os.environ, "SSH_AUTH_SOCK": self.path},
                                          capture_output=True, check=False).returncode == 0, what="the key in the agent")

    def stop(self):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


@pytest.fixture
def agent(place):
    one = Agent(f"{place}/agent.sock")
    one.add_key(place, "first")
    yield one
    one.stop()


def keys(box, container, user="root"):
    done = box("exec", "--user", user, container, "sh", "-c", 'peer agent-keys "$SSH_AUTH_SOCK"')
    return int(done.line) if done.rc == 0 else None


def test_the_ssh_agent_is_the_callers_even_after_it_began_anew(box, cluster, peer, place, agent):
    host = cluster.run("--ssh", image=peer, environment={"SSH_AUTH_SOCK": agent.path})
    assert box.inspect(host)["configuration"]["ssh"] is True
    assert box.ok("exec", host, "sh", "-c", 'test -S "$SSH_AUTH_SOCK" && echo socket').line == "socket"
    assert keys(box, host) == keys(box, host, "nobody") == 1
    agent.stop()
    assert keys(box, host) is None
    agent.start()
    for name in ("second", "third"):
        agent.add_key(place, name)
    assert keys(box, host) == 2


def test_a_start_brings_the_agent_of_whoever_starts(box, cluster, peer, place, agent):
    other = Agent(f"{place}/other.sock")
    try:
        host = cluster.create("--ssh", image=peer)
        box.ok("start", host, environment={"SSH_AUTH_SOCK": agent.path})
        assert keys(box, host) == 1
        box.ok("stop", "-t", "0", host)
        box.ok("start", host, environment={"SSH_AUTH_SOCK": other.path})
        assert keys(box, host) == 0
    finally:
        other.stop()


def test_no_agent_unless_asked_for(box, cluster, agent):
    host = cluster.run(environment={"SSH_AUTH_SOCK": agent.path})
    assert box.ok("exec", host, "sh", "-c", 'echo "[$SSH_AUTH_SOCK]"').line == "[]"


def test_without_an_agent_it_says_so_and_starts(box, cluster):
    done = box("run", "--rm", "--ssh", "busybox", "echo", "started")
    assert (done.rc, done.out) == (0, "started\n") and "SSH_AUTH_SOCK" in done.err, done
