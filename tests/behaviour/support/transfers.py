"""What the tests of pulls and pushes ask of a service and of a registry."""

import contextlib


def digest_of(box, reference):
    return box.ok("image", "inspect", reference).json[0]["configuration"]["descriptor"]["digest"]


def put(where, layout, name):
    """Publishes it directly at the registry behind a proxy, so that only the pull is counted."""
    registry = getattr(where, "upstream", where)
    registry.put(layout, name)
    return f"{where.address}/{name}"


def incoming(box):
    """{file: size} of what came of contents that aren't whole yet."""
    sizes = {}
    for path in (box.root / "data/storage/incoming").glob("*"):
        with contextlib.suppress(FileNotFoundError):  # it became whole meanwhile
            sizes[path.name] = path.stat().st_size
    return sizes
