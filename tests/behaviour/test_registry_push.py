"""image push: what is here is there afterwards, byte by byte, readable by everybody, and nothing is sent twice."""
import subprocess

import pytest

from support import archives, noise, tools
from support.fault_proxy import FaultProxy
from support.registry import Registry
from support.tools import Podman, skopeo


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
def test_podman_pulls_and_runs_what_was_pushed(bare, proxy, busybox_tar, tmp_path):
    podman = Podman(tmp_path / "podman")
    reference = f"{proxy.upstream.address}/by/us:1"
    bare.ok("image", "import", "--config", '{"Cmd": ["echo", "said by podman"]}', busybox_tar, reference)
    bare.ok("image", "push", "-q", reference)
    podman("pull", "-q", "--tls-verify=false", reference)
    assert "said by podman" in podman.runs(reference)
    assert archives.digest(tools.raw_manifest(proxy.upstream, "by/us:1")) == proxy.upstream.digest("by/us:1")
