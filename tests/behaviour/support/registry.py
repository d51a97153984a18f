"""Debian's docker-registry in each of its modes, on a port of its own, and what a test wants to know or do about it.

It chooses the port itself and says it in its log, which is also how one knows that it is ready. Logs and data stay in its directory.
"""
import http.client
import json
import pathlib
import re
import signal
import ssl
import subprocess
import urllib.parse

from . import archives, token_server
from .processes import wait_until

ACCEPT = ", ".join(["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
                    "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json"])


class Registry:
    """authority: a certificates.Authority, for TLS. client_authority: it wants clients' certificates, too. users: {name: password}, for
    htpasswd. tokens: a TokenServer. certificate: another than the right one, as (certificate, key)."""

    def __init__(self, directory, authority=None, certificate=None, client_authority=None, users=None, tokens=None, host="127.0.0.1"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.authority, self.users, self.tokens = authority, users, tokens
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        settings = {
            "version": 0.1, "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self.data)}, "delete": {"enabled": True}},
            "http": {"addr": f"[{host}]:0" if ":" in host else f"{host}:0", "secret": "not one"},
        }
        if authority:
            certificate, key = certificate or authority.issue("registry")
            settings["http"]["tls"] = {"certificate": str(certificate), "key": str(key)}
            if client_authority:
                settings["http"]["tls"]["clientcas"] = [str(client_authority.certificate)]
        if users:
            file = self.directory / "htpasswd"
            lines = [subprocess.run(["htpasswd", "-nbBC", "5", *pair], capture_output=True, text=True, check=True).stdout.strip()
                     for pair in users.items()]
            file.write_text("\n".join(lines) + "\n")
            settings["auth"] = {"htpasswd": {"realm": "test", "path": str(file)}}
        if tokens:
            settings["auth"] = {"token": {"realm": tokens.realm, "service": token_server.SERVICE, "issuer": token_server.ISSUER,
                                          "rootcertbundle": str(tokens.certificate)}}
        file = self.directory / "config.yml"
        file.write_text(json.dumps(settings))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", file], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        port = wait_until(self._port, seconds=30, what=f"docker-registry (its log: {self.log})")
        self.host, self.port = host, int(port)
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.scheme = "https" if authority else "http"

    def _port(self):
        text = self.log.read_text(errors="replace")
        assert self.process.poll() is None, f"docker-registry ended: {text}"
        found = re.search(r'listening on (?:\[.*\]|[0-9.]+):(\d+)', text)
        return found and found.group(1)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- asked directly

    def request(self, method, path, body=None, headers=None):
        """(status, headers by lower-case name, body)."""
        if self.authority:
            context = ssl.create_default_context(cafile=str(self.authority.certificate))
            connection = http.client.HTTPSConnection(self.host, self.port, context=context, timeout=30)
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def manifest(self, name):
        """The bytes behind repository:tag or repository@digest."""
        repository, tag = split(name)
        status, _, body = self.request("GET", f"/v2/{repository}/manifests/{tag}", headers={"Accept": ACCEPT})
        assert status == 200, (status, body)
        return body

    def digest(self, name):
        return archives.digest(self.manifest(name))

    def blobs(self, repository=None):
        """The digests of everything it keeps, or of the blobs one repository may use."""
        root = self.data / "docker" / "registry" / "v2"
        if repository:
            return {"sha256:" + path.parent.name for path in (root / "repositories" / repository / "_layers").rglob("link")}
        return {"sha256:" + path.parent.name for path in (root / "blobs").rglob("data")}

    def forget(self, digest):
        """Takes a blob's bytes away, as a registry that lost them."""
        for path in (self.data / "docker" / "registry" / "v2" / "blobs").rglob("data"):
            if "sha256:" + path.parent.name == digest:
                path.unlink()

    def put(self, layout, name, root=None):
        """Publishes an image of an archives.Layout byte by byte as it is, where a tool would write manifests of its own."""
        repository, tag = split(name)
        root = root or layout.manifests[-1]
        headers = {"Content-Type": root["mediaType"]}
        for child in children(layout, root):
            if child["mediaType"] in (archives.MANIFEST, archives.INDEX):
                self.put(layout, f"{repository}@{child['digest']}", child)
            else:
                self.put_blob(repository, layout.blobs[child["digest"]])
        status, _, body = self.request("PUT", f"/v2/{repository}/manifests/{tag}", layout.blobs[root["digest"]], headers)
        assert status == 201, (status, body)
        return root["digest"]

    def put_blob(self, repository, data):
        status, headers, body = self.request("POST", f"/v2/{repository}/blobs/uploads/")
        assert status == 202, (status, body)
        place = urllib.parse.urlsplit(headers["location"])
        status, _, body = self.request("PUT", f"{place.path}?{place.query}&digest={archives.digest(data)}", data,
                                       {"Content-Type": "application/octet-stream"})
        assert status == 201, (status, body)


def split(name):
    """repository and what comes after it: a tag, or a digest."""
    if "@" in name:
        repository, _, digest = name.partition("@")
        return repository, digest
    repository, _, tag = name.rpartition(":")
    return repository, tag


def children(layout, descriptor):
    document = json.loads(layout.blobs[descriptor["digest"]])
    return document["manifests"] if "manifests" in document else [document["config"], *document["layers"]]


def configure(box, transfer=None, registries=None):
    """Writes registries.toml: transfer's keys, and for each registry a dictionary of its own."""
    def lines(table):
        return [f"{key} = {json.dumps(value if isinstance(value, (bool, int, list)) else str(value))}" for key, value in table.items()]
    text = ["[transfer]", *lines(transfer or {})]
    for server, table in (registries or {}).items():
        text += [f"[registry.{json.dumps(server)}]", *lines(table)]
    file = box.root / "config" / "registries.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_suffix(".new").write_text("\n".join(text) + "\n")
    file.with_suffix(".new").rename(file)
    return file
