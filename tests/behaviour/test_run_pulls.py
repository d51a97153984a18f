"""run and create pull what isn't here, and only that."""
import signal

import pytest

from support import archives, noise
from support.fault_proxy import FaultProxy, answer, stall
from support.processes import wait_until
from support.registry import Registry, configure


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as registry, FaultProxy(registry) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def runnable(proxy, busybox_tar):
    """Publishes busybox with a file that says which it is: runnable(name, text) -> reference."""
    def publish(name, text):
        layout = archives.Layout()
        layout.image([busybox_tar.read_bytes(), archives.tar([archives.entry("said", text)])], "it", config={"Cmd": ["cat", "/said"]},
                     compress="gzip")
        proxy.upstream.put(layout, name)
        return f"{proxy.address}/{name}"
    return publish


def test_run_pulls_what_is_missing_and_its_output_is_the_containers(bare, runnable, proxy):
    reference = runnable("app/run:1", "pulled\n")
    done = bare.ok("run", "--rm", reference)
    assert done.out == "pulled\n" and "downloaded" in done.err
    asked = len(proxy.requests())
    done = bare.ok("run", "--rm", reference)
    assert done.out == "pulled\n" and done.err == ""
    assert len(proxy.requests()) == asked, "what is here costs the registry no question"


def test_always_follows_a_tag_that_moves(bare, runnable):
    reference = runnable("app/moves:1", "old\n")
    assert bare.ok("run", "--rm", "--pull", "always", reference).out == "old\n"
    runnable("app/moves:1", "new\n")
    assert bare.ok("run", "--rm", reference).out == "old\n"
    assert bare.ok("run", "--rm", "--pull", "always", "--progress", "none", reference).out == "new\n"


def test_never_asks_nobody(bare, runnable, proxy):
    reference = runnable("app/never:1", "x")
    asked = len(proxy.requests())
    bare.refuses("create", "--pull", "never", reference, saying="not found")
    assert len(proxy.requests()) == asked


def test_a_name_that_is_nowhere_is_told_with_both_reasons(bare, proxy, tmp_path):
    file = tmp_path / "id"
    bare.refuses("run", "--rm", "--cidfile", file, "--progress", "none", f"{proxy.address}/app/nowhere:1",
                 saying="not found.*can't be pulled.*no such thing")
    assert not file.exists() and bare.containers() == {}


def test_an_id_is_not_looked_for_at_a_registry(bare, proxy):
    asked = len(proxy.requests())
    bare.refuses("create", "a" * 64, saying="not found")
    bare.refuses("create", "sha256:" + "a" * 64, saying="not found")
    assert len(proxy.requests()) == asked


def test_the_platform_that_is_missing_is_pulled(bare, proxy):
    proxy.upstream.put(noise.platforms(noise.layer(), noise.layer()), "app/platforms:1")
    reference = f"{proxy.address}/app/platforms:1"
    bare.ok("image", "pull", "-q", "--platform", "linux/arm64", reference)
    bare.ok("create", "--name", "platform", "--progress", "none", reference, "true")
    bare.ok("delete", "platform")


def test_an_interrupt_during_the_pull_leaves_no_container(bare, proxy):
    layer = noise.layer(400_000)
    proxy.upstream.put(noise.image(layer), "app/interrupted:1")
    reference = f"{proxy.address}/app/interrupted:1"
    proxy.fault(archives.digest(layer), stall(200_000), times=1)
    run = bare.popen("run", "--rm", reference)
    wait_until(lambda: proxy.requests("GET", archives.digest(layer)), what="the request for the layer")
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    assert bare.containers() == {} and reference not in bare.images()


def test_create_pulls_too(bare, runnable):
    bare.ok("create", "--name", "created", "--progress", "none", runnable("app/create:1", "x"))
    bare.ok("delete", "created")


def test_always_with_a_registry_that_is_gone_is_refused_though_the_image_is_here(bare, proxy, runnable):
    reference = runnable("app/gone:1", "here\n")
    bare.ok("image", "pull", "-q", reference)
    for method in ("GET", "HEAD"):
        proxy.fault("/v2/app/gone/", answer(404), method=method)
    bare.refuses("run", "--rm", "--pull", "always", "--progress", "none", reference, saying="app/gone:1")
    assert bare.ok("run", "--rm", "--pull", "never", reference).out == "here\n"
    proxy.faults.clear()


def test_a_missing_image_is_pulled_once_for_two_runs_at_once(bare, proxy):
    layer = noise.layer(300_000)
    proxy.upstream.put(noise.image(layer), "app/crowd:1")
    reference = f"{proxy.address}/app/crowd:1"
    made = [bare.popen("create", "--name", f"crowd{number}", reference, "true") for number in range(2)]
    for each in made:
        out, err = each.communicate(timeout=60)
        assert each.returncode == 0, (out, err)
    assert len(proxy.requests("GET", archives.digest(layer))) == 1
    bare.ok("delete", "crowd0", "crowd1")


def test_when_to_pull_is_one_of_three_words(bare, proxy):
    bare.refuses("create", "--pull", "sometimes", f"{proxy.address}/app/run:1", rc=64, saying="sometimes|--pull")


def test_the_scheme_is_the_pulls(bare, proxy):
    configure(bare, {"retries": 1})
    bare.refuses("create", "--progress", "none", "--scheme", "https", f"{proxy.address}/app/unpulled:1", saying="--scheme http")
