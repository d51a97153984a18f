"""Registries that lie: whatever a document, a header or a token says, it is refused with a reason, nothing of it gets a name, nobody else is
asked for it, and the service goes on."""
import gzip
import itertools
import json
import pathlib
import tarfile
import zlib

import pytest

from support import archives, noise, processes, web
from support.archives import CONFIG, INDEX, LAYER, MANIFEST, digest, entry, tar
from support.box import one_sentence
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
    assert bare.images() == images
    processes.wait_until(lambda: bare.files() == before, 15, "the end of what was being unpacked")
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


def very_many_layers():
    manifest, blobs = good()
    return {**manifest, "layers": manifest["layers"] * 100_000}, blobs


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
    only = layer()
    manifest, blobs = pieces([only], settings=config([only, only]))
    manifest["layers"].append({**manifest["layers"][0], "size": 7})
    return manifest, blobs


def size_off(by):
    def make():
        manifest, blobs = good()
        only = manifest["layers"][0]
        return {**manifest, "layers": [{**only, "size": only["size"] + by}]}, blobs
    return make


def layer_is(data):
    return lambda: pieces([data + f"{next(_numbers)}".encode()])


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
    (a_manifest_called_index, "media type|announced"), (schema_1, "schema 1"), (many_layers, "40000 layers"), (very_many_layers, "larger"), (too_large, "larger"),
    (no_layers, "layers"), (no_config, "config"), (a_layer_that_is_a_number, r"layers\[0\]"),
    (upper_case, "lower-case"), (two_sizes, "two sizes"), (more_diff_ids, "config lists 2"), (wrong_diff_id, "config promises"),
    (config_is_the_layer, "config"), (an_artifact, "kind that can't be run"),
]
NAMED = {
    "a digest of sha512": (hostile_digest("sha512:" + "0" * 128), "sha512|digest"), "a digest of md5": (hostile_digest("md5:" + "0" * 32), "digest"),
    "a digest that is a path": (hostile_digest("sha256:../../../../etc/passwd"), "isn't a SHA-256"), "a short digest": (hostile_digest("sha256:00"), "isn't a SHA-256"),
    "a digest that is a number": (hostile_digest(7), "digest"), "no digest": (hostile_digest(None), "digest"),
    "a long digest": (hostile_digest("sha256:" + "0" * 1_000_000), "isn't a SHA-256"),
    "a size below zero": (with_layer(size=-1), "size"), "a size that is text": (with_layer(size="1"), "size"), "half a byte": (with_layer(size=0.5), "size"),
    "a size beyond all limits": (with_layer(size=1 << 62), "limit"), "a size beyond numbers": (with_layer(size=1 << 80), "size"),
    "a layer that is longer": (size_off(-1), "bytes"), "a layer that is shorter": (size_off(+1), "bytes"), "a layer of no bytes": (with_layer(size=0), "bytes|sha256"),
    "an unknown compression": (layer_is(b"\xfd7zXZ\0" + b"xz" * 1000), "xz"),
    "a layer that is no archive": (layer_is(b"\1\2\3" * 1000), "archive"), "a layer of text": (layer_is(b"<html>"), "archive"),
    "a gzip that is cut": (layer_is(gzip.compress(b"")[:10]), "gzip stream"), # Here it is what a library says of itself.
    "a zstd that is cut": (layer_is(archives.zstd(b"x" * 1000)[:9]), "before anything comes out"),
    "a config that is a list": (config_is(b"[]"), "config.*JSON object"), "a config that is no JSON": (config_is(b"\0\1\2"), "config.*JSON"),
    "an empty config": (config_is(b"{}"), "platform"), "a config without layers": (config_with(rootfs={}), "diff_ids"),
    "a config of numbers": (config_with(rootfs={"type": "layers", "diff_ids": [1]}), "diff_ids"),
    "a config that climbs": (config_with(rootfs={"type": "layers", "diff_ids": ["sha256:../../x"]}), "diff_ids"),
    "a config without an architecture": (config_with(architecture=""), "platform without"),
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
    refused(bare, hostile, f"{repository}:19", "nested too deep")


def test_an_index_that_names_itself_is_refused(bare, hostile, name):
    """It can't, with true digests; a registry may still answer every question with the same bytes."""
    document = json.dumps(index({"mediaType": INDEX, "digest": "sha256:" + "0" * 64, "size": 300, **platform()})).encode()
    repository = name.rpartition(":")[0]
    hostile.publish(name, document, media_type=INDEX)
    hostile.manifests[repository, "sha256:" + "0" * 64] = document, INDEX, {"Docker-Content-Digest": "sha256:" + "0" * 64}
    refused(bare, hostile, name, "sha256:0000|bytes")
    assert len(hostile.requests("", "/manifests/")) < 20


@pytest.mark.parametrize("children, saying", [
    ([], "no content for platform"), ([{**described(b"number 1", MANIFEST), **platform("s390x")}], "s390x"),
    ([7], r"manifests\[0\]"), ([{**described(b"number 2", MANIFEST), **platform()}], "no such"),
    ([{**described(b"{}", MANIFEST), **platform()}] * 5000, "5000 manifests"), ("all", "manifests"),
    ([{"mediaType": MANIFEST, "digest": "sha256:../../../x", "size": 2, **platform()}], "isn't a SHA-256")],
    ids=["empty", "of another machine", "of numbers", "of what is missing", "too many", "text", "a path"])
def test_an_index_that_is_wrong_is_refused(bare, hostile, name, children, saying):
    hostile.publish(name, {**index(), "manifests": children})
    refused(bare, hostile, name, saying)


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
    refused(bare, hostile, name, "bomb")


def bomb(size):
    info = tarfile.TarInfo("zeros")
    info.size = size
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 24)
    return packer.compress(info.tobuf()) + b"".join(packer.compress(piece) for _ in range(size >> 24)) + packer.flush()


def test_a_layer_cut_short_inside_is_refused(bare, hostile, name):
    """All its bytes are there; it is the archive in it that ends too early."""
    only = gzip.compress(layer(entry("large", b"x" * 100_000)))[:-20]
    manifest, blobs = pieces([b"x"])
    hostile.publish(name, {**manifest, "layers": [described(only, LAYER + "+gzip")]}, {**blobs, digest(only): only})
    refused(bare, hostile, name, "truncated")


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


# --- what the registry says beside the documents

def test_another_manifest_than_was_asked_for_by_digest_is_refused(bare, hostile, name):
    repository = name.rpartition(":")[0]
    wanted, blobs = good()
    wanted = hostile.publish(f"{repository}:wanted", wanted, blobs)
    other, blobs = good()
    hostile.publish(f"{repository}:other", other, blobs)
    hostile.manifests[repository, wanted["digest"]] = hostile.manifests[repository, "other"]
    refused(bare, hostile, f"{repository}@{wanted['digest']}", "sha256")


def test_another_body_under_the_digest_that_the_header_claims_is_refused(bare, hostile, name):
    repository = name.rpartition(":")[0]
    wanted, blobs = good()
    wanted = hostile.publish(f"{repository}:wanted", wanted, blobs)
    other, blobs = good()
    hostile.publish(f"{repository}:other", other, blobs)
    hostile.manifests[repository, wanted["digest"]] = *hostile.manifests[repository, "other"][:2], {"Docker-Content-Digest": wanted["digest"]}
    refused(bare, hostile, f"{repository}@{wanted['digest']}", "sha256|bytes")


def test_head_and_get_that_disagree_give_no_image(bare, hostile, name):
    """HEAD announces one, GET brings another under the same digest."""
    repository = name.rpartition(":")[0]
    announced, blobs = good()
    hostile.publish(name, announced, blobs)
    brought, blobs = good()
    brought = hostile.publish(f"{repository}:brought", brought, blobs)
    digest_announced = digest(json.dumps(announced).encode())

    def either(exchange):
        one = (repository, "1") if exchange.command == "HEAD" else (repository, "brought")
        body, kind, _ = hostile.manifests[one]
        exchange.reply(200, body, {"Content-Type": kind, "Docker-Content-Digest": digest_announced})
    for reference in ("1", digest_announced):
        hostile.special[f"/v2/{repository}/manifests/{reference}"] = either
    refused(bare, hostile, name, "sha256|bytes")


@pytest.mark.parametrize("said", ["sha512:" + "0" * 128, "sha256:" + "A" * 64, "sha256:../../x", "sha256:", "x", "\x1b[31m"])
def test_a_digest_header_that_is_nonsense_names_nothing(bare, hostile, name, said):
    """It is refused, or the document is fetched and its own digest counts."""
    manifest, blobs = good()
    published = hostile.publish(name, manifest, blobs, headers={"Docker-Content-Digest": said})
    done = bare("image", "pull", "-q", f"{hostile.address}/{name}", timeout=SOON)
    if done.rc == 0:
        assert digest_of(bare, done.line) == published["digest"]
        bare.ok("image", "delete", done.line)
        bare.ok("image", "prune")
    else:
        one_sentence(done)
        assert "\x1b" not in done.err


def test_a_blob_that_is_another_is_refused(bare, hostile, name):
    manifest, blobs = good()
    hostile.publish(name, manifest, blobs)
    only = manifest["layers"][0]["digest"]
    hostile.blobs[only] = bytes([hostile.blobs[only][0] ^ 1]) + hostile.blobs[only][1:]
    refused(bare, hostile, name, "sha256")


def test_an_errors_text_does_not_reach_the_terminal_as_it_is(bare, hostile, name):
    said = {"errors": [{"code": "DENIED", "message": "\x1b[2J\x07line\nError: another\r" + "x" * 10_000}]}
    hostile.special[f"/v2/{name.rpartition(':')[0]}/manifests/1"] = answer(403, body=json.dumps(said).encode())
    done = refused(bare, hostile, name, "denies")
    assert not [c for c in done.err if c < " " and c != "\n"] and len(done.err) < 2000


# --- who are you

@pytest.mark.parametrize("challenge, saying", [
    ("", "kind of login"), ("Bearer", "kind of login"), ("Bearer realm=", "kind of login"), ("Negotiate", "kind of login"), ("=,=,=", "kind of login"),
    ('Bearer realm="', "kind of login"), ('Bearer realm="file:///etc/passwd"', "tokens"), ('Bearer realm="x"', "tokens"),
    ('Bearer realm="gopher://127.0.0.1:1/"', "tokens"), ('Bearer realm="http://"', "for tokens"), ('Bearer realm="http://127.0.0.1:1/\\x"', "127.0.0.1:1"),
    ('Basic realm="a", ' * 5000, "denies"), ('Bearer realm="' + "x" * 60_000 + '"', "for tokens"),
    ("\x00\x7f\xff", "login|denies|header"), ('Bearer realm="http://a:b@127.0.0.1:1/"', "for tokens")],
    ids=["empty", "no realm", "an empty realm", "unknown", "only signs", "an open quote", "a file", "no address", "another protocol", "no host",
         "a backslash", "very many", "very long", "no text", "with a user"])
def test_a_challenge_that_is_nonsense_is_refused(bare, hostile, name, challenge, saying):
    hostile.publish(name, *good())
    hostile.special[f"/v2/{name.rpartition(':')[0]}/manifests/1"] = answer(401, {"WWW-Authenticate": challenge})
    refused(bare, hostile, name, saying)


TOKENS = {
    "no JSON": (answer(200, body=b"<html>"), "JSON"), "nothing": (answer(200, body=b""), "JSON"), "a list": (answer(200, body=b"[]"), "JSON object"),
    "no token": (answer(200, body=b"{}"), "no token"), "an empty token": (answer(200, body=b'{"token": ""}'), "no token"),
    "a number": (answer(200, body=b'{"token": 7}'), "no token"),
    "CR LF": (answer(200, body=b'{"token": "abc\\r\\nX-Injected: yes"}'), "no token"),
    "a new line": (answer(200, body=b'{"token": "abc\\nX-Injected: yes"}'), "no token"),
    "a zero byte": (answer(200, body=b'{"token": "abc\\u0000def"}'), "no token"),
    "a huge token": (answer(200, body=b'{"token": "' + b"x" * 900_000 + b'"}'), "no token"),
    "a huge answer": (answer(200, body=b'{"token": "' + b"x" * 9_000_000 + b'"}'), "no end"),
    "an endless answer": (endless_body, "no end"), "a refusal": (answer(401), "denies"), "404": (answer(404), "no such"),
    "500": (answer(500), "500"), "a redirect to a file": (redirect("file:///etc/passwd"), "redirects"),
}


@pytest.mark.parametrize("what", TOKENS)
def test_a_token_server_that_says_nonsense_is_refused(bare, hostile, name, what):
    act, saying = TOKENS[what]
    hostile.publish(name, *good())
    hostile.challenge = f'Bearer realm="{hostile.url}/token",service="x"'
    hostile.special["/token"] = act
    refused(bare, hostile, name, saying)
    assert not [each for each in hostile.seen if "x-injected" in each.headers]


def test_a_token_server_that_is_down_is_tried_as_often_as_a_registry(bare, hostile, name):
    # Now it is tried that often for each of that many tries of the request it is for.
    hostile.publish(name, *good())
    hostile.challenge = f'Bearer realm="{hostile.url}/token"'
    hostile.special["/token"] = answer(503)
    refused(bare, hostile, name, "a token for")
    assert len(hostile.requests("GET", "/token")) == 2 * len(hostile.requests("HEAD", "/manifests/")) == 2, hostile.seen


def test_tokens_of_a_safe_registry_are_not_fetched_unsafely(bare, tmp_path, name):
    """https sends for its tokens to plain http: nobody is asked there, and no password is sent."""
    certificate = Authority(tmp_path / "ca").issue("registry")
    with HostileRegistry(tls=web.server_context(*certificate)) as safe, web.Server(answer(200, body=b'{"token": "x"}')) as unsafe:
        configure(bare, {"connect_seconds": 2, "stall_seconds": 2, "retries": 1}, {safe.address: {"ca": tmp_path / "ca" / "ca.pem"}})
        safe.challenge = f'Bearer realm="{unsafe.url}/token"'
        safe.publish(name, *good())
        refused(bare, safe, name, "isn't safe", "--scheme", "https")
        assert unsafe.connections == 0


# --- pushes

@pytest.fixture
def local(bare):
    """An image that is here, and is deleted in the end."""
    made = []

    def make(registry, name):
        layout, reference = archives.Layout(), f"{registry.address}/{name}"
        layout.image([noise.layer()], reference)
        bare.ok("image", "load", stdin=layout.archive())
        made.append(reference)
        return reference
    yield make
    for reference in made:
        bare.ok("image", "delete", reference)
    bare.ok("image", "prune")


def test_an_upload_to_another_host_goes_without_the_login(bare, hostile, name, local):
    with HostileRegistry() as elsewhere:
        hostile.challenge, hostile.upload_place = 'Basic realm="x"', elsewhere.url + "/v2/x/blobs/uploads/1"
        bare.ok("registry", "login", "-u", "alice", "--password-stdin", hostile.address, stdin="secret")
        reference = local(hostile, name)
        bare.ok("image", "push", "-q", reference, timeout=SOON)
        bare.ok("registry", "logout", hostile.address)
        assert elsewhere.uploaded and all(digest(body) == its or not body for its, body in elsewhere.uploaded.items())
        assert not [each for each in elsewhere.seen if "authorization" in each.headers], "the login went elsewhere"
        assert [each for each in hostile.requests("POST") if "authorization" in each.headers]


def test_an_upload_from_https_to_plain_http_is_refused(bare, tmp_path, name, local):
    certificate = Authority(tmp_path / "ca").issue("registry")
    with HostileRegistry(tls=web.server_context(*certificate)) as safe, HostileRegistry() as unsafe:
        configure(bare, {"connect_seconds": 2, "stall_seconds": 2, "retries": 1}, {safe.address: {"ca": tmp_path / "ca" / "ca.pem"}})
        safe.upload_place = unsafe.url + "/v2/x/blobs/uploads/1"
        bare.refuses("image", "push", "-q", "--scheme", "https", local(safe, name), saying="upload goes on", timeout=SOON)
        assert unsafe.connections == 0
