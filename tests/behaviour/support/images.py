"""The images the tests run: busybox, made on the fly, and Debian, made once by other people's tools and kept in the cache."""
import hashlib
import os
import pathlib
import subprocess
import tempfile

import pytest

from . import archives

RECIPES = pathlib.Path(__file__).resolve().parent.parent / "recipes"


def busybox_tar(programs=(), extra=()):
    """A root file system with busybox under all its names, a user besides root, and a few files to look at; these programs in /bin; and more entries."""
    program = subprocess.run(["sh", "-c", "command -v busybox"], capture_output=True, text=True, check=True).stdout.strip()
    applets = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    libraries = subprocess.run(["sh", "-c", f"ldd {program} 2>/dev/null | grep -o '/[^ ]*' || true"],
                               capture_output=True, text=True, check=True).stdout.split()
    entries = [archives.entry(name) for name in ("bin", "dev", "etc", "home", "home/nobody", "proc", "root", "sys", "usr", "var")]
    entries.append(archives.entry("tmp", mode=0o1777))
    entries.append(archives.entry("bin/busybox", pathlib.Path(program).read_bytes(), mode=0o755))
    for library in libraries:
        entries.append(archives.entry(library.lstrip("/"), pathlib.Path(library).read_bytes(), mode=0o755))
    entries += [archives.entry(f"bin/{name}", type=archives.tarfile.SYMTYPE, linkname="busybox") for name in applets if name != "busybox"]
    entries += [archives.entry(f"bin/{path.name}", path.read_bytes(), mode=0o755) for path in programs]
    entries.append(archives.entry("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home/nobody:/bin/sh\n"
                                                "worker:x:1000:100:worker:/home/worker:/bin/sh\n"))
    entries.append(archives.entry("etc/group", "root:x:0:\nusers:x:100:\nextra:x:2000:worker\nnogroup:x:65534:\n"))
    entries.append(archives.entry("etc/shadow", "root:*:1::::::\n", mode=0o640))
    entries.append(archives.entry("etc/not-executable", "#!/bin/sh\necho no\n", mode=0o644))
    entries.append(archives.entry("home/nobody/mine", "owned\n", uid=65534, gid=65534))
    return archives.tar([*entries, *extra])


def peer(directory):
    """support/peer.c as a program that needs nothing else."""
    program = pathlib.Path(directory) / "peer"
    source = pathlib.Path(__file__).with_name("peer.c")
    done = subprocess.run(["gcc", "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def debian():
    """(OCI archive, docker-archive) of the Debian image. Made once per recipe: a minute or two."""
    recipe = RECIPES / "debian.sh"
    cache = pathlib.Path(os.environ.get("BULKHEAD_CACHE") or pathlib.Path(
        os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "bulkhead")
    directory = cache / "test-images" / ("debian-" + hashlib.sha256(recipe.read_bytes()).hexdigest()[:16])
    wanted = directory / "debian.oci.tar", directory / "debian.docker.tar"
    if not all(path.exists() for path in wanted):
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as half:
            command = [str(recipe), half]
            if os.geteuid() != 0:
                if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode != 0:
                    pytest.fail("the Debian test image isn't in the cache and debootstrap needs root to make it: "
                                f"run once as root: {recipe} {directory}", pytrace=False)
                command = ["sudo", "-n", *command]
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode != 0:
                pytest.fail(f"the Debian test image could not be made: {done.stderr.strip()}", pytrace=False)
            made = pathlib.Path(half) / "made"
            made.mkdir()
            for path in wanted:
                os.replace(pathlib.Path(half) / path.name, made / path.name)
            if not directory.exists():
                os.replace(made, directory)
    return wanted
