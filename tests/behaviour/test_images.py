"""import, tag, list, inspect, delete, prune: an image by its names."""
import io
import json
import tarfile
import tomllib

import pytest

from support import archives


@pytest.fixture
def image(box):
    """A tiny image of its own for one test, under a fresh name."""
    made = []

    def make(reference, content="x", **options):
        data = archives.tar([archives.entry("file", content)])
        box.ok("image", "import", *[word for key, value in options.items() for word in ("--" + key, value)], "-", reference, stdin=data)
        made.append(reference)
        return reference

    yield make
    for reference in made:
        box("image", "delete", reference)
    box("image", "prune")


def test_import_makes_an_image_that_runs(box):
    assert box.ok("run", "--rm", "busybox", "echo", "runs").out == "runs\n"


def test_import_takes_its_configuration(box, busybox_tar):
    config = {"Cmd": ["-c", "echo $GREETING from $(pwd) as $(id -u)"], "Entrypoint": ["sh"], "Env": ["GREETING=hello"],
              "WorkingDir": "/home", "User": "nobody", "Labels": {"made": "here"}, "StopSignal": "SIGQUIT"}
    box.ok("image", "import", "--config", json.dumps(config), busybox_tar, "configured:1")
    try:
        shown = box.ok("image", "inspect", "configured:1").json[0]["variants"][0]["config"]["config"]
        assert all(shown[key] == value for key, value in config.items()), shown
        assert box.ok("run", "--rm", "configured:1").out == "hello from /home as 65534\n"
        box.ok("create", "--name", "signalled", "configured:1")
        assert box.inspect("signalled")["configuration"]["stopSignal"] == "SIGQUIT"
    finally:
        box("delete", "signalled")
        box("image", "delete", "configured:1")


def test_an_image_without_stop_signal_shows_none(box, name):
    box.ok("create", "--name", name, "busybox")
    assert box.inspect(name)["configuration"].get("stopSignal") is None


@pytest.mark.parametrize("options, key, value", [
    (("--change", 'CMD ["a", "b c"]'), "Cmd", ["a", "b c"]),
    (("-c", "cmd echo hello"), "Cmd", ["/bin/sh", "-c", "echo hello"]),
    (("-c", "CMD first", "--cmd", '["last"]'), "Cmd", ["last"]),
    (("--entrypoint", '["sh", "-c"]'), "Entrypoint", ["sh", "-c"]),
    (("-c", "ENTRYPOINT [\"sh\"]"), "Entrypoint", ["sh"]),
    (("-e", "A=1", "--env", "B=2=3", "-c", "ENV A=0"), "Env", ["A=1", "B=2=3"]),
    (("-w", "/srv"), "WorkingDir", "/srv"), (("-c", "WORKDIR /srv"), "WorkingDir", "/srv"),
    (("-u", "nobody"), "User", "nobody"), (("-c", "USER 7:8"), "User", "7:8"),
    (("-l", "a=1", "-c", "LABEL b=2"), "Labels", {"a": "1", "b": "2"}),
    (("--stop-signal", "SIGQUIT"), "StopSignal", "SIGQUIT"), (("-c", "STOPSIGNAL 9"), "StopSignal", "9"),
    (("--config", '{"Cmd": ["a"], "User": "x"}', "--user", "y"), "User", "y"),
])
def test_import_takes_options(box, options, key, value):
    data = archives.tar([archives.entry("f", "x")])
    box.ok("image", "import", *options, "-", "options:1", stdin=data)
    assert box.ok("image", "inspect", "options:1").json[0]["variants"][0]["config"]["config"][key] == value
    box.ok("image", "delete", "options:1")


def test_import_takes_a_platform_and_a_message(box, image):
    image("elsewhere:1", platform="linux/arm64", message="made by hand")
    variant = box.ok("image", "inspect", "elsewhere:1").json[0]["variants"][0]
    assert variant["platform"]["architecture"] == variant["config"]["architecture"] == "arm64"
    assert variant["config"]["history"][0]["comment"] == "made by hand"


@pytest.mark.parametrize("options", [("--config", "[]"), ("--config", '{"Cmd": "x"}'), ("-c", "RUN true"), ("-c", "CMD"), ("-e", "=x"),
                                     ("--platform", "linux")], ids=" ".join)
def test_import_options_that_are_none(box, options):
    box.refuses("image", "import", *options, "-", "options:1", rc=64, saying=options[0].lstrip("-"),
                stdin=archives.tar([archives.entry("f", "x")]))
    box.refuses("image", "inspect", "options:1")


def test_import_keeps_owners_modes_links_and_times(box):
    data = archives.tar([
        archives.entry("d", mode=0o700, uid=7, gid=8),
        archives.entry("d/file", "text", mode=0o4755, uid=70000, gid=80000, mtime=1_000_000_000),
        archives.entry("d/hard", type=tarfile.LNKTYPE, linkname="d/file"),
        archives.entry("d/soft", type=tarfile.SYMTYPE, linkname="/d/file"),
        archives.entry("d/fifo", type=tarfile.FIFOTYPE),
        archives.entry("d/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
        archives.entry("d/" + "long" * 60, "deep"),
        archives.entry("d/ünïcode", "name"),
    ])
    base = tarfile.open(fileobj=io.BytesIO(data))
    assert len(base.getnames()) == 8
    both = archives.tar([*busybox_entries(), *[(info, base.extractfile(info).read() if info.isreg() else None) for info in base]])
    box.ok("image", "import", "-", "kept:1", stdin=both)
    try:
        script = ("stat -c '%a %u %g %h %Y' /d/file; stat -c '%a %u %g' /d; readlink /d/soft; cat /d/hard; echo; "
                  "test -p /d/fifo && echo fifo; stat -c '%t %T' /d/null; cat /d/longlong*; echo; cd /d; echo *code")
        shown = box.ok("run", "--rm", "--entrypoint", "sh", "kept:1", "-c", script).lines
        assert shown == ["4755 70000 80000 2 1000000000", "700 7 8", "/d/file", "text", "fifo", "1 3", "deep", "ünïcode"]
    finally:
        box("image", "delete", "kept:1")


def busybox_entries():
    from support.images import busybox_tar
    with tarfile.open(fileobj=io.BytesIO(busybox_tar())) as archive:
        return [(info, archive.extractfile(info).read() if info.isreg() else None) for info in archive]


def test_the_list_has_a_header_and_a_row(box):
    lines = box.ok("image", "list").lines
    assert lines[0].split() == ["NAME", "TAG", "DIGEST"]
    assert ["busybox", "latest"] in [line.split()[:2] for line in lines[1:]]


def test_the_quiet_list_has_names(box):
    assert "busybox:latest" in [name.removeprefix("docker.io/library/") for name in box.ok("image", "list", "--quiet").lines]


def test_the_verbose_list_has_a_row_per_variant(box):
    lines = box.ok("image", "list", "--verbose").lines
    assert "MANIFEST DIGEST" in lines[0] and "OS" in lines[0]
    assert "amd64" in lines[1]


def test_quiet_and_verbose_conflict(box):
    assert box("image", "list", "-q", "-v").rc == 64


def test_the_quiet_list_names_a_dangling_image_by_its_digest(box, image):
    image("named:1", "dangling soon")
    digest = box.ok("image", "inspect", "named:1").json[0]["configuration"]["descriptor"]["digest"]
    image("successor:1", "something else")
    box.ok("image", "tag", "successor:1", "named:1")
    assert digest in box.ok("image", "list", "--quiet").lines
    assert box.ok("image", "inspect", digest).json[0]["configuration"]["name"] == ""


def test_the_list_in_every_format(box):
    shown = box.ok("image", "list", "--format", "json").json
    assert "docker.io/library/busybox:latest" in [each["configuration"]["name"] for each in shown]
    assert tomllib.loads(box.ok("image", "list", "--format", "toml").out)["items"] == without_nulls(shown)
    assert "name: docker.io/library/busybox:latest" in box.ok("image", "list", "--format", "yaml").out
    assert box("image", "list", "--format", "xml").rc == 64


def without_nulls(tree):
    """TOML has no null; what is null is left out."""
    if isinstance(tree, dict):
        return {key: without_nulls(value) for key, value in tree.items() if value is not None}
    return [without_nulls(each) for each in tree] if isinstance(tree, list) else tree


def test_ls_and_rm_are_list_and_delete(box, image):
    image("short:1")
    assert box.ok("image", "ls").out == box.ok("image", "list").out == box.ok("i", "ls").out
    assert "short:1" in box.ok("image", "rm", "short:1").out
    box.refuses("image", "inspect", "short:1")


def test_inspect_shows_descriptor_and_variants(box):
    shown = box.ok("image", "inspect", "busybox").json
    assert len(shown) == 1
    image = shown[0]
    assert image["configuration"]["descriptor"]["digest"] == "sha256:" + image["id"]
    variant = image["variants"][0]
    assert variant["platform"]["os"] == "linux" and variant["size"] > 0 and variant["config"]["rootfs"]["diff_ids"]


def test_inspect_of_the_missing(box):
    box.refuses("image", "inspect", "nothing:here", saying="image not found: .*nothing:here")


def test_an_image_is_found_by_every_form_of_its_name(box):
    digest = box.ok("image", "inspect", "busybox").json[0]["id"]
    for form in ("busybox", "busybox:latest", "docker.io/library/busybox", "docker.io/library/busybox:latest", f"sha256:{digest}",
                 digest, digest[:12]):
        assert box.ok("image", "inspect", form).json[0]["id"] == digest, form


def test_tag_gives_one_more_name(box, image):
    image("first:1")
    assert box.ok("image", "tag", "first:1", "registry.example.test/second:2").out == "registry.example.test/second:2\n"
    ids = {box.ok("image", "inspect", each).json[0]["id"] for each in ("first:1", "registry.example.test/second:2")}
    assert len(ids) == 1
    box.ok("image", "delete", "first:1")
    assert box.ok("image", "inspect", "registry.example.test/second:2").json[0]["id"] in ids
    box.ok("image", "delete", "registry.example.test/second:2")


def test_tag_of_the_missing_and_to_the_impossible(box):
    box.refuses("image", "tag", "nothing:here", "x:1", saying="nothing")
    assert box("image", "tag", "busybox", "Upper Case!").rc in (1, 64)


def test_tag_moves_a_name_and_leaves_the_former_image_dangling(box, image):
    image("moving:1", "first")
    former = box.ok("image", "inspect", "moving:1").json[0]["id"]
    image("other:1", "second")
    box.ok("image", "tag", "other:1", "moving:1")
    assert box.ok("image", "inspect", former).json[0]["id"] == former
    pruned = box.ok("image", "prune")
    assert former in pruned.out
    box.refuses("image", "inspect", former)


def test_delete_frees_the_space_and_says_so(box, image):
    before = set(box.files())
    image("short:1", "something else")
    assert set(box.files()) != before
    done = box.ok("image", "delete", "short:1")
    assert "short:1" in done.out and "Reclaimed" in done.err, done
    assert set(box.files()) == before


def test_delete_of_the_missing(box):
    box.refuses("image", "delete", "nothing:here", saying="nothing:here")
    assert box("image", "delete", "--force", "nothing:here").rc == 0


def test_delete_of_names_and_all_at_once_conflicts(box):
    box.refuses("image", "delete", "--all", "busybox", rc=64, saying="conflict")
    box.refuses("image", "delete", rc=64)
    assert box("image", "inspect", "busybox").rc == 0


def test_delete_all_leaves_what_a_container_uses_and_says_so(fresh):
    box = fresh()
    box.ok("image", "import", "-", "unused:1", stdin=archives.tar([archives.entry("f", "x")]))
    box.ok("create", "--name", "user", "busybox")
    done = box("image", "delete", "--all")
    assert done.rc == 1 and "unused:1" in done.out and "busybox" not in done.out, done
    assert "Error: " in done.err and "user" in done.err, done
    assert [each.removeprefix("docker.io/library/") for each in box.images()] == ["busybox:latest"]


def test_an_image_in_use_is_not_deleted(box, name, image):
    box.ok("image", "tag", "busybox", "used:1")
    box.ok("create", "--name", name, "used:1")
    shown = box.ok("image", "inspect", "busybox").json[0]
    assert name in shown.get("inUse", [name])
    assert box("image", "prune", "--all").rc == 0
    assert box("image", "inspect", "used:1").rc == 0
    box.ok("delete", name)
    box.ok("image", "delete", "used:1")


def test_prune_of_nothing(box):
    done = box.ok("image", "prune")
    assert done.out == "" and "Zero KB" in done.err, done


def test_prune_all_spares_what_a_container_uses(fresh):
    box = fresh()
    box.ok("create", "--name", "user", "busybox")
    box.ok("image", "import", "-", "unused:1", stdin=archives.tar([archives.entry("f", "x")]))
    done = box.ok("image", "prune", "--all")
    assert "unused:1" in done.out
    assert [each.removeprefix("docker.io/library/") for each in box.images()] == ["busybox:latest"]
    box.ok("delete", "user")
    box.ok("image", "delete", "--all")
    assert box.images() == [] and box.files() == [f for f in box.files() if "blobs" not in f]
