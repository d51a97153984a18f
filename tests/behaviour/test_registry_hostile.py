"""Registries that lie: whatever a document, a header or a token says, it is refused with a reason, nothing of it gets a name, nobody else is
asked for it, and the service goes on."""
import gzip
import itertools
import json
import pathlib
import tarfile

import pytest

from support import archives, noise, processes, web
from support.archives import CONFIG, INDEX, LAYER, MANIFEST, digest, entry, tar
from support.certificates import Authority
from support.fault_proxy import answer, endless_body, redirect
from support.hostile_registry import HostileRegistry, config, described, pieces
from support.registry import configure
from support.transfers import digest_of

SOON = 60
OUTSIDE = pathlib.Path("/tmp/bulkhead-escaped")
_numbers = itertools.count(1)


@pytest.fixture(scope="module", autouse=True)
def few_tries(bare):
    configure(bare, {"connect_seconds": 2, "stall_seconds": 2, "retries": 1})


@pytest.fixture(scope="module")
def one_registry():
    with HostileRegistry() as registry:
        yield registry


@pytest.fixture
def hostile(one_registry):
    one_registry.reset()
    return one_registry


@pytest.fixture(autouse=True)
def nothing_stays(bare):
    before, images, daemon = bare.files(), bare.images(), bare.daemon_pid()
    yield
    assert bare.images() == images and bare.files() == before
    assert bare.daemon_pid() == daemon and bare.leftovers() == []
    assert not OUTSIDE.exists()


@pytest.fixture
def name():
    """A new one, because a registry's token and what came from it are remembered."""
    return f"hostile/number-{next(_numbers)}:1"


def refused(box, registry, name, saying, *options):
    return box.refuses("image", "pull", "-q", *options, f"{registry.address}/{name}", saying=saying, timeout=SOON)


def layer(*entries):
    """A layer of these, unlike every other."""
    return tar([entry(f"number-{next(_numbers)}", "content"), *entries])


def good(**changes):
    return pieces([layer()], **changes)


def index(*children, **more):
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children), **more}


# --- documents

def a_list():
    return b"[]", {}


def not_json():
    return b'{"schemaVersion": 2,', {}


def nothing():
    return b"", {}


def text():
    return b"<html>not found</html>", {}


def deep_json():
    return b'{"schemaVersion": 2, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}


def both_kinds():
    manifest, blobs = good()
    return {**manifest, "manifests": [described(b"{}", MANIFEST)]}, blobs


def an_index_called_manifest():
    return {**index(described(b"{}", MANIFEST)), "mediaType": MANIFEST}, {}


def a_manifest_called_index():
    manifest, blobs = good()
    return {**manifest, "mediaType": INDEX}, blobs


def schema_1():
    return {"schemaVersion": 1, "name": "x", "tag": "1", "architecture": "amd64", "fsLayers": [{"blobSum": "sha256:" + "0" * 64}],
            "history": [{"v1Compatibility": "{}"}]}, {}


def many_layers():
    manifest, blobs = good()
    return {**manifest, "layers": manifest["layers"] * 40_000}, blobs


def too_large():
    manifest, blobs = good()
    return {**manifest, "annotations": {"x": "x" * (9 << 20)}}, blobs


def no_layers():
    manifest, blobs = good()
    return {**manifest, "layers": "none"}, blobs


def no_config():
    manifest, blobs = good()
    del manifest["config"]
    return manifest, blobs


def a_layer_that_is_a_number():
    manifest, blobs = good()
    return {**manifest, "layers": [7]}, blobs


def with_layer(**changes):
    def make():
        manifest, blobs = good()
        return {**manifest, "layers": [{**manifest["layers"][0], **changes}]}, blobs
    return make


def hostile_digest(wrong):
    return with_layer(digest=wrong)


def upper_case():
    manifest, blobs = good()
    return {**manifest, "layers": [{**each, "digest": "sha256:" + each["digest"][7:].upper()} for each in manifest["layers"]]}, blobs


def two_sizes():
    manifest, blobs = good()
    only = manifest["layers"][0]
    return {**manifest, "layers": [only, {**only, "size": only["size"] + 1}]}, blobs


def size_off(by):
    def make():
        manifest, blobs = good()
        only = manifest["layers"][0]
        return {**manifest, "layers": [{**only, "size": only["size"] + by}]}, blobs
    return make


def config_is(data):
    return lambda: good(settings=data)


def config_with(**changes):
    def make():
        only = layer()
        return pieces([only], settings=config([only], **changes))
    return make


def config_is_the_layer():
    manifest, blobs = good()
    return {**manifest, "config": {**manifest["layers"][0], "mediaType": CONFIG}}, blobs


def more_diff_ids():
    only = layer()
    return pieces([only], settings=config([only, only]))


def wrong_diff_id():
    return pieces([layer()], settings=config([layer()]))


def an_artifact():
    manifest, blobs = good()
    return {**manifest, "config": {**manifest["config"], "mediaType": "application/vnd.example.thing+json"}, "artifactType": "thing/x"}, blobs


DOCUMENTS = [
    (a_list, "JSON object"), (not_json, "JSON document"), (nothing, "JSON"), (text, "JSON document"), (deep_json, "JSON document"),
    (both_kinds, "index and a manifest at once"), (an_index_called_manifest, "media type|announced"),
    (a_manifest_called_index, "media type|announced"), (schema_1, "schema 1"), (many_layers, "40000 layers|larger"), (too_large, "8 MiB|larger|limit"),
    (no_layers, "layers"), (no_config, "config"), (a_layer_that_is_a_number, r"layers\[0\]"),
    (upper_case, "digest"), (two_sizes, "two sizes"), (more_diff_ids, "2|diff_ids|layers"), (wrong_diff_id, "DiffID|diff_id|uncompressed|unpack"),
    (config_is_the_layer, "config"), (an_artifact, "kind that can't be run"),
]
NAMED = {
    "a digest of sha512": (hostile_digest("sha512:" + "0" * 128), "sha512|digest"), "a digest of md5": (hostile_digest("md5:" + "0" * 32), "digest"),
    "a digest that is a path": (hostile_digest("sha256:../../../../etc/passwd"), "digest"), "a short digest": (hostile_digest("sha256:00"), "digest"),
    "a digest that is a number": (hostile_digest(7), "digest"), "no digest": (hostile_digest(None), "digest"),
    "a long digest": (hostile_digest("sha256:" + "0" * 1_000_000), "digest"),
    "a size below zero": (with_layer(size=-1), "size"), "a size that is text": (with_layer(size="1"), "size"), "half a byte": (with_layer(size=0.5), "size"),
    "a size beyond all limits": (with_layer(size=1 << 62), "limit"), "a size beyond numbers": (with_layer(size=1 << 80), "size"),
    "a layer that is longer": (size_off(-1), "bytes"), "a layer that is shorter": (size_off(+1), "bytes"), "a layer of no bytes": (with_layer(size=0), "bytes|sha256"),
    "an unknown compression": (with_layer(mediaType=LAYER + "+lzma"), "lzma"), "a gzip that is none": (with_layer(mediaType=LAYER + "+gzip"), "gzip|layer"),
    "an encrypted layer": (with_layer(mediaType=LAYER + "+encrypted"), "encrypted"),
    "a config that is a list": (config_is(b"[]"), "config.*JSON object"), "a config that is no JSON": (config_is(b"\0\1\2"), "config.*JSON"),
    "an empty config": (config_is(b"{}"), "config|platform|kind"), "a config without layers": (config_with(rootfs={}), "diff_ids"),
    "a config of numbers": (config_with(rootfs={"type": "layers", "diff_ids": [1]}), "diff_ids"),
    "a config that climbs": (config_with(rootfs={"type": "layers", "diff_ids": ["sha256:../../x"]}), "diff_ids"),
    "a config without an architecture": (config_with(architecture=""), "architecture|platform|kind"),
    "a config with a wrong command": (config_with(config={"Cmd": {"a": 1}}), "cmd|config"),
}


@pytest.mark.parametrize("make, saying", [pytest.param(make, saying, id=make.__name__) for make, saying in DOCUMENTS]
                         + [pytest.param(*each, id=what) for what, each in NAMED.items()])
def test_a_document_that_is_wrong_is_refused(bare, hostile, name, make, saying):
    manifest, blobs = make()
    hostile.publish(name, manifest, blobs)
    refused(bare, hostile, name, saying)


def test_a_document_announced_as_what_it_is_not(bare, hostile, name):
    hostile.publish(name, *good(), media_type=INDEX)
    refused(bare, hostile, name, "announced")


# --- indexes

def platform(architecture="amd64", system="linux"):
    return {"platform": {"os": system, "architecture": architecture}}


def test_indexes_that_nest_too_deep_are_refused(bare, hostile, name):
    manifest, blobs = good()
    repository = name.rpartition(":")[0]
    child = hostile.publish(f"{repository}:leaf", manifest, blobs)
    for depth in range(20):
        child = hostile.publish(f"{repository}:{depth}", index({**child, **platform()}))
    refused(bare, hostile, f"{repository}:19", "nest|deep|level|index")


def test_an_index_that_names_itself_is_refused(bare, hostile, name):
    """It can't, with true digests; a registry may still answer every question with the same bytes."""
    document = json.dumps(index({"mediaType": INDEX, "digest": "sha256:" + "0" * 64, "size": 300, **platform()})).encode()
    repository = name.rpartition(":")[0]
    hostile.publish(name, document, media_type=INDEX)
    hostile.manifests[repository, "sha256:" + "0" * 64] = document, INDEX, {"Docker-Content-Digest": "sha256:" + "0" * 64}
    refused(bare, hostile, name, "sha256:0000|bytes")
    assert len(hostile.requests("", "/manifests/")) < 20


@pytest.mark.parametrize("children, saying", [
    ([], "kind|empty|platform|nothing|no "), ([{**described(b"{}", MANIFEST), **platform("s390x")}], "s390x"),
    ([7], r"manifests\[0\]"), ([{**described(b"{}", MANIFEST), **platform()}], "no such"),
    ([{**described(b"{}", MANIFEST), **platform()}] * 5000, "5000 manifests"), ("all", "manifests"),
    ([{"mediaType": MANIFEST, "digest": "sha256:../../../x", "size": 2, **platform()}], "digest")],
    ids=["empty", "of another machine", "of numbers", "of what is missing", "too many", "text", "a path"])
def test_an_index_that_is_wrong_is_refused(bare, hostile, name, children, saying):
    hostile.publish(name, {**index(), "manifests": children})
    refused(bare, hostile, name, saying)


def test_an_index_whose_child_is_another_platform_than_it_says(bare, hostile, name):
    """The config decides what runs."""
    only = layer()
    manifest, blobs = pieces([only], settings=config([only], architecture="arm64"))
    child = hostile.publish(f"{name.rpartition(':')[0]}:child", manifest, blobs)
    hostile.publish(name, index({**child, **platform()}))
    done = bare("image", "pull", "-q", f"{hostile.address}/{name}", timeout=SOON)
    if done.rc == 0:
        [variant] = bare.ok("image", "inspect", done.line).json[0]["variants"]
        assert variant["platform"]["architecture"] == "arm64"
        bare.ok("image", "delete", done.line)
        bare.ok("image", "prune")


# --- layers

UP = "../" * 30
LAYERS = {
    "a name that climbs out": ([entry(UP + "tmp/bulkhead-escaped", "x")], r"\.\."),
    "a name that climbs halfway": ([entry("a/" + UP + "tmp/bulkhead-escaped", "x")], r"\.\."),
    "a hard link out": ([entry("h", type=tarfile.LNKTYPE, linkname=UP + "etc/passwd")], r"\.\."),
    "a hard link to nothing": ([entry("h", type=tarfile.LNKTYPE, linkname="not/there")], "not/there"),
    "a whiteout of the parent": ([entry("a/.wh...", "")], "wh"),
}


@pytest.mark.parametrize("what", LAYERS)
def test_a_layer_that_climbs_out_is_refused(bare, hostile, name, what):
    entries, saying = LAYERS[what]
    hostile.publish(name, *pieces([layer(*entries)]))
    refused(bare, hostile, name, saying)


def test_a_link_to_an_absolute_place_leads_nowhere(bare, hostile, name):
    """Links are followed inside the image, as its own root would: it is refused, or lands inside."""
    hostile.publish(name, *pieces([layer(entry("link", type=tarfile.SYMTYPE, linkname="/tmp")), layer(entry("link/bulkhead-escaped", "x"))]))
    done = bare("image", "pull", "-q", f"{hostile.address}/{name}", timeout=SOON)
    assert not OUTSIDE.exists()
    if done.rc == 0:
        bare.ok("image", "delete", done.line)
        bare.ok("image", "prune")


def test_a_bomb_is_refused(bare, hostile, name):
    """Two GiB in two MiB; the disk has room for neither of them to be believed."""
    whole = bomb(2 << 30)
    manifest, blobs = pieces([b"x"])
    settings = json.dumps(config([b"x"])).encode()
    manifest = {**manifest, "config": described(settings, CONFIG), "layers": [described(whole, LAYER + "+gzip")]}
    hostile.publish(name, manifest, {**blobs, digest(settings): settings, digest(whole): whole})
    refused(bare, hostile, name, "times|bomb|compress|unpack|larger")


def bomb(size):
    info = tarfile.TarInfo("zeros")
    info.size = size
    import zlib
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 24)
    return packer.compress(info.tobuf()) + b"".join(packer.compress(piece) for _ in range(size >> 24)) + packer.flush()


def test_a_layer_cut_short_inside_is_refused(bare, hostile, name):
    """All its bytes are there; it is the archive in it that ends too early."""
    only = gzip.compress(layer(entry("large", b"x" * 100_000)))[:-20]
    manifest, blobs = pieces([b"x"])
    hostile.publish(name, {**manifest, "layers": [described(only, LAYER + "+gzip")]}, {**blobs, digest(only): only})
    refused(bare, hostile, name, "end|cut|gzip|short|truncated")


@pytest.mark.parametrize("kind", [LAYER, "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                                  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"])
def test_a_layer_that_lies_elsewhere_is_not_fetched(bare, hostile, name, kind):
    with web.Server(answer(200)) as elsewhere:
        manifest, blobs = good()
        manifest["layers"][0] = {**manifest["layers"][0], "mediaType": kind, "urls": [elsewhere.url + "/layer", "file:///etc/passwd"]}
        hostile.publish(name, manifest, blobs)
        refused(bare, hostile, name, "other hosts")
        assert elsewhere.connections == 0


def test_annotations_are_only_text(bare, hostile, name):
    """They name nothing here, neither images nor files."""
    tricks = {"org.opencontainers.image.ref.name": "../../../tmp/bulkhead-escaped", "io.containerd.image.name": "docker.io/library/busybox:latest",
              "org.opencontainers.image.title": str(OUTSIDE), "x" * 1000: "\x1b[31m\0"}
    manifest, blobs = good(annotations=tricks)
    manifest["layers"][0]["annotations"] = tricks
    child = hostile.publish(f"{name.rpartition(':')[0]}:child", manifest, blobs)
    hostile.publish(name, index({**child, **platform(), "annotations": tricks}, annotations=tricks))
    reference = bare.ok("image", "pull", "-q", f"{hostile.address}/{name}", timeout=SOON).line
    assert bare.images() == [reference]
    bare.ok("image", "delete", reference)
    bare.ok("image", "prune")
