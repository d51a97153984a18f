"""What goes wrong on the way to a registry: a pull or a push ends in the right image or in one sentence, soon, and holds nothing open.

The limits are small here (two seconds of silence, two more tries), so that giving up takes seconds. A fault that happens once must not be
noticed by who pulls; one that happens for ever must end. Those that need their time before the service gives up happen all at once.
"""
import itertools
import json
import time

import pytest

from support import archives, noise, processes, web
from support.certificates import Authority
from support.fault_proxy import (FaultProxy, another_digest, answer, busy, corrupt, cut, endless_body, endless_headers, ignore_range,
                                 length, range_refused, redirect, redirect_loop, silence, slow_loris, spent, stall, without_length, wrong_range)
from support.hostile_registry import HostileRegistry, pieces
from support.processes import wait_until
from support.registry import Registry, configure
from support.token_server import TokenServer
from support.box import one_sentence
from support.transfers import digest_of, incoming, put

SETTINGS = {"connect_seconds": 2, "stall_seconds": 2, "retries": 2}
SOON = 60  # of giving up; it should take a fraction of this, but hosts are slow at times
BLOBS = "/blobs/sha256:"


@pytest.fixture(scope="module", autouse=True)
def at_rest(bare, registry):
    """What the service holds open after a first pull and push: (files, processes)."""
    configure(bare, SETTINGS)
    bare.ok("system", "property", "set", "template.enabled", "false")  # what is built when the service is at rest would be open as well
    reference = put(registry, noise.image(), "warm/up:1")
    bare.ok("image", "pull", reference)
    bare.ok("image", "push", reference)
    time.sleep(3)  # what was pushed is closed a little later
    return processes.descriptors(bare.root)[0], set(processes.of_root(bare.root))


@pytest.fixture(autouse=True)
def no_process_more_or_less(bare, at_rest):
    yield
    wait_until(lambda: set(processes.of_root(bare.root)) == at_rest[1], 15, f"the same processes as before: {at_rest[1]}")


def holds_no_more_open(box, at_rest):
    wait_until(lambda: processes.descriptors(box.root)[0] <= at_rest[0], 15, f"as few open files as before, {at_rest[0]}")
    assert processes.descriptors(box.root)[1] <= 16, "connections that are kept for the next request are few"


def arrives(box, reference, upstream, timeout=SOON):
    box.ok("image", "pull", "-q", reference, timeout=timeout)
    assert digest_of(box, reference) == upstream.digest(reference.partition("/")[2])


def is_refused(box, reference, *options, saying=""):
    box.refuses("image", "pull", "-q", *options, reference, saying=saying, timeout=SOON)
    assert reference not in box.images()


def is_one_or_the_other(box, reference, upstream):
    """The right image, or a sentence and none."""
    done = box("image", "pull", "-q", reference, timeout=SOON)
    if done.rc == 0:
        assert digest_of(box, reference) == upstream.digest(reference.partition("/")[2])
    else:
        assert done.rc == 1
        one_sentence(done)
        assert reference not in box.images()


def parts_of(layer, box):
    """The sizes of what is kept of it while it isn't in an image."""
    return [size for name, size in incoming(box).items() if archives.digest(layer)[7:] in name]


# --- once: nobody notices

def each(*acts):
    return [pytest.param(act, id=what) for what, act in acts]


SIZE = len(noise.layer(200_000))
ONCE = each(("an end before the first byte", cut(0)), ("a reset before the first byte", cut(0, reset=True)),
            ("an end after one byte", cut(1)), ("a reset after one byte", cut(1, reset=True)),
            ("an end halfway", cut(100_000)), ("a reset halfway", cut(100_000, reset=True)),
            ("an end before the last byte", cut(SIZE - 1)), ("a reset before the last byte", cut(SIZE - 1, reset=True)),
            ("a reset after the last byte", cut(SIZE, reset=True)), ("too many requests", busy(1)), ("too many requests until a date", busy(1, as_date=True)), ("a timeout", answer(408)),
            ("500", answer(500)), ("502", answer(502)), ("503", answer(503)), ("504", answer(504)),
            ("no length", without_length))


@pytest.mark.parametrize("act", ONCE)
def test_a_layers_fault_that_passes_is_not_noticed(bare, proxy, at_rest, act):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "once/layer:1")
    fault = proxy.fault(archives.digest(layer), act, times=1)
    arrives(bare, reference, proxy.upstream)
    assert fault.hits == 1 and parts_of(layer, bare) == []
    holds_no_more_open(bare, at_rest)


@pytest.mark.parametrize("act", each(("an end", cut(0)), ("an end halfway", cut(100)), ("a reset", cut(100, reset=True)), ("503", answer(503)),
                                     ("too many requests", busy(1)), ("no length", without_length)))
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_manifests_fault_that_passes_is_not_noticed(bare, proxy, method, act):
    reference = put(proxy, noise.image(), "once/manifest:1")
    fault = proxy.fault("/manifests/", act, times=1, method=method)
    arrives(bare, reference, proxy.upstream)
    assert fault.hits == 1


def test_who_says_when_to_come_back_is_obeyed(bare, proxy):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "once/obeyed:1")
    proxy.fault(archives.digest(layer), busy(2), times=1)
    arrives(bare, reference, proxy.upstream)
    first, second = proxy.requests("GET", archives.digest(layer))
    assert second.began - first.ended >= 1.9


# --- what is said about the body

@pytest.mark.parametrize("at", [0, 100_000, SIZE - 1])
def test_a_corrupt_byte_does_not_get_into_an_image(bare, proxy, at):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "corrupt/layer:1")
    proxy.fault(archives.digest(layer), corrupt(at), times=1)
    is_one_or_the_other(bare, reference, proxy.upstream)
    arrives(bare, reference, proxy.upstream)


@pytest.mark.parametrize("part", ["/manifests/", BLOBS], ids=["manifest", "blob"])
def test_a_byte_that_is_always_corrupt_is_refused(bare, proxy, part):
    reference = put(proxy, noise.image(), "corrupt/always:1")
    proxy.fault(part, corrupt(50))
    is_refused(bare, reference, saying="sha256:")
    assert proxy.upstream.digest("corrupt/always:1")[7:] not in incoming(bare) or part == BLOBS


@pytest.mark.parametrize("act", each(("shorter than promised", length(-1000)), ("longer than promised", length(+1000))))
def test_a_layer_of_another_length_is_refused_for_ever(bare, proxy, act):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "length/layer:1")
    proxy.fault(archives.digest(layer), act)
    is_one_or_the_other(bare, reference, proxy.upstream)
    proxy.clear()
    arrives(bare, reference, proxy.upstream)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_wrong_digest_in_a_header_does_not_name_an_image(bare, proxy, method):
    reference = put(proxy, noise.image(), "digest/wrong:1")
    proxy.fault("/manifests/", another_digest, method=method)
    is_one_or_the_other(bare, reference, proxy.upstream)


# --- going on

def test_after_a_cut_the_rest_alone_is_fetched(bare, proxy):
    layer = noise.layer(1_000_000)
    reference = put(proxy, noise.image(layer), "rest/once:1")
    proxy.fault(archives.digest(layer), cut(700_000), times=1)
    arrives(bare, reference, proxy.upstream)
    assert [each.range for each in proxy.requests("GET", archives.digest(layer))] == [None, 700_000]


def test_a_line_that_is_cut_again_and_again_serves_each_byte_once(bare, proxy):
    """Each piece is progress: more cuts than tries are no reason to give up."""
    layer = noise.layer(1_000_000)
    reference = put(proxy, noise.image(layer), "rest/often:1")
    proxy.fault(archives.digest(layer), cut(200_000))
    arrives(bare, reference, proxy.upstream)
    begins = [each.range or 0 for each in proxy.requests("GET", archives.digest(layer))]
    assert begins == [0, 200_000, 400_000, 600_000, 800_000, 1_000_000][:len(begins)] and len(begins) >= 5, begins


@pytest.mark.parametrize("then", each(("the whole comes again", ignore_range), ("another part comes", wrong_range), ("no part is given", range_refused)))
def test_who_does_not_give_the_rest_gets_no_wrong_image(bare, proxy, then):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "rest/refused:1")
    proxy.fault(archives.digest(layer), cut(100_000), times=1)
    proxy.fault(archives.digest(layer), then)
    if then is ignore_range:
        arrives(bare, reference, proxy.upstream)
    else:
        is_one_or_the_other(bare, reference, proxy.upstream)
    proxy.clear()
    arrives(bare, reference, proxy.upstream)


def test_after_giving_up_the_part_is_kept_and_the_next_pull_goes_on(bare, proxy):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "rest/later:1")
    proxy.fault(archives.digest(layer), cut(50_000), times=1)
    proxy.fault(archives.digest(layer), answer(503))
    is_refused(bare, reference, saying="503")
    assert parts_of(layer, bare) == [50_000]
    proxy.clear()
    arrives(bare, reference, proxy.upstream)
    assert [each.range for each in proxy.requests("GET", archives.digest(layer))] == [50_000]
    assert parts_of(layer, bare) == []


# --- tokens

@pytest.mark.parametrize("uses", [1, 2])
def test_a_token_that_expires_midway_is_replaced(bare, tmp_path, uses):
    with TokenServer(tmp_path / "tokens") as tokens, Registry(tmp_path / "registry", tokens=tokens) as registry, FaultProxy(registry) as proxy:
        layers = [noise.layer() for _ in range(3)]
        layout = noise.image(*layers)
        header = {"Authorization": "Bearer " + tokens.sign(token_for("spent/token"))}
        put_with(registry, layout, "spent/token:1", header)
        act = spent(uses)
        proxy.fault(archives.digest(layers[1]), cut(100_000), times=1)
        proxy.fault("/v2/", act)
        proxy.fault("/v2/", act, method="HEAD")
        bare.ok("image", "pull", "-q", f"{proxy.address}/spent/token:1", timeout=SOON)
        assert digest_of(bare, f"{proxy.address}/spent/token:1") == layout.manifests[-1]["digest"]
        assert tokens.given > 1


def token_for(repository):
    now = int(time.time())
    return {"iss": "test-issuer", "sub": "alice", "aud": "test-registry", "jti": "1", "iat": now, "nbf": now - 10, "exp": now + 300,
            "access": [{"type": "repository", "name": repository, "actions": ["pull", "push"]}]}


def put_with(registry, layout, name, header):
    plain = registry.request
    registry.request = lambda method, path, body=None, headers=None: plain(method, path, body, {**(headers or {}), **header})
    try:
        registry.put(layout, name)
    finally:
        registry.request = plain


# --- redirects

def test_a_redirect_to_another_host_is_followed_without_the_login(bare):
    with HostileRegistry() as home, HostileRegistry() as elsewhere:
        home.challenge = 'Basic realm="home"'
        layer = noise.layer()
        manifest, blobs = pieces([layer])
        elsewhere.blobs.update(blobs)
        home.publish("moved:1", manifest, {digest: redirect(elsewhere.url) for digest in blobs})
        bare.ok("registry", "login", "-u", "alice", "--password-stdin", home.address, stdin="secret")
        reference = f"{home.address}/moved:1"
        bare.ok("image", "pull", "-q", reference, timeout=SOON)
        assert len(elsewhere.requests("GET", BLOBS)) == 2
        assert all("authorization" in each.headers for each in home.requests("GET", BLOBS)), "the login is needed at home"
        assert not [each for each in elsewhere.seen if "authorization" in each.headers], "the login went elsewhere"
        bare.ok("registry", "logout", home.address)


def test_a_redirect_stays_good_after_a_cut(bare, registry, proxy):
    with FaultProxy(registry) as elsewhere:
        layer = noise.layer()
        reference = put(proxy, noise.image(layer), "moved/cut:1")
        proxy.fault(archives.digest(layer), redirect(elsewhere.url))
        elsewhere.fault(archives.digest(layer), cut(100_000), times=1)
        arrives(bare, reference, registry)
        assert [each.range for each in elsewhere.requests("GET", archives.digest(layer))] == [None, 100_000]


@pytest.mark.parametrize("part, act", [("/manifests/", redirect_loop), (BLOBS, redirect_loop), (BLOBS, redirect("file:///etc/passwd")),
                                       (BLOBS, redirect("gopher://127.0.0.1:1/")), (BLOBS, answer(307, {"Location": "http://"})),
                                       (BLOBS, answer(307)), (BLOBS, redirect(""))],
                         ids=["manifests in a loop", "blobs in a loop", "a file", "another protocol", "no host", "nowhere", "nothing"])
def test_a_redirect_that_leads_nowhere_is_refused(bare, proxy, part, act):
    # An empty place, or none, is taken for the address without its last part, and that isn't there.
    reference = put(proxy, noise.image(), "moved/nowhere:1")
    proxy.fault(part, act, method="GET")
    proxy.fault(part, act, method="HEAD")
    is_refused(bare, reference, saying="redirect")
    assert len(proxy.requests("", part)) <= 30


def test_a_redirect_from_https_to_plain_http_is_refused(bare, registry, tmp_path):
    certificate = Authority(tmp_path / "ca").issue("registry")
    with FaultProxy(registry, tls=web.server_context(*certificate)) as safe, FaultProxy(registry) as plain:
        configure(bare, SETTINGS, {safe.address: {"ca": tmp_path / "ca" / "ca.pem"}})
        reference = put(safe, noise.image(), "moved/downgrade:1")
        safe.fault(BLOBS, redirect(plain.url))
        is_refused(bare, reference, "--scheme", "https", saying="https to plain http")
        assert plain.connections == 0
        safe.clear()
        bare.ok("image", "pull", "-q", "--scheme", "https", reference)
        configure(bare, SETTINGS)


# --- for ever: it ends

FOR_EVER = {
    "silence": ("/v2/", silence, "timed out|time|bytes"),
    "a silent manifest": ("/manifests/", stall(10), "time|bytes"),
    "a silent layer": (BLOBS, stall(100), "time|bytes"),
    "a silent layer after a part": (BLOBS, stall(30_000), "time|bytes"),
    "a byte a second": (BLOBS, slow_loris, "time|bytes|slow"),
    "a manifest byte by byte": ("/manifests/", slow_loris, "time|bytes|slow"),
    "a manifest without an end": ("/manifests/", endless_body, "larger|more"),
    "a layer without an end": (BLOBS, endless_body, "more"),
    "headers without an end": ("/manifests/", endless_headers, "headers"),
    "a layer's headers without an end": (BLOBS, endless_headers, "headers"),
    "ends at once": (BLOBS, cut(0), ""),
    "resets at once": (BLOBS, cut(0, reset=True), ""),
    "ends after a byte": (BLOBS, cut(1), ""),
    "500": (BLOBS, answer(500), "500"),
    "502": ("/manifests/", answer(502), "502"),
    "503": ("/v2/", answer(503), "503"),
    "too many requests": (BLOBS, busy(1), "too many requests"),
    "too many requests until a date": ("/v2/", busy(1, as_date=True), "too many requests"),
    "401": (BLOBS, answer(401), "login|denies"),
    "403": (BLOBS, answer(403), "denies"),
    "404": (BLOBS, answer(404), "no such"),
    "a status of its own": (BLOBS, answer(799), "799"),
}


# Once only: these are given a second try when it has been silent for long enough.
SLOWLY = {"silence halfway": stall(100_000), "silence": silence, "a byte a second": slow_loris, "silence before the last byte": stall(SIZE - 1)}


class Pulled:
    """What became of one of many pulls."""

    def __init__(self, proxy, number, layer, faults):
        for method, (part, act, times) in ((method, fault) for fault in faults for method in ("GET", "HEAD")):
            proxy.fault(part, act, times, method)
        self.proxy, self.layer = proxy, layer
        self.reference = put(proxy, noise.image(layer), f"many/number-{number}:1")

    def begin(self, box):
        self.began = time.monotonic()
        self.command = box.popen("image", "pull", "-q", self.reference)

    def end(self):
        self.out, err = self.command.communicate(timeout=180)
        self.rc, self.err, self.seconds = self.command.returncode, err.decode(), time.monotonic() - self.began


@pytest.fixture(scope="module")
def many(bare, registry, at_rest):
    """All that takes its time, at once, each with a proxy of its own."""
    proxies = [FaultProxy(registry) for _ in [*FOR_EVER, *SLOWLY]]
    pulls = {}
    for what, (part, act, _) in FOR_EVER.items():
        pulls["ever", what] = Pulled(proxies[len(pulls)], len(pulls), noise.layer(50_000), [(part, act, None)])
    for what, act in SLOWLY.items():
        layer = noise.layer()
        pulls["once", what] = Pulled(proxies[len(pulls)], len(pulls), layer, [(archives.digest(layer), act, 1)])
    configure(bare, {**SETTINGS, "retries": 1})
    for pull in pulls.values():
        pull.begin(bare)
    for pull in pulls.values():
        pull.end()
    configure(bare, SETTINGS)
    yield pulls
    for proxy in proxies:
        proxy.close()


@pytest.mark.parametrize("what", FOR_EVER)
def test_what_is_wrong_for_ever_is_given_up(bare, many, what):
    pull = many["ever", what]
    assert (pull.rc, pull.out) == (1, b""), pull.err
    one_sentence(pull, FOR_EVER[what][2])
    assert pull.reference not in bare.images()
    assert pull.seconds < SOON


@pytest.mark.parametrize("what", SLOWLY)
def test_a_silence_that_passes_is_not_noticed(bare, registry, many, what):
    pull = many["once", what]
    assert pull.rc == 0, pull.err
    assert digest_of(bare, pull.reference) == registry.digest(pull.reference.partition("/")[2])
    assert len(pull.proxy.requests("GET", archives.digest(pull.layer))) == 2


def test_nothing_is_held_open_after_pulls_that_failed(bare, many, at_rest):
    assert many
    holds_no_more_open(bare, at_rest)


# --- pushes

@pytest.fixture
def local(bare, proxy):
    """An image that is here and nowhere else: local(name) is (its reference at the proxy, its digest, its layer)."""
    def make(name, where=proxy, size=400_000):
        reference, layer = f"{where.address}/{name}", noise.layer(size)
        layout = archives.Layout()
        layout.image([layer], reference)
        bare.ok("image", "load", stdin=layout.archive())
        return reference, layout.manifests[-1]["digest"], layer
    return make


def pushes(box, reference, digest, upstream):
    box.ok("image", "push", "-q", reference, timeout=SOON)
    name = reference.partition("/")[2]
    assert upstream.digest(name) == digest
    for content in contents_of(upstream.manifest(name)):
        status, _, body = upstream.request("GET", f"/v2/{name.rpartition(':')[0]}/blobs/{content}")
        assert status == 200 and archives.digest(body) == content


def contents_of(manifest):
    document = json.loads(manifest)
    return [each["digest"] for each in [document["config"], *document["layers"]]]


def lost_midway(exchange):
    """The connection ends before the body has come."""
    exchange.rfile.read(100_000)
    exchange.hang_up(reset=True)


PUSH_ONCE = {
    "a reset in the bytes": ("/blobs/uploads/", lost_midway, "PATCH"),
    "an end instead of the answer to the bytes": ("/blobs/uploads/", "lost", "PATCH"),
    "500 to the bytes": ("/blobs/uploads/", answer(500), "PATCH"),
    "500 to the bytes that arrived": ("/blobs/uploads/", "arrived", "PATCH"),
    "500 to the beginning": ("/blobs/uploads/", answer(500), "POST"),
    "503 to the end": ("/blobs/uploads/", answer(503), "PUT"),
    "an end instead of the answer to the end": ("/blobs/uploads/", "lost", "PUT"),
    "502 to the question": (BLOBS, answer(502), "HEAD"),
    "500 to the manifest": ("/manifests/", answer(500), "PUT"),
    "an end instead of the answer to the manifest": ("/manifests/", "lost", "PUT"),
    "too many requests": ("/blobs/uploads/", busy(1), "POST"),
}


@pytest.mark.parametrize("what", PUSH_ONCE)
def test_a_pushs_fault_that_passes_is_not_noticed(bare, proxy, local, what):
    # Two fail: a lost answer to an upload's end isn't followed by a look whether it is there, a manifest isn't sent again at all.
    part, act, method = PUSH_ONCE[what]
    reference, digest, _ = local("push/once:1")
    fault = proxy.fault(part, {"arrived": arrived_and_500, "lost": arrived_and_silent}.get(act, act), times=1, method=method)
    pushes(bare, reference, digest, proxy.upstream)
    assert fault.hits == 1


def arrived_and_500(exchange):
    exchange.server.ask(exchange)
    exchange.reply(500)


def arrived_and_silent(exchange):
    """The registry has it; its answer, even the status, is lost."""
    exchange.server.ask(exchange)
    exchange.hang_up()


def test_an_upload_that_was_lost_begins_anew(bare, proxy, local):
    reference, digest, _ = local("push/lost:1")
    proxy.fault("/blobs/uploads/", lost_midway, times=1, method="PATCH")
    lost = proxy.fault("/blobs/uploads/", answer(404), times=1, method="GET")
    pushes(bare, reference, digest, proxy.upstream)
    assert lost.hits == 1 and len(proxy.requests("POST")) == 3, "config, layer, and one of them again"


class Half:
    """Of the first bytes of each upload it takes half, and says so when asked."""

    def __init__(self, registry):
        self.registry, self.came, self.began_at, self.numbers = registry, {}, [], itertools.count()

    def post(self, exchange):
        place = f"/v2/push/half/blobs/uploads/{next(self.numbers)}"
        self.came[place] = b""
        exchange.reply(202, headers={"Location": place, "Range": "0-0"})

    def patch(self, exchange):
        before, size = self.came[exchange.route], int(exchange.headers["Content-Length"])
        text = exchange.headers.get("Content-Range", "0-").removeprefix("bytes ")
        self.began_at.append((exchange.route, int(text.split("-")[0])))
        if before or size < 1000:
            self.came[exchange.route] = before + exchange.body()
            return exchange.reply(202, headers={"Location": exchange.route, "Range": f"0-{len(self.came[exchange.route]) - 1}"})
        self.came[exchange.route] = exchange.rfile.read(size // 2)
        return exchange.hang_up(reset=True)

    def status(self, exchange):
        exchange.reply(204, headers={"Location": exchange.route, "Range": f"0-{len(self.came[exchange.route]) - 1}"})

    def put(self, exchange):
        self.registry.uploaded[exchange.query["digest"]] = self.came[exchange.route]
        exchange.reply(201, headers={"Docker-Content-Digest": exchange.query["digest"]})

    def __call__(self, exchange):
        {"POST": self.post, "PATCH": self.patch, "GET": self.status, "PUT": self.put}[exchange.command](exchange)


def test_an_upload_that_was_cut_goes_on_where_it_stopped(bare, local):
    with HostileRegistry() as registry:
        half = registry.upload = Half(registry)
        reference, digest, layer = local("push/half:1", registry)
        bare.ok("image", "push", "-q", reference, timeout=SOON)
        assert registry.uploaded[archives.digest(layer)] == layer and digest in registry.uploaded
        of_layer = [at for _, at in half.began_at if at or len(half.began_at) == 2]
        assert of_layer == [len(layer) // 2], half.began_at


@pytest.mark.parametrize("part, act, method, saying", [
    ("/blobs/uploads/", answer(500), "POST", "500"), ("/blobs/uploads/", answer(500), "PATCH", "500"), ("/blobs/uploads/", lost_midway, "PATCH", ""),
    ("/blobs/uploads/", silence, "PATCH", "time|bytes"), ("/blobs/uploads/", answer(400), "PUT", "400"), ("/manifests/", answer(503), "PUT", "503"),
    ("/manifests/", answer(400), "PUT", "400"), ("/blobs/uploads/", answer(403), "POST", "denies"), ("/blobs/uploads/", answer(413), "PATCH", "413"),
    ("/blobs/uploads/", redirect_loop, "POST", "307")],
    ids=["500 to the beginning", "500 to the bytes", "resets in the bytes", "silence", "400 to the end", "503 to the manifest", "400 to the manifest",
         "403", "413", "a redirect"])
def test_a_push_that_always_fails_is_given_up(bare, proxy, local, part, act, method, saying):
    reference, _, _ = local("push/never:" + method.lower())
    proxy.fault(part, act, method=method)
    if act is silence:
        configure(bare, {**SETTINGS, "retries": 0})
    bare.refuses("image", "push", "-q", reference, saying=saying, timeout=SOON)
    status, _, _ = proxy.upstream.request("GET", f"/v2/push/never/manifests/{method.lower()}")
    assert status == 404, "an image was published that isn't whole"
    configure(bare, SETTINGS)


@pytest.mark.parametrize("place", [None, "", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "http://a:b@127.0.0.1:1/x", "\x7f"],
                         ids=["none", "empty", "a file", "another protocol", "no host", "with a user", "a control character"])
def test_an_upload_that_goes_on_nowhere_is_refused(bare, proxy, local, place):
    reference, _, _ = local("push/nowhere:1")
    proxy.fault("/blobs/uploads/", answer(202, {} if place is None else {"Location": place}), method="POST")
    bare.refuses("image", "push", "-q", reference, saying="upload goes on", timeout=SOON)


def test_an_uploads_place_that_is_wrong_is_given_up(bare, proxy, local):
    """Nothing is known there; it begins anew, and again, and then says so."""
    reference, _, _ = local("push/wrong:1")
    proxy.fault("/blobs/uploads/", answer(202, {"Location": "/v2/no/such/place"}), method="POST")
    bare.refuses("image", "push", "-q", reference, saying="blob sha256:", timeout=SOON)
    assert len(proxy.requests("POST")) <= 10


def test_a_registry_that_takes_a_manifest_for_another_is_refused(bare, proxy, local):
    reference, _, _ = local("push/taken:1")
    proxy.fault("/manifests/", answer(201, {"Docker-Content-Digest": "sha256:" + "0" * 64}), method="PUT")
    bare.refuses("image", "push", "-q", reference, saying="something else", timeout=SOON)


def test_nothing_is_held_open_after_pushes_that_failed(bare, proxy, local, at_rest):
    for number, (part, act, method) in enumerate([("/blobs/uploads/", lost_midway, "PATCH"), ("/blobs/uploads/", answer(400), "PUT"),
                                                  ("/manifests/", arrived_and_silent, "PUT")]):
        proxy.clear()
        proxy.fault(part, act, method=method)
        reference, _, _ = local(f"push/open:{number}")
        bare.refuses("image", "push", "-q", reference, timeout=SOON)
    holds_no_more_open(bare, at_rest)
