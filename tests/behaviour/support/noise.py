"""Images of bytes that compress to nothing and were never seen before: what a test pulls, no earlier test has left in the store."""
import itertools
import random

from . import archives

_seeds = itertools.count(20_000)


def layer(size=200_000, name=None):
    """A tar with one file of that size, unlike every other."""
    seed = next(_seeds)
    return archives.tar([archives.entry(name or f"noise-{seed}", random.Random(seed).randbytes(size))])


def image(*layers, **options):
    """A layout with one image: of these layers, or of a single new one."""
    layout = archives.Layout()
    layout.image(list(layers) or [layer()], "it", config={"Labels": {"seed": str(next(_seeds))}}, **options)
    return layout


def platforms(ours, theirs, reference="it"):
    """A layout with an index of linux/amd64 and linux/arm64, each of one layer."""
    layout = archives.Layout()
    layout.index([layout.image([theirs], platform=("linux", "arm64"), name=False), layout.image([ours], name=False)], reference)
    return layout
