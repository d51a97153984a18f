"""save and load: archives go out and come back, and other people's tools read what we write."""
import gzip
import io
import json
import subprocess
import tarfile

import pytest

from support import archives


def layer(*entries):
    return archives.tar(list(entries))


def test_what_was_saved_loads_again(box, tmp_path):
    file = tmp_path / "saved.tar"
    digest = box.ok("image", "inspect", "busybox").json[0]["id"]
    box.ok("image", "save", "--output", file, "busybox")
    box.ok("image", "tag", "busybox", "kept-alive:1")
    box.ok("image", "delete", "busybox")
    assert "busybox:latest" in box.ok("image", "load", "--input", file).out
    assert box.ok("image", "inspect", "busybox").json[0]["id"] == digest
    box.ok("image", "delete", "kept-alive:1")
    assert box.ok("run", "--rm", "busybox", "echo", "again").out == "again\n"


def test_save_to_stdout_is_a_whole_tar_and_names_go_to_stderr(box):
    done = box.ok("image", "save", "busybox")
    assert len(done.raw) % 512 == 0 and done.raw.endswith(bytes(1024))
    assert "busybox" in done.err
    with tarfile.open(fileobj=io.BytesIO(done.raw)) as archive:
        assert {"oci-layout", "index.json"} <= set(archive.getnames())
    assert box.ok("image", "load", stdin=done.raw).out.strip().endswith("busybox:latest")


def test_skopeo_reads_what_was_saved(box, tmp_path):
    file = tmp_path / "saved.tar"
    box.ok("image", "save", "-o", file, "busybox")
    shown = subprocess.run(["skopeo", "inspect", f"oci-archive:{file}"], capture_output=True, check=True)
    assert json.loads(shown.stdout)["Architecture"] == "amd64"


def test_several_images_in_one_archive(box, tmp_path):
    box.ok("image", "import", "-", "one:1", stdin=layer(archives.entry("one", "1")))
    box.ok("image", "import", "-", "two:2", stdin=layer(archives.entry("two", "2")))
    file = tmp_path / "both.tar"
    box.ok("image", "save", "-o", file, "one:1", "two:2")
    box.ok("image", "delete", "one:1", "two:2")
    loaded = box.ok("image", "load", "-i", file).out
    assert "one:1" in loaded and "two:2" in loaded
    box.ok("image", "delete", "one:1", "two:2")


def test_save_of_the_missing_writes_nothing(box, tmp_path):
    file = tmp_path / "none.tar"
    box.refuses("image", "save", "-o", file, "nothing:here", saying="nothing")
    assert not file.exists() or file.stat().st_size == 0
    assert box("image", "save", "nothing:here").raw == b""


def test_save_of_a_missing_platform_lists_those_there_are(box, tmp_path):
    box.refuses("image", "save", "--platform", "linux/s390x", "-o", tmp_path / "x.tar", "busybox", saying="linux/amd64")


def test_load_of_a_missing_file(box):
    box.refuses("image", "load", "--input", "/nowhere/image.tar", saying="/nowhere/image.tar")


def test_an_index_keeps_its_other_platforms(box):
    layout = archives.Layout()
    ours = layout.image([layer(archives.entry("which", "ours"))], name=False)
    theirs = layout.image([layer(archives.entry("which", "theirs"))], platform=("linux", "arm64"), name=False)
    layout.index([ours, theirs], "many:1")
    box.ok("image", "load", stdin=layout.archive())
    variants = box.ok("image", "inspect", "many:1").json[0]["variants"]
    assert sorted(each["platform"]["architecture"] for each in variants) == ["amd64", "arm64"]
    box.ok("image", "delete", "many:1")


@pytest.fixture
def multi(box, busybox_tar):
    """An image of two platforms; only ours has something to run."""
    layout = archives.Layout()
    ours = layout.image([busybox_tar.read_bytes(), layer(archives.entry("which", "ours"))], name=False)
    theirs = layout.image([layer(archives.entry("which", "theirs"))], platform=("linux", "arm64"), name=False)
    layout.index([theirs, ours], "multi:1")
    box.ok("image", "load", stdin=layout.archive())
    yield "multi:1"
    box("image", "delete", "multi:1")


def platforms(box, reference):
    return sorted(each["platform"]["architecture"] for each in box.ok("image", "inspect", reference).json[0]["variants"])


def test_an_image_of_several_platforms_runs_with_ours(box, multi):
    assert box.ok("run", "--rm", multi, "cat", "/which").out == "ours"
    assert box.ok("run", "--rm", "--platform", "linux/amd64", multi, "cat", "/which").out == "ours"


@pytest.mark.parametrize("options", [("--platform", "linux/arm64"), ("--arch", "arm64"), ("--os", "linux", "--arch", "aarch64")])
def test_one_platform_saved_is_one_platform_loaded(box, multi, options, tmp_path):
    assert platforms(box, multi) == ["amd64", "arm64"]
    box.ok("image", "save", *options, "-o", tmp_path / "one.tar", multi)
    box.ok("image", "delete", multi)
    assert "multi:1" in box.ok("image", "load", "-i", tmp_path / "one.tar").out
    assert platforms(box, multi) == ["arm64"]


def test_save_without_a_platform_keeps_all(box, multi, tmp_path):
    box.ok("image", "save", "-o", tmp_path / "all.tar", multi)
    box.ok("image", "delete", multi)
    box.ok("image", "load", "-i", tmp_path / "all.tar")
    assert platforms(box, multi) == ["amd64", "arm64"]


@pytest.mark.parametrize("compression", [None, "gzip", "zstd"])
def test_layers_may_be_compressed(box, busybox_tar, compression):
    layout = archives.Layout()
    layout.image([busybox_tar.read_bytes(), layer(archives.entry("said", "unpacked\n"))], "packed:1", compress=compression)
    box.ok("image", "load", stdin=layout.archive())
    try:
        assert box.ok("run", "--rm", "packed:1", "cat", "/said").out == "unpacked\n"
    finally:
        box.ok("image", "delete", "packed:1")


def test_an_archive_may_be_gzipped(box):
    layout = archives.Layout()
    layout.image([layer(archives.entry("f", "x"))], "zipped:1", compress="gzip")
    assert "zipped:1" in box.ok("image", "load", stdin=gzip.compress(layout.archive())).out
    box.ok("image", "delete", "zipped:1")


def test_layers_hide_what_lies_below(box, busybox_tar):
    layout = archives.Layout()
    layout.image([
        busybox_tar.read_bytes(),
        layer(archives.entry("d"), archives.entry("d/gone", "1"), archives.entry("d/kept", "1"), archives.entry("o"),
              archives.entry("o/lower", "1"), archives.entry("f2d", "file"), archives.entry("d2f"), archives.entry("d2f/in", "x"),
              archives.entry("l", type=tarfile.SYMTYPE, linkname="d")),
        layer(archives.entry("d/.wh.gone", ""), archives.entry("o"), archives.entry("o/.wh..wh..opq", ""), archives.entry("o/upper", "2"),
              archives.entry("f2d"), archives.entry("f2d/in", "y"), archives.entry("d2f", "file"), archives.entry("d/kept", "2"),
              archives.entry("home/.wh.nobody", "")),
    ], "layers:1", config={"Entrypoint": ["sh", "-c"]})
    box.ok("image", "load", stdin=layout.archive())
    shown = box.ok("run", "--rm", "layers:1", "ls /d /o /f2d /home; cat /d2f /d/kept /l/kept; echo; find / -xdev -name '.wh*'").out.split()
    assert shown == ["/d:", "kept", "/f2d:", "in", "/home:", "/o:", "upper", "file22"]
    box.ok("image", "delete", "layers:1")


def test_loading_twice_changes_nothing(box, tmp_path):
    file = tmp_path / "saved.tar"
    box.ok("image", "save", "-o", file, "busybox")
    files = box.files()
    box.ok("image", "load", "-i", file)
    assert box.files() == files
