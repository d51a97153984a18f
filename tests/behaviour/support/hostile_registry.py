"""A registry that serves whatever it is told to, true or not: manifests by name and by digest, blobs, and answers of a test's own.

    registry.publish("web:1", *pieces())            a good image
    registry.special["/v2/web/tags/list"] = act     act(exchange) answers that path

It knows nothing of authentication unless it is given a challenge: then it wants an Authorization header, and any will do.
"""
import json
import re

from . import archives, web


class HostileRegistry(web.Server):
    def __init__(self, tls=None):
        self.manifests, self.blobs, self.special, self.challenge = {}, {}, {}, None
        self.upload_place, self.uploaded = None, {}
        super().__init__(self.serve, tls)
        self.host, self.port, self.scheme = "127.0.0.1", self.server_address[1], "https" if tls else "http"

    def reset(self):
        for each in (self.manifests, self.blobs, self.special, self.uploaded, self.seen):
            each.clear()
        self.challenge = self.upload_place = None

    def publish(self, name, manifest, blobs=None, media_type=None, headers=None):
        """manifest: a document or bytes. It is found under its name and its digest; blobs: {digest: bytes or function(exchange)}."""
        body = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        if media_type is None:
            media_type = manifest.get("mediaType", archives.MANIFEST) if isinstance(manifest, dict) else archives.MANIFEST
        repository, _, tag = name.rpartition(":")
        for reference in (tag, archives.digest(body)):
            self.manifests[repository, reference] = body, media_type, headers or {}
        self.blobs.update(blobs or {})
        return {"mediaType": media_type, "digest": archives.digest(body), "size": len(body)}

    def serve(self, exchange):
        if exchange.route in self.special:
            return self.special[exchange.route](exchange)
        if self.challenge and "Authorization" not in exchange.headers:
            return exchange.reply(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', {"WWW-Authenticate": self.challenge})
        if exchange.route == "/v2/":
            return exchange.reply(200, b"{}")
        if found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", exchange.route):
            return self.manifest(exchange, *found.groups())
        if "/blobs/uploads/" in exchange.route:
            return self.upload(exchange)
        if found := re.fullmatch(r"/v2/(.+)/blobs/(.+)", exchange.route):
            return self.blob(exchange, found.group(2))
        return exchange.reply(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')

    def manifest(self, exchange, repository, reference):
        if exchange.command == "PUT":
            body = exchange.body()
            self.uploaded[archives.digest(body)] = body
            return exchange.reply(201, headers={"Docker-Content-Digest": archives.digest(body), "Location": exchange.path})
        if (repository, reference) not in self.manifests:
            return exchange.reply(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        body, media_type, headers = self.manifests[repository, reference]
        return exchange.reply(200, body, {"Content-Type": media_type, "Docker-Content-Digest": archives.digest(body), **headers})

    def blob(self, exchange, digest):
        if digest not in self.blobs:
            return exchange.reply(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
        if callable(self.blobs[digest]):
            return self.blobs[digest](exchange)
        whole = self.blobs[digest]
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", exchange.headers.get("Range", "")):
            begin, end = int(found.group(1)), int(found.group(2) or len(whole) - 1)
            if begin >= len(whole):
                return exchange.reply(416)
            return exchange.reply(206, whole[begin:end + 1], {"Content-Range": f"bytes {begin}-{end}/{len(whole)}"})
        return exchange.reply(200, whole, {"Accept-Ranges": "bytes"})

    def upload(self, exchange):
        """Takes everything; upload_place says where the bytes shall go instead of here."""
        body = exchange.body()
        place = self.upload_place or exchange.route.rstrip("/") + "/1"
        if exchange.command == "PUT":
            self.uploaded[exchange.query.get("digest")] = body
            return exchange.reply(201, headers={"Docker-Content-Digest": exchange.query.get("digest", "")})
        return exchange.reply(202, headers={"Location": place, "Docker-Upload-UUID": "1", "Range": f"0-{max(0, len(body) - 1)}"})


def config(layers, **changes):
    return {"os": "linux", "architecture": "amd64", "created": "2024-01-02T03:04:05Z", "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [archives.digest(each) for each in layers]}, **changes}


def described(data, media_type, **more):
    return {"mediaType": media_type, "digest": archives.digest(data), "size": len(data), **more}


def pieces(layers=None, settings=None, **changes):
    """(manifest, blobs) of a good image: layers are tars, settings the config's bytes or document, changes go into the manifest."""
    layers = layers or [archives.tar([archives.entry("file", "content")])]
    settings = config(layers) if settings is None else settings
    settings = settings if isinstance(settings, bytes) else json.dumps(settings).encode()
    manifest = {"schemaVersion": 2, "mediaType": archives.MANIFEST, "config": described(settings, archives.CONFIG),
                "layers": [described(each, archives.LAYER) for each in layers], **changes}
    return manifest, {archives.digest(each): each for each in [settings, *layers]}
