"""Networks as a test sees them: free ports of this host, what a container resolves and fetches, and things that go with the test."""
import contextlib
import hashlib
import itertools
import os
import re
import socket

from . import processes
from .processes import wait_until

_numbers = itertools.count(1)

# What a container runs to be found: its name as a page.
PAGE = "mkdir -p /www; echo \"page of $(hostname)\" > /www/index.html; exec httpd -f -p 80 -h /www"


def free_port(kind=socket.SOCK_STREAM, count=1):
    """The first of so many ports that are free on every address of this host, now."""
    for _ in range(200):
        with socket.socket(socket.AF_INET6, kind) as probe:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            probe.bind(("::", 0))
            first = probe.getsockname()[1]
        if first + count <= 65535 and all(is_free(port, kind) for port in range(first, first + count)):
            return first
    raise AssertionError(f"no {count} free ports")


def is_free(port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET6, kind) as probe:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended aren't somebody's
        try:
            probe.bind(("::", port))
        except OSError:
            return False
        return True


def connect(port, host="127.0.0.1", timeout=60):
    return socket.create_connection((host, port), timeout=timeout)


def exchange(connection, request=b"", half_close=True):
    """Everything that is answered to the request."""
    connection.sendall(request)
    if half_close:
        connection.shutdown(socket.SHUT_WR)
    return received(connection)


def received(connection):
    whole = b""
    while piece := connection.recv(1 << 16):
        whole += piece
    return whole


def fetch(port, host="127.0.0.1", path="/", timeout=60):
    """A page's body, or None if there is no whole answer."""
    with contextlib.suppress(OSError), connect(port, host, timeout) as connection:
        answer = exchange(connection, f"GET {path} HTTP/1.0\r\nHost: test\r\n\r\n".encode(), half_close=False)
        head, found, body = answer.partition(b"\r\n\r\n")
        if found and b" 200 " in head.splitlines()[0]:
            return body.decode()
    return None


def wait_page(port, text, **options):
    wait_until(lambda: fetch(port, **options) == text, what=f"the page of port {port}")


def datagram(port, data, host="127.0.0.1", tries=30):
    """The answer to a datagram; sent again while there is none, as datagrams may be lost."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        for _ in range(tries):
            with contextlib.suppress(socket.timeout, ConnectionRefusedError):
                client.connect((host, port))  # an answer from another address is none
                client.send(data)
                return client.recv(1 << 16)
    raise AssertionError(f"no answer from UDP port {port}")


def noise(size):
    block = hashlib.sha512(b"noise").digest() * 1024
    return (block * (size // len(block) + 1))[:size]


# --- in containers

def attachments(box, container):
    return box.inspect(container)["status"]["networks"]


def address(box, container, number=0, key="ipv4Address"):
    return attachments(box, container)[number][key].split("/")[0]


def resolve(box, container, name, kind="a", server=None):
    """The addresses, or names for kind "ptr", that the container's resolver gives for a name."""
    # An address is turned round only without a type.
    types = [] if kind == "ptr" else [f"-type={kind}"]
    done = box("exec", container, "timeout", "20", "nslookup", *types, name, *([server] if server else []))
    if kind == "ptr":
        return sorted(re.findall(r"name = (\S+?)\.?$", done.out, re.MULTILINE))
    return sorted(re.findall(r"^Address: (\S+)$", done.out, re.MULTILINE))


def page(box, container, url):
    """What the container's wget gets, or None. It has no timeout of its own that works."""
    done = box("exec", container, "timeout", "20", "wget", "-q", "-O", "-", url)
    return done.out if done.rc == 0 else None


def wait_page_in(box, container, url, text):
    wait_until(lambda: page(box, container, url) == text, what=f"{url} in {container}")


class Cluster:
    """Networks and containers of one test; they go with it."""

    def __init__(self, box):
        self.box, self.networks, self.containers = box, [], []

    def network(self, *options, name=None):
        name = name or f"net{next(_numbers)}"
        self.box.ok("network", "create", *options, name)
        self.networks.append(name)
        return name

    def create(self, *options, name=None, image="busybox", command=("sleep", "100000"), start=False, **others):
        name = name or f"h{next(_numbers)}"
        self.containers.append(name)
        verb = ("run", "-d") if start else ("create",)
        self.box.ok(*verb, "--name", name, *options, image, *command, **others)
        return name

    def run(self, *options, **others):
        return self.create(*options, start=True, **others)

    def serve(self, *options, **others):
        """A container whose port 80 has the page "page of <its name>"."""
        return self.run(*options, command=("sh", "-c", PAGE), **others)

    def close(self):
        if self.containers:
            self.box("delete", "--force", *self.containers, timeout=600)
        for network in self.networks:
            self.box("network", "delete", network)


def network_hosts(box, network=None):
    """The pids of the processes that are this service's networks."""
    return [pid for pid, command in processes.of_root(box.root).items()
            if "plugin-host" in command and "network-slirp" in command and (network is None or log_of(pid).endswith(f"/{network}/host.log"))]


def log_of(pid):
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/fd/2")
    return ""
