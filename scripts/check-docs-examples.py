#!/usr/bin/env python3
"""Runs the examples of the documentation as they are written, so that they can't grow old unnoticed.

An example is a fenced block marked `console`: lines that begin with "$ " are typed (a line that ends with a backslash goes on in the
next), the lines after them are what must be printed. "..." stands for any text within a line; alone on a line, for any lines. A block
without output lines only has to succeed. Each document has a service and a directory of its own; its blocks run in order, in one
shell. A block marked `console not-run` is for the reader only.

    check-docs-examples.py BUILD_DIR [DOCUMENT...]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "behaviour"))

from support import images  # noqa: E402
from support.box import Box  # noqa: E402

DOCUMENTS = ["docs/tutorial/first-container.md", *(f"docs/how-to/{name}.md" for name in (
    "use-registries", "use-volumes", "run-images-without-a-registry", "use-networks", "start-containers-fast", "audit-what-happened", "script-the-socket",
    "write-a-plugin"))]


def examples(text):
    """(line number, command, expected lines) of each command in the document."""
    inside, found = False, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = not inside and line.strip() == "```console"
            continue
        if not inside:
            continue
        if line.startswith("$ ") or (found and found[-1][1].endswith("\\\n") and not found[-1][2]):
            if line.startswith("$ "):
                found.append([number, "", []])
                line = line[2:]
            found[-1][1] += line + "\n"
        else:
            found[-1][2].append(line)
    return found


def pattern(expected):
    """A regular expression for the expected lines."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(piece.rstrip() if last else piece) for piece, last in pieces(line)) + r"[ \t]*\n")
    return "".join(parts)


def pieces(line):
    split = line.split("...")
    return [(piece, index == len(split) - 1) for index, piece in enumerate(split)]


class Shell:
    """One bash that remembers directory and variables from command to command."""

    def __init__(self, environment, directory):
        self.process = subprocess.Popen(["bash", "--norc"], env=environment, cwd=directory, text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        mark = "--end-of-example--"
        self.process.stdin.write(f"{{ {command}\n}} </dev/null\necho; echo {mark} $?\n")
        self.process.stdin.flush()
        output = ""
        for line in self.process.stdout:
            if line.startswith(mark):
                text = output[:-1] if output.endswith("\n") else output  # the newline that "echo" added
                return text, int(line.split()[1])
            output += line
        sys.exit("check-docs-examples.py: the shell ended in: " + command)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def check(document, build, busybox):
    box = Box(build)
    directory = tempfile.mkdtemp(prefix="bulkhead-docs-")
    shutil.copy(busybox, directory + "/busybox.tar")
    box.start()
    box.ok("image", "import", "--config", '{"Cmd": ["sh"]}', busybox, "busybox:latest")
    environment = {**box.environment, "BULKHEAD_SOURCE": str(SOURCE), "BULKHEAD_BUILD": str(build), "CONTAINER_SOCKET": str(box.socket())}
    shell, wrong, count = Shell(environment, directory), 0, 0
    try:
        for number, command, expected in examples((SOURCE / document).read_text()):
            output, status = shell.run(command)
            count += 1
            if output and not output.endswith("\n"):
                output += "\n"
            if (status != 0 and not expected) or (expected and not re.fullmatch(pattern(expected), output)):
                wrong += 1
                print(f"{document}:{number}: $ {command.rstrip()}\n  expected:\n    " + "\n    ".join(expected) +
                      f"\n  got (exit status {status}):\n    " + "\n    ".join(output.splitlines()), flush=True)
    finally:
        shell.close()
        box("delete", "--all", "--force")
        box.stop()
        box.remove()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{document}: {count} examples, {wrong} wrong", flush=True)
    return wrong


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        busybox = pathlib.Path(scratch) / "busybox.tar"
        busybox.write_bytes(images.busybox_tar())
        wrong = sum(check(document, build, busybox) for document in sys.argv[2:] or DOCUMENTS if (SOURCE / document).exists())
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
