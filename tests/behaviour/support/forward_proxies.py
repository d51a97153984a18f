"""The proxies between a company's machines and the world: HTTP (with CONNECT) and SOCKS5, both leading every name to one place."""
import socket
import socketserver
import struct
import threading
import urllib.parse

from . import web


def join(one, other):
    """Carries bytes both ways until either side has ended."""
    def carry(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
    thread = threading.Thread(target=carry, args=(one, other), daemon=True)
    thread.start()
    carry(other, one)
    thread.join(5)


class HttpProxy(web.Server):
    """Asked for http://any.name/path, or to CONNECT to any.name:port, it goes to the target: (host, port). asked: the names."""

    def __init__(self, target):
        self.target, self.asked = target, []
        super().__init__(self.carry)

    def carry(self, exchange):
        place = urllib.parse.urlsplit("//" + exchange.path if exchange.command == "CONNECT" else exchange.path)
        self.asked.append(place.netloc)
        if exchange.command != "CONNECT" and not place.netloc:
            return exchange.reply(400, b"this is a proxy\n")
        with socket.create_connection(self.target, timeout=60) as upstream:
            if exchange.command == "CONNECT":
                exchange.head(200)
            else:
                body = exchange.body()
                path = place.path + ("?" + place.query if place.query else "")
                lines = [f"{exchange.command} {path} HTTP/1.1", "Connection: close"]
                lines += [f"{name}: {value}" for name, value in exchange.headers.items()
                          if name.lower() not in ("connection", "proxy-connection", "proxy-authorization", "expect")]
                upstream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
            join(exchange.connection, upstream)
        return exchange.hang_up()


class SocksProxy(socketserver.ThreadingTCPServer):
    """RFC 1928 without authentication; only CONNECT. asked: "name:port" as the client gave it, so names show who resolved them."""
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, target):
        self.target, self.asked = target, []
        super().__init__(("127.0.0.1", 0), SocksConnection)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, *_):
        pass

    def close(self):
        self.shutdown()
        self.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class SocksConnection(socketserver.BaseRequestHandler):
    def take(self, count):
        data = b""
        while len(data) < count:
            piece = self.request.recv(count - len(data))
            if not piece:
                raise OSError("ended early")
            data += piece
        return data

    def handle(self):
        _, methods = self.take(2)
        self.take(methods)
        self.request.sendall(b"\x05\x00")
        _, _, _, kind = self.take(4)
        name = {1: lambda: socket.inet_ntop(socket.AF_INET, self.take(4)), 3: lambda: self.take(self.take(1)[0]).decode(),
                4: lambda: socket.inet_ntop(socket.AF_INET6, self.take(16))}[kind]()
        port, = struct.unpack(">H", self.take(2))
        self.server.asked.append(f"{name}:{port}")
        with socket.create_connection(self.server.target, timeout=60) as upstream:
            self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
            join(self.request, upstream)
