"""image pull: what a registry holds is here afterwards, byte by byte, under the name it was asked for, and nothing is fetched twice."""
import json
import re
import signal
import subprocess
import threading
import time

import pytest

from support import archives, noise, processes, tools
from support.fault_proxy import FaultProxy, silence, stall, throttle
from support.processes import wait_until
from support.registry import Registry, configure
from support.tools import Podman, raw_manifest, skopeo
from support.transfers import digest_of, incoming, put

BLOBS = "/blobs/sha256:"


def architectures(box, reference):
    return sorted(each["platform"]["architecture"] for each in box.ok("image", "inspect", reference).json[0]["variants"])


# --- what comes, and under which name

def test_a_pull_prints_the_images_name_and_the_list_has_it(bare, registry):
    reference = put(registry, noise.image(), "app/plain:1")
    assert bare.ok("image", "pull", reference).out == reference + "\n"
    assert reference in bare.images()
    assert digest_of(bare, reference) == registry.digest("app/plain:1")


def test_without_a_tag_it_is_latest(bare, registry):
    put(registry, noise.image(), "app/untagged:latest")
    assert bare.ok("image", "pull", f"{registry.address}/app/untagged").line == f"{registry.address}/app/untagged:latest"


@pytest.fixture(scope="module")
def podman():
    return Podman()


@pytest.fixture(scope="module")
def rootfs(tmp_path_factory, busybox_tar):
    """busybox and a file to recognise the image by."""
    layout = archives.Layout()
    layout.image([busybox_tar.read_bytes(), archives.tar([archives.entry("said", "by others\n")])], "it", config={"Cmd": ["cat", "/said"]},
                 compress="gzip")
    path = tmp_path_factory.mktemp("rootfs") / "oci.tar"
    path.write_bytes(layout.archive())
    return path


def pushed_by_skopeo(registry, rootfs, podman, form):
    skopeo("copy", "-q", "--dest-tls-verify=false", "--format", form, f"oci-archive:{rootfs}", f"docker://{registry.address}/by/skopeo:{form}")
    return f"by/skopeo:{form}"


def pushed_by_podman(registry, rootfs, podman, form):
    name = f"by/podman:{form}"
    podman("load", "-q", "-i", rootfs)
    image = podman("images", "-q", "--no-trunc").split()[0]
    podman("push", "-q", "--tls-verify=false", "--format", form, image, f"{registry.address}/{name}")
    return name


def pushed_by_buildah(registry, rootfs, podman, form):
    name = f"by/buildah:{form}"
    container = podman.buildah("from", "-q", f"oci-archive:{rootfs}").strip()
    podman.buildah("config", "--label", "made=here", container)
    podman.buildah("commit", "-q", "--format", {"v2s2": "docker"}.get(form, form), container, f"{registry.address}/{name}")
    podman.buildah("push", "-q", "--tls-verify=false", f"{registry.address}/{name}")
    return name


@pytest.mark.parametrize("push, form", [(pushed_by_skopeo, "oci"), (pushed_by_skopeo, "v2s2"), (pushed_by_podman, "oci"),
                                        (pushed_by_podman, "v2s2"), (pushed_by_buildah, "v2s2")],
                         ids=lambda value: getattr(value, "__name__", value))
def test_what_others_pushed_runs_and_has_their_digest(bare, registry, rootfs, podman, push, form):
    name = push(registry, rootfs, podman, form)
    reference = bare.ok("image", "pull", f"{registry.address}/{name}").line
    assert digest_of(bare, reference) == archives.digest(raw_manifest(registry, name))
    assert bare.ok("run", "--rm", reference).out == "by others\n"


def test_a_pull_by_digest(bare, registry):
    put(registry, noise.image(), "app/pinned:1")
    digest = registry.digest("app/pinned:1")
    reference = f"{registry.address}/app/pinned@{digest}"
    assert bare.ok("image", "pull", reference).line == reference
    assert digest_of(bare, reference) == digest


def test_a_tag_with_a_digest_means_the_digest(bare, registry):
    put(registry, noise.image(), "app/moved:1")
    former = registry.digest("app/moved:1")
    put(registry, noise.image(), "app/moved:1")
    assert registry.digest("app/moved:1") != former
    printed = bare.ok("image", "pull", f"{registry.address}/app/moved:1@{former}").line
    assert former in printed
    assert digest_of(bare, printed) == former


def test_a_tag_that_moved_is_pulled_anew_and_the_former_image_dangles(bare, registry):
    reference = put(registry, noise.image(), "app/moving:1")
    bare.ok("image", "pull", reference)
    former = digest_of(bare, reference)
    put(registry, noise.image(), "app/moving:1")
    bare.ok("image", "pull", reference)
    assert digest_of(bare, reference) == registry.digest("app/moving:1") != former
    assert bare.ok("image", "inspect", former).json[0]["configuration"]["name"] == ""


# --- platforms

def test_of_several_platforms_this_hosts_is_pulled(bare, proxy):
    ours, theirs = noise.layer(), noise.layer()
    reference = put(proxy, noise.platforms(ours, theirs), "app/two:host")
    bare.ok("image", "pull", reference)
    assert architectures(bare, reference) == ["amd64"]
    assert digest_of(bare, reference) == proxy.upstream.digest("app/two:host")
    assert not proxy.requests("GET", archives.digest(theirs)) and proxy.requests("GET", archives.digest(ours))


@pytest.mark.parametrize("options", [("--platform", "linux/arm64"), ("-a", "arm64"), ("--os", "linux", "--arch", "aarch64")], ids=" ".join)
def test_another_platform_alone(bare, registry, options):
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "app/two:other")
    bare.ok("image", "pull", *options, reference)
    assert architectures(bare, reference) == ["arm64"]
    bare.ok("image", "delete", reference)


def test_the_default_platform_comes_from_the_environment(bare, registry):
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "app/two:environment")
    bare.ok("image", "pull", reference, environment={"CONTAINER_DEFAULT_PLATFORM": "linux/arm64"})
    assert architectures(bare, reference) == ["arm64"]


def test_all_platforms(bare, registry):
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "app/two:all")
    bare.ok("image", "pull", "--all-platforms", reference)
    assert architectures(bare, reference) == ["amd64", "arm64"]


def test_a_second_platform_joins_the_first(bare, registry):
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "app/two:joined")
    bare.ok("image", "pull", reference)
    bare.ok("image", "pull", "--platform", "linux/arm64", reference)
    assert architectures(bare, reference) == ["amd64", "arm64"]


def test_a_platform_it_does_not_have_is_refused_with_those_it_has(bare, registry):
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "app/two:missing")
    bare.refuses("image", "pull", "-q", "--platform", "linux/s390x", reference, saying="linux/amd64")
    assert reference not in bare.images()


def test_all_platforms_and_one_conflict(bare, registry):
    bare.refuses("image", "pull", "--all-platforms", "--platform", "linux/arm64", f"{registry.address}/app/two:1", rc=64)


# --- what isn't there

def test_a_missing_tag_and_a_missing_repository(bare, registry):
    put(registry, noise.image(), "app/there:1")
    for name in ("app/there:2", "no/such/repository:1", "app/there@sha256:" + "0" * 64):
        bare.refuses("image", "pull", f"{registry.address}/{name}", saying=re.escape(f"{registry.address}/{name}"))


def test_a_registry_nobody_is_at(bare, registry):
    configure(bare, {"connect_seconds": 2, "retries": 1})
    bare.refuses("image", "pull", "-q", "127.0.0.1:1/app/web:1", saying="127.0.0.1:1.*(refused|connect|reach)")
    configure(bare)


@pytest.mark.parametrize("reference", ["Upper/Case:1", "app/web:", "app//web", "app/web@sha256:short", "http://app/web:1", ""])
def test_what_is_no_reference(bare, reference):
    done = bare("image", "pull", reference)
    assert done.rc in (1, 64) and done.out == "" and done.err.startswith("Error: "), done


def test_ipv6(bare, tmp_path):
    with Registry(tmp_path / "v6", host="::1") as registry:
        reference = put(registry, noise.image(), "app/six:1")
        assert bare.ok("image", "pull", reference).line == reference
        assert digest_of(bare, reference) == registry.digest("app/six:1")


# --- nothing twice

def test_an_unchanged_tag_is_asked_for_and_nothing_is_fetched(bare, proxy):
    reference = put(proxy, noise.image(), "app/same:1")
    bare.ok("image", "pull", reference)
    proxy.seen.clear()
    assert bare.ok("image", "pull", reference).line == reference
    assert 1 <= len(proxy.requests("", "/manifests/")) <= 2, proxy.seen
    assert proxy.requests("", BLOBS) == []


def test_an_update_fetches_only_what_differs(bare, proxy):
    base, first, second = noise.layer(), noise.layer(), noise.layer()
    bare.ok("image", "pull", put(proxy, noise.image(base, first), "app/update:1.0"))
    reference = put(proxy, noise.image(base, second), "app/update:1.1")
    proxy.seen.clear()
    bare.ok("image", "pull", reference)
    assert len(proxy.requests("GET", archives.digest(second))) == 1
    assert len(proxy.requests("GET", BLOBS)) == 2, f"the new layer and the new config: {proxy.seen}"


def both(box, *references):
    """Pulls at the same time; each must succeed."""
    pulls = [box.popen("image", "pull", reference) for reference in references]
    for pull in pulls:
        out, err = pull.communicate(timeout=180)
        assert pull.returncode == 0, (out, err)


def test_two_pulls_at_once_share_a_layer(bare, proxy):
    shared = noise.layer(600_000)
    references = [put(proxy, noise.image(shared, noise.layer()), f"app/shared:{number}") for number in (1, 2)]
    proxy.fault(archives.digest(shared), throttle(400_000))
    both(bare, *references)
    assert len(proxy.requests("GET", archives.digest(shared))) == 1, proxy.seen
    for number, reference in enumerate(references, 1):
        assert digest_of(bare, reference) == proxy.upstream.digest(f"app/shared:{number}")


def test_the_same_image_twice_at_once(bare, proxy):
    only = noise.layer(600_000)
    reference = put(proxy, noise.image(only), "app/twice:1")
    proxy.fault(archives.digest(only), throttle(400_000))
    both(bare, reference, reference, reference)
    assert len(proxy.requests("GET", archives.digest(only))) == 1, proxy.seen


def test_of_two_pulls_of_one_layer_the_other_goes_on_when_one_is_interrupted(bare, proxy):
    shared = noise.layer(900_000)
    references = [put(proxy, noise.image(shared, noise.layer()), f"app/orphan:{number}") for number in (1, 2)]
    proxy.fault(archives.digest(shared), throttle(300_000))
    first = bare.popen("image", "pull", references[0])
    wait_until(lambda: proxy.requests("GET", archives.digest(shared)) or first.poll() is not None, what="the shared layer's request")
    second = bare.popen("image", "pull", references[1])
    time.sleep(0.5)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    out, err = second.communicate(timeout=180)
    assert second.returncode == 0, (out, err)
    assert references[1] in bare.images() and references[0] not in bare.images()


@pytest.mark.parametrize("number, most", [(None, 3), (1, 1), (64, 64)])
def test_how_many_at_once(bare, proxy, number, most):
    reference = put(proxy, noise.image(*[noise.layer(60_000) for _ in range(5)]), f"app/many:{number}")
    proxy.fault(BLOBS, throttle(200_000))
    bare.ok("image", "pull", *(["--max-concurrent-downloads", number] if number else []), reference)
    assert proxy.most_at_once("GET", BLOBS) <= most
    if most > 1:
        assert proxy.most_at_once("GET", BLOBS) > 1


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_number_of_downloads_that_is_none(bare, registry, number):
    bare.refuses("image", "pull", f"--max-concurrent-downloads={number}", f"{registry.address}/app/web:1", rc=64)


# --- progress

def test_progress_goes_to_stderr_without_escapes_when_nobody_watches(bare, registry):
    done = bare.ok("image", "pull", put(registry, noise.image(), "progress/auto:1"))
    assert done.err and "\x1b" not in done.err, done


@pytest.mark.parametrize("options", [("--progress", "none"), ("-q",)], ids=" ".join)
def test_silence_is_silent(bare, registry, options):
    reference = put(registry, noise.image(), f"progress/silent:{len(options)}")
    done = bare.ok("image", "pull", *options, reference)
    assert (done.out, done.err) == (reference + "\n", "")


def test_plain_progress_names_what_comes(bare, registry):
    done = bare.ok("image", "pull", "--progress", "plain", put(registry, noise.image(), "progress/plain:1"))
    assert "\x1b" not in done.err and "\r" not in done.err and "layer" in done.err, done


def test_ansi_progress_has_escapes_also_into_a_file(bare, registry):
    done = bare.ok("image", "pull", "--progress", "ansi", put(registry, noise.image(), "progress/ansi:1"))
    assert "\x1b[" in done.err, done


def test_json_progress_is_a_document_a_line(bare, registry):
    done = bare.ok("image", "pull", "--progress", "json", put(registry, noise.image(), "progress/json:1"))
    told = [json.loads(line) for line in done.err.splitlines()]
    items = [each for each in told if each.get("event") == "item"]
    assert items and all({"id", "what", "state"} <= each.keys() for each in items), told


def test_a_terminal_sees_progress_move(bare, registry, terminal):
    reference = put(registry, noise.image(noise.layer(400_000)), "progress/terminal:1")
    shown, rc = terminal("image", "pull", reference, of=bare).rest()
    assert rc == 0 and "\x1b[" in shown and reference in shown, shown


# --- interrupted

SIZE = 4_000_000
BEFORE = 1_500_000


@pytest.fixture
def halfway(bare, proxy):
    """A pull whose layer has come to BEFORE bytes and then nothing more: (reference, the layer's digest, the command)."""
    layer = noise.layer(SIZE)
    reference = put(proxy, noise.image(layer), "app/halfway:1")
    proxy.fault(archives.digest(layer), stall(BEFORE), times=1)
    pull = bare.popen("image", "pull", reference)

    def came():
        return max((size for name, size in incoming(bare).items() if archives.digest(layer)[7:] in name), default=0)
    wait_until(lambda: came() >= BEFORE or pull.poll() is not None, what="the first part of the layer")
    assert pull.poll() is None, pull.communicate()
    yield reference, archives.digest(layer), pull
    if pull.poll() is None:
        pull.kill()
    pull.communicate()


def resumes(box, proxy, reference, digest):
    """The next pull asks for the rest, from the byte where the first one stopped, and has the right image then."""
    assert reference not in box.images()
    proxy.seen.clear()
    box.ok("image", "pull", reference)
    asked = proxy.requests("GET", digest)
    assert [each.range for each in asked] == [BEFORE], asked
    assert digest_of(box, reference) == proxy.upstream.digest("app/halfway:1")
    assert not [name for name in incoming(box) if digest[7:] in name]


def test_ctrl_c_ends_a_pull_and_the_next_one_goes_on(bare, proxy, halfway):
    reference, digest, pull = halfway
    pull.send_signal(signal.SIGINT)
    out, err = pull.communicate(timeout=30)
    assert (pull.returncode, out) == (130, b""), err
    resumes(bare, proxy, reference, digest)


def test_a_killed_command_is_an_interrupted_pull(bare, proxy, halfway):
    reference, digest, pull = halfway
    pull.kill()
    pull.communicate()
    wait_until(lambda: proxy.requests("GET", digest)[0].ended, what="the end of the transfer")
    resumes(bare, proxy, reference, digest)


def test_a_killed_service_goes_on_with_the_pull_later(bare, proxy, halfway):
    reference, digest, pull = halfway
    bare.kill_daemon()
    _, err = pull.communicate(timeout=60)
    assert pull.returncode != 0 and err.decode().splitlines()[-1].startswith("Error: "), err
    # The hosts of networks and machines outlive the service; those of the registry and the storage go with it.
    wait_until(lambda: not bare.pids("registry.so") and not bare.pids("storage-local.so"), what="the end of the plugin hosts")
    bare.start()
    resumes(bare, proxy, reference, digest)


def test_a_restarted_service_goes_on_with_the_pull_later(bare, proxy, halfway):
    reference, digest, pull = halfway
    bare.stop()
    pull.communicate(timeout=60)
    assert pull.returncode != 0
    bare.start()
    resumes(bare, proxy, reference, digest)


def test_a_killed_registry_plugin_is_started_again(bare, proxy, halfway):
    reference, digest, pull = halfway
    host = next(pid for pid, command in processes.of_root(bare.root).items() if "plugins/registry" in command)
    processes.kill(host)
    _, err = pull.communicate(timeout=60)
    if pull.returncode != 0:
        assert "Error: " in err.decode()
        resumes(bare, proxy, reference, digest)
    assert digest_of(bare, reference) == proxy.upstream.digest("app/halfway:1")


def test_a_part_that_was_changed_on_disk_does_not_get_into_an_image(bare, proxy, halfway):
    reference, digest, pull = halfway
    pull.send_signal(signal.SIGINT)
    pull.communicate(timeout=30)
    part = next(path for path in (bare.root / "data/storage/incoming").glob("*") if digest[7:] in path.name)
    with open(part, "r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    first = bare("image", "pull", reference)
    assert first.rc == 0 or reference not in bare.images()
    bare.ok("image", "pull", reference)
    assert digest_of(bare, reference) == proxy.upstream.digest("app/halfway:1")


# --- other ways to ask

def test_by_the_socket(bare, registry):
    reference = put(registry, noise.image(), "socket/plain:1")
    status, image = bare.curl("POST", "/v1/images/pull", {"reference": reference})
    assert status == 200 and image["configuration"]["name"] == reference, image
    assert image["configuration"]["descriptor"]["digest"] == registry.digest("socket/plain:1")


def test_by_the_socket_with_options(bare, registry):
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "socket/options:1")
    status, image = bare.curl("POST", "/v1/images/pull", {"reference": reference, "allPlatforms": True, "scheme": "http",
                                                          "maxConcurrentDownloads": 1})
    assert status == 200 and len(image["variants"]) == 2, image
    reference = put(registry, noise.platforms(noise.layer(), noise.layer()), "socket/options:2")
    status, image = bare.curl("POST", "/v1/images/pull", {"reference": reference, "platform": {"os": "linux", "architecture": "arm64"}})
    assert status == 200 and [each["platform"]["architecture"] for each in image["variants"]] == ["arm64"], image


def test_the_sockets_progress_is_a_document_a_line(bare, registry):
    layer = noise.layer()
    reference = put(registry, noise.image(layer), "socket/progress:1")
    status, text = bare.curl("POST", "/v1/images/pull", {"reference": reference}, progress=1)
    told = [json.loads(line) for line in text.splitlines()]
    assert status == 200 and told[-1]["event"] == "done" and told[-1]["result"]["configuration"]["name"] == reference, told
    assert all(each["event"] in ("item", "note") for each in told[:-1])
    items = [each for each in told if each["event"] == "item"]
    assert any(each.get("total") == len(layer) for each in items) and all(each["done"] <= each["total"] for each in items if each.get("total"))
    assert any(each.get("total") and each["done"] == each["total"] for each in items), items


def test_the_sockets_failure_is_a_problem(bare, registry):
    reference = f"{registry.address}/no/such:1"
    status, problem = bare.curl("POST", "/v1/images/pull", {"reference": reference})
    assert status == 404 and reference in problem["detail"], problem
    _, text = bare.curl("POST", "/v1/images/pull", {"reference": reference}, progress=1)
    # There was nothing to tell before it failed: then it is the same answer.
    last = text if isinstance(text, dict) else json.loads(text.splitlines()[-1])["problem"]
    assert reference in last["detail"], last


@pytest.mark.parametrize("body", [{}, {"reference": 7}, {"reference": "a", "platform": "linux"}, {"reference": "a", "maxConcurrentDownloads": 0},
                                  {"reference": "a", "scheme": "ftp"}], ids=json.dumps)
def test_the_socket_refuses_what_is_no_request(bare, body):
    assert bare.curl("POST", "/v1/images/pull", body)[0] == 400


def test_a_client_that_leaves_ends_its_pull(bare, proxy):
    layer = noise.layer()
    reference = put(proxy, noise.image(layer), "socket/leaves:1")
    stuck = proxy.fault(archives.digest(layer), silence)
    client = subprocess.Popen(["curl", "-s", "--unix-socket", bare.socket(), "-H", "Content-Type: application/json", "-d",
                               json.dumps({"reference": reference}), "http://localhost/v1/images/pull"], stdout=subprocess.DEVNULL)
    wait_until(lambda: stuck.hits or client.poll() is not None, what="the layer's request")
    client.kill()
    client.wait()
    wait_until(lambda: proxy.requests("GET", archives.digest(layer))[0].ended, what="the end of the transfer")
    assert reference not in bare.images()


def test_the_journal_tells_a_pull(bare, registry):
    layer = noise.layer()
    reference = put(registry, noise.image(layer), "journal/told:1")
    before = bare.events()[-1]["seq"]
    bare.ok("image", "pull", reference)
    told = [event for event in bare.events() if event["seq"] > before]
    intent = next(event for event in told if (event["type"], event["phase"]) == ("image.pull", "intent"))
    outcome = next(event for event in told if (event["type"], event["phase"]) == ("image.pull", "outcome"))
    assert outcome["op"] == intent["seq"] and outcome["data"]["ok"]
    came = {event["data"]["digest"]: event["data"] for event in told if event["type"] == "content.received"}
    assert came[archives.digest(layer)]["size"] == len(layer) and came[archives.digest(layer)]["offset"] == 0
    assert registry.digest("journal/told:1") in came and len(came) == 3
    assert [event["data"]["reference"] for event in told if event["type"] == "image.tagged"] == [reference]


def test_the_journal_tells_where_a_pull_went_on(bare, proxy, halfway):
    reference, digest, pull = halfway
    pull.send_signal(signal.SIGINT)
    pull.communicate(timeout=30)
    bare.ok("image", "pull", reference)
    outcomes = [event["data"]["ok"] for event in bare.events() if (event["type"], event["phase"]) == ("image.pull", "outcome")]
    assert outcomes[-2:] == [False, True]
    assert next(event["data"] for event in bare.events() if event["type"] == "content.received" and event["data"]["digest"] == digest)[
        "offset"] == BEFORE


# --- others read what came

def test_skopeo_and_umoci_read_the_store(bare, registry, tmp_path):
    reference = put(registry, noise.image(noise.layer(name="inside")), "app/store:1")
    bare.ok("image", "pull", reference)
    store = bare.root / "data/storage/images"
    assert json.loads(skopeo("inspect", f"oci:{store}:{reference}"))["Digest"] == registry.digest("app/store:1")
    assert reference in tools.run("umoci", "ls", "--layout", store).split()
    skopeo("copy", "-q", f"oci:{store}:{reference}", f"oci:{tmp_path}/copy:it")
    tools.run("umoci", "unpack", "--image", f"{tmp_path}/copy:it", tmp_path / "bundle")
    assert (tmp_path / "bundle/rootfs/inside").stat().st_size == 200_000


def test_pulls_and_other_requests_do_not_wait_for_each_other(bare, registry):
    """While a registry is silent, the service answers everybody else."""
    with FaultProxy(registry) as slow:
        reference = put(slow, noise.image(), "app/silent:1")
        stuck = slow.fault("/v2/", silence)
        pull = bare.popen("image", "pull", reference)
        try:
            wait_until(lambda: stuck.hits or pull.poll() is not None, what="the first request")
            answered = threading.Event()
            threading.Thread(target=lambda: (bare.images(), answered.set()), daemon=True).start()
            assert answered.wait(20)
            bare.ok("image", "pull", put(registry, noise.image(), "app/meanwhile:1"), timeout=60)
        finally:
            pull.send_signal(signal.SIGINT)
            pull.communicate(timeout=60)
