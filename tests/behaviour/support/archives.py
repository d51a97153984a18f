"""Archives made by hand, so that every byte of them can lie: layer tars, OCI layouts, docker-archives.

An entry of a layer is (name, content or None, options): options are TarInfo's attributes.
"""
import gzip
import hashlib
import io
import json
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def entry(name, content=None, **options):
    info = tarfile.TarInfo(name)
    data = content.encode() if isinstance(content, str) else content
    info.mode = 0o755 if data is None else 0o644
    info.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
    info.size = len(data or b"")
    for key, value in options.items():
        setattr(info, key, value)
    return info, data


def tar(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data) if data is not None and info.size else None)
    return buffer.getvalue()


def zstd(data):
    """A frame of RFC 8878 whose blocks are stored as they are: no library of Python 3.11 compresses it."""
    blocks = [data[begin:begin + 100_000] for begin in range(0, len(data), 100_000)] or [b""]
    frame = b"\x28\xb5\x2f\xfd\xa0" + len(data).to_bytes(4, "little")
    for number, block in enumerate(blocks):
        frame += (len(block) << 3 | (number == len(blocks) - 1)).to_bytes(3, "little") + block
    return frame


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI layout in memory; blobs may be replaced after the fact to make it lie."""

    def __init__(self):
        self.blobs, self.manifests = {}, []

    def blob(self, data):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        self.blobs[digest(data)] = data
        return {"digest": digest(data), "size": len(data)}

    def image(self, layers, reference=None, platform=("linux", "amd64"), config=None, compress=None, name=True):
        """compress is None, "gzip" or "zstd"."""
        os, architecture = platform
        pack = {None: bytes, "gzip": lambda layer: gzip.compress(layer, mtime=0), "zstd": zstd}[compress]
        packed = [pack(layer) for layer in layers]
        settings = self.blob({"os": os, "architecture": architecture, "created": "2024-01-02T03:04:05Z", "config": config or {},
                              "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}})
        manifest = self.blob({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": CONFIG, **settings},
                              "layers": [{"mediaType": LAYER + (f"+{compress}" if compress else ""), **self.blob(each)} for each in packed]})
        described = {"mediaType": MANIFEST, **manifest, "platform": {"os": os, "architecture": architecture}}
        if name:
            self.manifests.append(named(described, reference))
        return described

    def index(self, manifests, reference):
        self.manifests.append(named({"mediaType": INDEX, **self.blob({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})},
                                    reference))

    def archive(self, extra=()):
        members = [entry("oci-layout", '{"imageLayoutVersion": "1.0.0"}'),
                   entry("index.json", json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests}))]
        members += [entry("blobs/" + name.replace(":", "/"), data) for name, data in self.blobs.items()]
        return tar(members + list(extra))


def named(descriptor, reference):
    return {**descriptor, "annotations": {"org.opencontainers.image.ref.name": reference}} if reference else descriptor
