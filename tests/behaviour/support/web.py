"""A small threaded HTTP server: it records every request, and whoever answers one may do so byte by byte, or not at all."""
import http.server
import socket
import socketserver
import ssl
import struct
import threading
import time
import urllib.parse


class Seen:
    """A request as it came: method, path with its query, headers by lower-case name, and when it began and ended."""

    def __init__(self, exchange):
        self.method, self.path = exchange.command, exchange.path
        self.headers = {name.lower(): ", ".join(exchange.headers.get_all(name)) for name in exchange.headers.keys()}
        self.began, self.ended = time.monotonic(), None

    @property
    def range(self):
        """The offset a Range header begins at, or None."""
        text = self.headers.get("range", "")
        return int(text.removeprefix("bytes=").split("-")[0]) if text.startswith("bytes=") else None

    def __repr__(self):
        return f"{self.method} {self.path}" + (f" [{self.headers['range']}]" if "range" in self.headers else "")


class HungUp(Exception):
    """The answer ended early, on purpose; the connection is closed already."""


class Exchange(http.server.BaseHTTPRequestHandler):
    """A request and the means to answer it."""
    protocol_version = "HTTP/1.1"
    timeout = 120

    def handle(self):
        try:
            super().handle()
        except (HungUp, OSError, ValueError):
            self.close_connection = True

    def answer(self):
        seen = Seen(self)
        self.server.seen.append(seen)
        self._read = False
        try:
            self.server.answerer(self)
            self.body()
        finally:
            seen.ended = time.monotonic()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = answer

    def body(self):
        """What the request brought; once."""
        if self._read:
            return b""
        self._read = True
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))

    @property
    def route(self):
        return urllib.parse.urlsplit(self.path).path

    def head(self, status, headers=()):
        """Exactly these headers, a dictionary or pairs."""
        lines = [f"HTTP/1.1 {status} Said"]
        lines += [f"{name}: {value}" for name, value in (headers.items() if isinstance(headers, dict) else headers)]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def reply(self, status, body=b"", headers=None):
        """An honest answer: a Content-Length that is right, no body to HEAD."""
        self.body()
        self.head(status, {"Content-Length": len(body), **(headers or {})})
        self.send(body)

    def send(self, data):
        if self.command != "HEAD":
            self.wfile.write(data)

    def hang_up(self, reset=False):
        """Closes in the middle; with reset the other side's kernel says so, without it looks like an end."""
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wfile.close()
        self.rfile.close()
        self.connection.close()
        raise HungUp

    def wait(self, seconds=3600):
        """Silence, until the other side has had enough or the server ends."""
        deadline = time.monotonic() + seconds
        self.connection.settimeout(0.1)
        while time.monotonic() < deadline and not self.server.ending:
            try:
                if not self.connection.recv(1):
                    break
            except (socket.timeout, ssl.SSLWantReadError):
                continue
        if seconds == 3600:
            self.hang_up()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingTCPServer):
    """answerer(exchange) is called for each request, in the thread of its connection."""
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answerer, tls=None, host="127.0.0.1"):
        self.answerer, self.tls, self.seen, self.ending = answerer, tls, [], False
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), Exchange)
        name = f"[{host}]" if ":" in host else host
        self.address = f"{name}:{self.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.address}"
        self.connections = 0
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def finish_request(self, request, client_address):
        self.connections += 1
        if self.tls:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        try:
            super().finish_request(request, client_address)
        finally:
            request.close()

    def handle_error(self, *_):
        pass

    def close(self):
        self.ending = True
        self.shutdown()
        self.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- what came

    def requests(self, method="", part=""):
        """The requests with this method whose path has this in it."""
        return [each for each in list(self.seen) if each.method.startswith(method) and part in each.path]

    def most_at_once(self, method="", part=""):
        """How many of these requests were being answered at the same time, at most."""
        spans = [(each.began, each.ended or time.monotonic()) for each in self.requests(method, part)]
        return max((sum(1 for began, ended in spans if began <= moment < ended) for moment, _ in spans), default=0)


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
