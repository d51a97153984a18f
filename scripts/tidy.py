#!/usr/bin/env python3
"""clang-tidy over every translation unit of a build, each only once per content.

A verdict depends on the source, the headers it was compiled with, the flags, the configuration and the tool; their hash names a file
in the cache, and a file that is there means "clean". Only clean verdicts are kept, so a finding is shown until it is fixed. The
headers come from ninja's own dependency log, so the build must have run.

    tidy.py BUILD_DIR [PATH_PART...]     only sources whose path has one of these parts

TIDY_SECONDS bounds the time: what isn't begun by then is left for the next run, which is said, and no finding. Without it all is checked.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("BULKHEAD_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "bulkhead") / "tidy"
TIDY = "clang-tidy-14"
# The build's warnings are GCC's; clang needn't know them all, and what GCC compiled without a warning isn't judged twice.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error"]


def ninja_dependencies(build):
    """Object file -> the files it was compiled from."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    result, current = {}, None
    for line in text.splitlines():
        if line.startswith("    "):
            result[current].append(line.strip())
        elif line.strip() and not line.startswith("ninja:"):
            current = line.split(":", 1)[0]
            result[current] = []
    return result


def object_of(unit):
    """The file it is compiled to. CMake names it only in the command."""
    words = shlex.split(unit["command"])
    return words[words.index("-o") + 1]


class Hasher:
    """Content hashes, each file read once."""

    def __init__(self, build):
        self.build, self.known = build, {}

    def of(self, path):
        if path not in self.known:
            file = pathlib.Path(path) if os.path.isabs(path) else self.build / path
            self.known[path] = hashlib.sha256(file.read_bytes()).digest() if file.exists() else b"missing"
        return self.known[path]


def key_of(unit, dependencies, hasher, configuration):
    digest = hashlib.sha256(configuration)
    digest.update(unit["command"].encode())
    for path in [unit["file"], *dependencies.get(object_of(unit), [])]:
        digest.update(path.encode() + b"\0" + hasher.of(path))
    return digest.hexdigest()


def check(unit, build, deadline):
    if time.monotonic() > deadline:
        return None, ""
    done = subprocess.run([TIDY, "-p", build, "--quiet", *EXTRA, unit["file"]], capture_output=True, text=True)
    findings = "\n".join(line for line in done.stdout.splitlines() if line.strip())
    return done.returncode == 0 and not findings, findings or done.stderr


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    commands = build / "compile_commands.json"
    if not commands.exists():
        sys.exit(f"tidy.py: {commands} is missing: build that preset first")
    configuration = (SOURCE / ".clang-tidy").read_bytes() + subprocess.run(
        [TIDY, "--version"], capture_output=True, check=True).stdout
    units = [unit for unit in json.loads(commands.read_text())
             if unit["file"].startswith(str(SOURCE)) and not unit["file"].startswith(str(build))
             and (not sys.argv[2:] or any(part in unit["file"] for part in sys.argv[2:]))]
    dependencies, hasher = ninja_dependencies(build), Hasher(build)
    CACHE.mkdir(parents=True, exist_ok=True)

    keys = {object_of(unit): key_of(unit, dependencies, hasher, configuration) for unit in units}
    todo = [unit for unit in units if not (CACHE / keys[object_of(unit)]).exists()]
    print(f"clang-tidy: {len(units)} sources, {len(units) - len(todo)} known to be clean", flush=True)
    dirty = left = 0
    deadline = time.monotonic() + float(os.environ.get("TIDY_SECONDS") or "inf")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for unit, (clean, findings) in zip(todo, pool.map(lambda unit: check(unit, build, deadline), todo)):
            if clean is None:
                left += 1
            elif clean:
                (CACHE / keys[object_of(unit)]).touch()
            else:
                dirty += 1
                print(f"--- {os.path.relpath(unit['file'], SOURCE)}\n{findings}", flush=True)
    if left:
        print(f"clang-tidy: {left} sources are left for the next run")
    print(f"clang-tidy: {dirty} of {len(todo) - left} checked sources have findings" if dirty else "clang-tidy: clean")
    sys.exit(1 if dirty else 0)


if __name__ == "__main__":
    main()
