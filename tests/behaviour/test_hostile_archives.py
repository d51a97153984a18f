"""Archives that lie or would break out: refused with the member's name, and nothing of them stays, here or elsewhere."""
import pathlib
import tarfile

import pytest

from support import archives
from support.archives import entry

OUTSIDE = "/tmp/bulkhead-escaped"


@pytest.fixture(autouse=True)
def nothing_stays(bare):
    files = bare.files()
    yield
    assert bare.images() == []
    assert bare.files() == files
    assert not pathlib.Path(OUTSIDE).exists()
    assert bare.leftovers() == []


def load(box, layers, **options):
    layout = archives.Layout()
    layout.image([archives.tar(each) for each in layers], "hostile:1", **options)
    return layout


def escaping():
    up = "../" * 30
    yield "a name that climbs out", [[entry(up + "tmp/bulkhead-escaped", "x")]]
    yield "a name that climbs out halfway", [[entry("a/" + up + "tmp/bulkhead-escaped", "x")]]
    yield "a hard link out", [[entry("h", type=tarfile.LNKTYPE, linkname=up + "etc/passwd")]]
    yield "a hard link to what is not there", [[entry("h", type=tarfile.LNKTYPE, linkname="not/there")]]
    yield "a whiteout of the parent", [[entry("a/.wh...", "")]]


@pytest.mark.parametrize("layers", [pytest.param(layers, id=what) for what, layers in escaping()])
def test_a_layer_that_climbs_out_is_refused(bare, layers):
    bare.refuses("image", "load", stdin=load(bare, layers).archive())


def test_a_symbolic_link_out_leads_nowhere(bare):
    """Links are resolved inside the image, as its own root would, so this either is refused or lands inside."""
    layers = [[entry("link", type=tarfile.SYMTYPE, linkname="/tmp")], [entry("link/bulkhead-escaped", "x")]]
    bare("image", "load", stdin=load(bare, layers).archive())
    assert not pathlib.Path(OUTSIDE).exists()
    bare("image", "delete", "hostile:1")


@pytest.mark.parametrize("name", ["../escaped", "/tmp/bulkhead-escaped", "blobs/../../escaped", "blobs/sha256/../../../escaped"])
def test_a_member_of_the_archive_that_climbs_out_is_refused(bare, name):
    layout = load(bare, [[entry("f", "x")]])
    result = bare("image", "load", stdin=layout.archive([entry(name, "x")]))
    assert result.rc == 1 and result.out == "", result
    assert "escaped" in result.err, result


def test_with_force_the_rest_is_loaded_and_nothing_escapes(bare):
    layout = load(bare, [[entry("f", "x")]])
    done = bare.ok("image", "load", "--force", stdin=layout.archive([entry("../../../../tmp/bulkhead-escaped", "x")]))
    assert "hostile:1" in done.out
    bare.ok("image", "delete", "hostile:1")


def test_a_blob_that_is_not_what_its_name_says(bare):
    layout = load(bare, [[entry("f", "x")]])
    name = layout.image([archives.tar([entry("g", "y")])], name=False)["digest"]
    layout.blobs[name] = layout.blobs[name].replace(b'"schemaVersion": 2', b'"schemaVersion": 3')
    bare.refuses("image", "load", stdin=layout.archive(), saying="digest|sha256")


def test_a_layer_that_is_not_what_its_digest_says(bare):
    layout = archives.Layout()
    data = archives.tar([entry("f", "x" * 100)])
    layout.image([data], "hostile:1")
    layout.blobs[archives.digest(data)] = data.replace(b"xxxx", b"yyyy")
    bare.refuses("image", "load", stdin=layout.archive(), saying="digest|sha256")


def test_a_missing_blob(bare):
    layout = archives.Layout()
    data = archives.tar([entry("f", "x")])
    layout.image([data], "hostile:1")
    del layout.blobs[archives.digest(data)]
    bare.refuses("image", "load", stdin=layout.archive(), saying=archives.digest(data)[7:19])


def test_a_diff_id_that_lies(bare):
    layout = archives.Layout()
    good, other = archives.tar([entry("f", "x")]), archives.tar([entry("g", "y")])
    config = layout.blob({"os": "linux", "architecture": "amd64", "config": {},
                          "rootfs": {"type": "layers", "diff_ids": [archives.digest(other)]}})
    manifest = layout.blob({"schemaVersion": 2, "mediaType": archives.MANIFEST, "config": {"mediaType": archives.CONFIG, **config},
                            "layers": [{"mediaType": archives.LAYER, **layout.blob(good)}]})
    layout.manifests.append(archives.named({"mediaType": archives.MANIFEST, **manifest,
                                            "platform": {"os": "linux", "architecture": "amd64"}}, "hostile:1"))
    bare.refuses("image", "load", stdin=layout.archive())


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"\x1f\x8b broken gzip", bytes(10240), b'{"not": "a tar"}' * 100],
                         ids=["empty", "letters", "broken gzip", "zeros", "json"])
def test_what_is_no_archive(bare, data):
    bare.refuses("image", "load", stdin=data)


def test_an_archive_that_ends_early(bare):
    whole = load(bare, [[entry("f", "x" * 5000)]]).archive()
    for length in (600, len(whole) // 2, len(whole) - 9000):
        bare.refuses("image", "load", stdin=whole[:length])


def test_an_archive_without_an_image(bare):
    bare.refuses("image", "load", stdin=archives.tar([entry("readme", "nothing here")]))


@pytest.mark.parametrize("index", ["not json", "[]", '{"manifests": 7}', '{"manifests": [{"digest": "sha256:00"}]}', "{" * 5000,
                                   '{"manifests": [{"digest": "../../etc/passwd", "size": 1, "mediaType": "x"}]}'])
def test_an_index_that_is_none(bare, index):
    data = archives.tar([entry("oci-layout", '{"imageLayoutVersion": "1.0.0"}'), entry("index.json", index)])
    bare.refuses("image", "load", stdin=data)


def test_a_foreign_architecture_alone_is_refused_at_run_with_what_there_is(bare):
    layout = load(bare, [[entry("f", "x")]], platform=("linux", "arm64"))
    bare.ok("image", "load", stdin=layout.archive())
    bare.refuses("run", "--rm", "--pull", "never", "hostile:1", "true", saying="linux/arm64")
    bare.ok("image", "delete", "hostile:1")


def test_import_of_what_is_no_tar(bare):
    bare.refuses("image", "import", "-", "hostile:1", stdin=b"this is no tar archive" * 100)


def test_import_of_a_tar_that_climbs_out(bare):
    bare.refuses("image", "import", "-", "hostile:1", stdin=archives.tar([entry("../" * 30 + "tmp/bulkhead-escaped", "x")]))
