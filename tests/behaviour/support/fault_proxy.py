"""What goes wrong between a registry and whoever asks it, on demand: a reverse proxy that passes everything on until it is told not to.

    proxy.fault("/blobs/", cut(5000), times=1)

From then on the next GET whose path has /blobs/ in it gets 5000 bytes and an end. Each fault is a function of the exchange and of the
true answer, which it asks for itself when it wants one. Every request is recorded, so a proxy without faults simply counts.
"""
import email.utils
import http.client
import ssl
import threading
import time

from . import web

PIECE = 65536
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection"}


class Truth:
    """What the registry really says: status, headers as pairs, and the whole body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def without(self, *names):
        return [(key, value) for key, value in self.headers if key.lower() not in {name.lower() for name in names}]

    def but(self, **changes):
        """The headers with some of them changed: content_length=7."""
        changes = {name.replace("_", "-").title(): value for name, value in changes.items()}
        return self.without(*changes) + list(changes.items())


class Fault:
    def __init__(self, part, act, times, method):
        self.part, self.act, self.times, self.method = part, act, times, method
        self.hits = 0


class FaultProxy(web.Server):
    """upstream: a registry.Registry, or anything with host, port and scheme. tls: a server context, to be reached by https."""

    def __init__(self, upstream, tls=None, host="127.0.0.1"):
        self.upstream, self.faults, self.lock = upstream, [], threading.Lock()
        super().__init__(self.pass_on, tls, host)

    def fault(self, part, act, times=None, method="GET"):
        """times: how often it happens; always, if None. The first fault that fits is the one that happens."""
        one = Fault(part, act, times, method)
        self.faults.append(one)
        return one

    def clear(self):
        self.faults.clear()
        self.seen.clear()

    def pass_on(self, exchange):
        with self.lock:
            found = next((each for each in self.faults if each.part in exchange.path and exchange.command == each.method
                          and (each.times is None or each.hits < each.times)), None)
            if found:
                found.hits += 1
        (found.act if found else honestly)(exchange)

    def ask(self, exchange, drop=()):
        """Asks the registry; drop: headers it doesn't get to see."""
        if self.upstream.scheme == "https":
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(self.upstream.host, self.upstream.port, context=context, timeout=60)
        else:
            connection = http.client.HTTPConnection(self.upstream.host, self.upstream.port, timeout=60)
        body = exchange.body()
        headers = [(name, value) for name, value in exchange.headers.items()
                   if name.lower() not in HOP_BY_HOP | set(drop) | {"content-length", "expect"}]
        if body or exchange.command in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", str(len(body))))
        try:
            connection.putrequest(exchange.command, exchange.path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            if self.tls and self.upstream.scheme == "http":
                kept = [(name, value.replace("http://" + self.address, self.url) if name.lower() == "location" else value)
                        for name, value in kept]
            truth = Truth(answer.status, kept, answer.read())
        finally:
            connection.close()
        if truth.header("Content-Length") is None and truth.status not in (204, 304) and exchange.command != "HEAD":
            truth.headers.append(("Content-Length", len(truth.body)))
        return truth


def ask(exchange, **options):
    return exchange.server.ask(exchange, **options)


def honestly(exchange):
    truth = ask(exchange)
    exchange.head(truth.status, truth.headers)
    exchange.send(truth.body)


# --- the body

def cut(after, reset=False):
    """The connection ends after so many bytes of the body."""
    def act(exchange):
        truth = ask(exchange)
        exchange.head(truth.status, truth.headers)
        exchange.send(truth.body[:after])
        if reset:
            time.sleep(0.2)  # a reset overtakes bytes that weren't read yet
        exchange.hang_up(reset)
    return act


def stall(after):
    """So many bytes, then silence."""
    def act(exchange):
        truth = ask(exchange)
        exchange.head(truth.status, truth.headers)
        exchange.send(truth.body[:after])
        exchange.wait()
    return act


def silence(exchange):
    """Not even a status line."""
    exchange.wait()


def corrupt(at):
    def act(exchange):
        truth = ask(exchange)
        exchange.head(truth.status, truth.headers)
        at_ = min(at, len(truth.body) - 1)
        exchange.send(truth.body[:at_] + bytes([truth.body[at_] ^ 1]) + truth.body[at_ + 1:])
    return act


def throttle(bytes_per_second):
    """Slowly, but it comes; ten pieces a second."""
    def act(exchange):
        truth = ask(exchange)
        exchange.head(truth.status, truth.headers)
        drip(exchange, truth.body, max(1, bytes_per_second // 10), 0.1)
    return act


def slow_loris(exchange):
    """One byte a second: enough that the line is never silent for long, and never done."""
    truth = ask(exchange)
    exchange.head(truth.status, truth.headers)
    drip(exchange, truth.body, 1, 1)


def drip(exchange, data, piece, seconds):
    for begin in range(0, len(data), piece):
        exchange.send(data[begin:begin + piece])
        time.sleep(seconds)
        if exchange.server.ending:
            exchange.hang_up()


def endless_body(exchange):
    """A document without an end; no length is promised."""
    exchange.body()
    exchange.head(200, {"Content-Type": "application/vnd.oci.image.manifest.v1+json", "Connection": "close"})
    exchange.send(b'{"schemaVersion": 2, "x": "')
    while not exchange.server.ending:
        exchange.send(b"x" * PIECE)
        time.sleep(0.001)


def endless_headers(exchange):
    exchange.body()
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not exchange.server.ending:
        exchange.wfile.write(b"".join(b"X-Header-%d: %s\r\n" % (number + more, b"x" * 200) for more in range(100)))
        number += 100


# --- what is said about the body

def length(difference):
    """A Content-Length that is off; a larger one ends with the connection, as it must."""
    def act(exchange):
        truth = ask(exchange)
        exchange.head(truth.status, truth.but(content_length=len(truth.body) + difference))
        exchange.send(truth.body[:len(truth.body) + min(0, difference)])
        exchange.hang_up()
    return act


def without_length(exchange):
    """Chunked, as proxies that compress or scan answer."""
    truth = ask(exchange)
    exchange.head(truth.status, truth.without("Content-Length") + [("Transfer-Encoding", "chunked")])
    for begin in range(0, len(truth.body), 10_000):
        piece = truth.body[begin:begin + 10_000]
        exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    exchange.send(b"0\r\n\r\n")


def ignore_range(exchange):
    """The whole with 200, whatever part was asked for."""
    truth = ask(exchange, drop=("range",))
    exchange.head(truth.status, truth.headers)
    exchange.send(truth.body)


def wrong_range(exchange):
    """206, but of a part that begins elsewhere."""
    truth = ask(exchange)
    if truth.status == 206:
        truth.headers = truth.but(content_range=f"bytes 0-{len(truth.body) - 1}/{len(truth.body)}")
    exchange.head(truth.status, truth.headers)
    exchange.send(truth.body)


def another_digest(exchange):
    truth = ask(exchange)
    exchange.head(truth.status, truth.but(docker_content_digest="sha256:" + "0" * 64))
    exchange.send(truth.body)


# --- another answer altogether

def answer(status, headers=None, body=b'{"errors": []}'):
    def act(exchange):
        exchange.reply(status, body, headers)
    return act


def busy(seconds, as_date=False):
    """429, and when to come back: in seconds, or at a date."""
    def act(exchange):
        when = email.utils.formatdate(time.time() + seconds + 1, usegmt=True) if as_date else str(seconds)
        exchange.reply(429, b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}', {"Retry-After": when})
    return act


def range_refused(exchange):
    """416 to whoever asks for a part."""
    if "Range" not in exchange.headers:
        return honestly(exchange)
    return exchange.reply(416)


def redirect(to, status=307):
    """Elsewhere: to is a URL without a path, which gets this path, or a whole URL."""
    def act(exchange):
        place = to + exchange.path if to.count("/") == 2 and not to.startswith("file:") else to
        exchange.reply(status, headers={"Location": place})
    return act


def redirect_loop(exchange):
    path, _, query = exchange.path.partition("?")
    exchange.reply(307, headers={"Location": f"{path}?again={int(query.rpartition('=')[2] or 0) + 1}"})


def spent(uses):
    """A token is good for so many requests; then it has expired, and the registry says where to get another."""
    counts = {}

    def act(exchange):
        token = exchange.headers.get("Authorization", "")
        if token.startswith("Bearer "):
            counts[token] = counts.get(token, 0) + 1
        if counts.get(token, 0) <= uses:
            return honestly(exchange)
        truth = ask(exchange, drop=("authorization",))
        if truth.status != 401:
            return honestly(exchange)
        exchange.head(truth.status, truth.headers)
        return exchange.send(truth.body)
    return act
