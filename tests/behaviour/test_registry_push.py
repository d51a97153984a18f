"""image push: what is here is there afterwards, byte by byte, readable by everybody, and nothing is sent twice."""
import signal
import subprocess

import pytest

from support import archives, noise, tools
from support.fault_proxy import FaultProxy, silence
from support.processes import wait_until
from support.registry import Registry
from support.tools import Podman, skopeo
from support.transfers import digest_of


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """A registry whose requests are counted."""
    with Registry(tmp_path_factory.mktemp("registry")) as registry, FaultProxy(registry) as proxy:
        yield proxy


def here(box, tmp_path, layout, reference):
    """The image, loaded and named so that it can be pushed there."""
    path = tmp_path / "image.tar"
    path.write_bytes(layout.archive())
    loaded = box.ok("image", "load", "-i", path).line
    box.ok("image", "tag", loaded, reference)
    return reference


def sent(proxy, part="/blobs/uploads/"):
    return [seen for method in ("PATCH", "PUT") for seen in proxy.requests(method, part)]


def test_the_name_and_the_digest_are_printed_and_are_the_registrys(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/one:1")
    pushed = bare.ok("image", "push", "-q", reference).line
    assert pushed == f"{reference}@{proxy.upstream.digest('app/one:1')}"


def test_what_is_there_is_not_sent_again(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(noise.layer(), noise.layer()), f"{proxy.address}/app/twice:1")
    bare.ok("image", "push", "-q", reference)
    before = len(sent(proxy))
    bare.ok("image", "push", "-q", reference)
    assert len(sent(proxy)) == before


def test_a_layer_of_another_repository_is_mounted(bare, proxy, tmp_path):
    shared = noise.layer()
    bare.ok("image", "push", "-q", here(bare, tmp_path, noise.image(shared), f"{proxy.address}/app/first:1"))
    before = len(sent(proxy, archives.digest(shared)[7:]))
    bare.ok("image", "push", "-q", here(bare, tmp_path, noise.image(shared, noise.layer()), f"{proxy.address}/other/second:1"))
    assert any(archives.digest(shared) in seen.path and "mount=" in seen.path for seen in proxy.requests("POST"))
    assert archives.digest(shared) in proxy.upstream.blobs("other/second")
    assert len(sent(proxy, archives.digest(shared)[7:])) == before


def test_children_come_before_their_index(bare, proxy):
    proxy.upstream.put(noise.platforms(noise.layer(), noise.layer()), "app/two:1")
    reference = f"{proxy.address}/app/two:1"
    bare.ok("image", "pull", "-q", "--all-platforms", reference)
    target = f"{proxy.address}/app/copy:1"
    bare.ok("image", "tag", reference, target)
    bare.ok("image", "push", "-q", target)
    puts = [seen.path for seen in proxy.requests("PUT", "/v2/app/copy/manifests/")]
    assert len(puts) == 3 and puts[-1].endswith("/1") and all("sha256:" in path for path in puts[:-1]), puts
    assert proxy.upstream.digest("app/copy:1") == proxy.upstream.digest("app/two:1")


def test_an_index_that_is_here_in_part_is_refused_and_one_platform_of_it_is_not(bare, proxy):
    proxy.upstream.put(noise.platforms(noise.layer(), noise.layer()), "app/part:1")
    reference = f"{proxy.address}/app/part:1"
    bare.ok("image", "pull", "-q", reference)
    target = f"{proxy.address}/app/partly:1"
    bare.ok("image", "tag", reference, target)
    bare.refuses("image", "push", "-q", target, saying="linux/arm64.*isn't here")
    pushed = bare.ok("image", "push", "-q", "--platform", "linux/amd64", target).line
    assert pushed.endswith(proxy.upstream.digest("app/partly:1"))
    assert archives.digest(proxy.upstream.manifest("app/part:1")) not in pushed


def test_an_unknown_image_is_refused(bare, proxy):
    bare.refuses("image", "push", "-q", f"{proxy.address}/app/unknown:1", saying="not found")


def test_a_registry_without_rights_for_us_says_so(bare, tmp_path):
    with Registry(tmp_path / "closed", users={"alice": "s3cret"}) as closed:
        reference = here(bare, tmp_path, noise.image(), f"{closed.address}/app/closed:1")
        bare.refuses("image", "push", "-q", reference, saying=r"denies.*\n.*registry login")


def test_the_journal_has_the_push(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/told:1")
    bare.ok("image", "push", "-q", reference)
    phases = [(event["phase"], event["data"]) for event in bare.events(type="image.push", stream=f"image/{reference}")]
    assert [phase for phase, _ in phases] == ["intent", "outcome"]
    assert phases[1][1]["ok"] and phases[1][1]["digest"] == proxy.upstream.digest("app/told:1") and phases[1][1]["sent"] > 0


def test_the_socket_tells_how_it_goes(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/story:1")
    status, result = bare.curl("POST", "/v1/images/push", {"reference": reference})
    assert status == 200 and result["digest"] == proxy.upstream.digest("app/story:1")
    status, story = bare.curl("POST", "/v1/images/push", {"reference": reference}, progress=1)
    assert status == 200 and '"event":"done"' in story.splitlines()[-1] and '"state":"present"' in story


def test_skopeo_reads_the_store_itself(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/layout:1")
    digest = bare.ok("image", "inspect", reference).json[0]["configuration"]["descriptor"]["digest"]
    layout = bare.root / "data/storage/images"
    raw = skopeo("inspect", "--raw", f"oci:{layout}:{reference}", text=False)
    assert archives.digest(raw) == digest
    listed = subprocess.run(["umoci", "ls", "--layout", layout], capture_output=True, text=True, check=True).stdout
    assert reference in listed


@pytest.mark.release_only
def test_podman_pulls_and_runs_what_was_pushed(bare, proxy, busybox_tar):
    podman = Podman()
    reference = f"{proxy.upstream.address}/by/us:1"
    bare.ok("image", "import", "--config", '{"Cmd": ["echo", "said by podman"]}', busybox_tar, reference)
    bare.ok("image", "push", "-q", reference)
    podman("pull", "-q", "--tls-verify=false", reference)
    assert "said by podman" in podman.runs(reference)
    assert archives.digest(tools.raw_manifest(proxy.upstream, "by/us:1")) == proxy.upstream.digest("by/us:1")


@pytest.mark.parametrize("form", ["oci", "v2s2"])
def test_what_was_pulled_is_pushed_as_it_came(bare, proxy, tmp_path, form):
    """Manifests keep their bytes, whoever wrote them: a registry elsewhere knows the image by the same digest."""
    layout = noise.image(noise.layer(), compress="gzip")
    (tmp_path / "image.tar").write_bytes(layout.archive())
    skopeo("copy", "-q", "--dest-tls-verify=false", "--format", form, f"oci-archive:{tmp_path}/image.tar", f"docker://{proxy.address}/from/{form}:1")
    reference, target = f"{proxy.address}/from/{form}:1", f"{proxy.address}/to/{form}:1"
    bare.ok("image", "pull", "-q", reference)
    bare.ok("image", "tag", reference, target)
    bare.ok("image", "push", "-q", target)
    assert proxy.upstream.manifest(f"to/{form}:1") == proxy.upstream.manifest(f"from/{form}:1")


def test_layers_of_zstd_are_pushed_as_they_are(bare, proxy, tmp_path):
    layout = noise.image(noise.layer(), compress="zstd")
    reference = here(bare, tmp_path, layout, f"{proxy.address}/app/zstd:1")
    bare.ok("image", "push", "-q", reference)
    assert proxy.upstream.digest("app/zstd:1") == layout.manifests[0]["digest"]


def test_what_the_registry_has_lost_is_sent_again(bare, proxy, tmp_path):
    layer = noise.layer()
    reference = here(bare, tmp_path, noise.image(layer), f"{proxy.address}/app/lost:1")
    bare.ok("image", "push", "-q", reference)
    proxy.upstream.forget(archives.digest(layer))
    bare.ok("image", "push", "-q", reference)
    assert archives.digest(layer) in proxy.upstream.blobs()


def test_ctrl_c_ends_a_push_and_the_next_one_is_whole(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/interrupted:1")
    stuck = proxy.fault("/v2/app/interrupted/blobs/uploads/", silence, method="POST")
    push = bare.popen("image", "push", reference)
    wait_until(lambda: stuck.hits or push.poll() is not None, what="the first upload")
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=30)
    assert (push.returncode, out) == (130, b""), err
    proxy.faults.clear()
    bare.ok("image", "push", "-q", reference)
    assert proxy.upstream.digest("app/interrupted:1") == digest_of(bare, reference)


def test_an_image_is_pushed_twice_at_once(bare, proxy, tmp_path):
    """docker-registry itself may refuse one of two that bring it the same at the same moment; what it has then must be right."""
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/both:1")
    pushes = [bare.popen("image", "push", "-q", reference) for _ in range(2)]
    ends = [(*push.communicate(timeout=60), push.returncode) for push in pushes]
    assert any(code == 0 for _, _, code in ends), ends
    assert bare.ok("image", "push", "-q", reference).line == f"{reference}@{proxy.upstream.digest('app/both:1')}"


def test_an_image_may_be_deleted_after_its_push_and_come_back(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/back:1")
    digest = digest_of(bare, reference)
    bare.ok("image", "push", "-q", reference)
    bare.ok("image", "delete", reference)
    bare.ok("image", "pull", "-q", reference)
    assert digest_of(bare, reference) == digest


def test_progress_of_a_push_goes_to_stderr(bare, proxy, tmp_path):
    reference = here(bare, tmp_path, noise.image(), f"{proxy.address}/app/progress:1")
    done = bare.ok("image", "push", reference)
    assert len(done.lines) == 1 and done.err and "\x1b" not in done.err, done
    assert bare.ok("image", "push", "--progress", "none", reference).err == ""


@pytest.mark.parametrize("body", [{}, {"reference": 7}, {"reference": "a", "scheme": "ftp"}], ids=str)
def test_the_socket_refuses_what_is_no_push(bare, body):
    assert bare.curl("POST", "/v1/images/push", body)[0] == 400
