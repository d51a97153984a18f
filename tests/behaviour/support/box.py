"""A service of its own, driven through the real `container` command, with nothing of the tester's machine but its binaries.

Its root lies in a short path (socket paths have 107 characters), its temporary files in a directory that must be empty in the end.
This machine's systemd-resolved, if there is one, is told nothing.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from . import processes

# A guard against hanging and nothing else: a sanitized build of an emulated machine on a busy host needs its time.
GUARD = int(os.environ.get("BULKHEAD_TEST_GUARD", "180"))

# What a user must never read: the insides of the program instead of a sentence.
INSIDES = re.compile(r"terminate called|what\(\)|std::|nlohmann|json\.exception|Segmentation|AddressSanitizer|runtime error:"
                     r"|assert|\.cpp:|\bnullptr\b|BH_[A-Z]+|SQLITE_", re.IGNORECASE)


def paths_under(root):
    """Every path below a directory in which others work meanwhile: what goes while it is listed isn't listed (pathlib's rglob raises)."""
    for directory, folders, files in os.walk(root):
        yield from (pathlib.Path(directory) / name for name in folders + files)


class Result:
    """What a command left: its exit status and what it wrote."""

    def __init__(self, command, rc, out, err):
        self.command, self.rc, self.raw, self.err = command, rc, out, err.decode(errors="replace")

    @property
    def out(self):
        return self.raw.decode(errors="replace")

    @property
    def line(self):
        return self.out.strip()

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        def shown(text):
            return text if len(text) < 3000 else text[:1500] + "\n[...]\n" + text[-1500:]
        return f"$ {' '.join(self.command)}\nexit status {self.rc}\n--- stdout\n{shown(self.out)}--- stderr\n{shown(self.err)}---"


class Box:
    def __init__(self, build, root=None, environment=None):
        self.build = pathlib.Path(build)
        self.program = str(self.build / "bin" / "container")
        self.root = pathlib.Path(root or tempfile.mkdtemp(prefix="bh-", dir="/tmp"))
        self.temporary = pathlib.Path(tempfile.mkdtemp(prefix="bh-tmp-", dir="/tmp"))
        self.cache = os.environ.get("BULKHEAD_CACHE") or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bulkhead")
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("CONTAINER_", "BULKHEAD_", "XDG_")) and key not in ("PYTHONPATH", "SSH_AUTH_SOCK")}
        self.environment = {**kept, "CONTAINER_ROOT": str(self.root), "TMPDIR": str(self.temporary), "LC_ALL": "C.UTF-8",
                            "BULKHEAD_CACHE": self.cache, "CONTAINER_AUTOSTART": "0", "BULKHEAD_RESOLVED_DIR": "", "PATH": f"{self.build / 'bin'}:{os.environ['PATH']}", **(environment or {})}

    # --- commands

    def popen(self, *arguments, environment=None, **options):
        return subprocess.Popen([self.program, *map(str, arguments)], env={**self.environment, **(environment or {})},
                                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})

    def __call__(self, *arguments, stdin=b"", environment=None, timeout=GUARD, **options):
        command = [self.program, *map(str, arguments)]
        if isinstance(stdin, str):
            stdin = stdin.encode()
        source = {"stdin": stdin} if hasattr(stdin, "fileno") else {"input": stdin}
        done = subprocess.run(command, env={**self.environment, **(environment or {})}, capture_output=True, timeout=timeout,
                              check=False, **source, **options)
        return Result(["container", *map(str, arguments)], done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments, **options):
        result = self(*arguments, **options)
        assert result.rc == 0, result
        return result

    def refuses(self, *arguments, saying="", rc=1, **options):
        """It ends with that status, says nothing on stdout and one sentence about why on stderr, perhaps with a hint after it."""
        result = self(*arguments, **options)
        assert result.rc == rc, result
        one_sentence(result, saying)
        assert result.out == "", result
        return result

    # --- the service

    def start(self, environment=None):
        return self.ok("system", "start", environment=environment)

    def stop(self):
        return self.ok("system", "stop")

    def status(self):
        return self("system", "status", "--format", "json")

    def daemon_pid(self):
        return self.status().json["pid"] if "pid" in self.status().json else processes.named(self.root, "container-apiserver")[0]

    def kill_daemon(self):
        pid = self.daemon_pid()
        processes.kill(pid)
        processes.wait_until(lambda: processes.gone(pid), what="the end of the daemon")
        return pid

    def running(self):
        return processes.named(self.root, "container-apiserver")

    def pids(self, word):
        """Without the machine that becomes a template and those that are parked, which come and go by themselves."""
        commands, parked = processes.of_root(self.root), self.parked_hosts()
        return [pid for pid in processes.named(self.root, word) if pid not in parked and processes.parent(pid) not in parked and
                ("bulkhead.template=1" not in commands.get(pid, "") or "-incoming" in commands.get(pid, ""))]

    def parked_hosts(self):
        """The hosts of machines that aren't a container's yet: their directories are there."""
        names = [f"/{directory.name}.sock" for directory in (self.root / "run" / "hosts").glob("_parked-*/")]
        return [pid for pid, command in processes.of_root(self.root).items() if "plugin-host" in command and any(name in command for name in names)]

    # --- what it says about things

    def inspect(self, name):
        return self.ok("inspect", name).json[0]

    def state(self, name):
        found = self("inspect", name)
        return found.json[0]["status"]["state"] if found.rc == 0 else "absent"

    def containers(self):
        return {each["id"]: each["status"]["state"] for each in self.ok("list", "--all", "--format", "json").json}

    def images(self):
        return sorted(each["configuration"]["name"] for each in self.ok("image", "list", "--format", "json").json)

    def wait_state(self, name, state):
        processes.wait_until(lambda: self.state(name) == state, what=f"{name} being {state}")

    # --- the socket

    def socket(self):
        return processes.wait_until(lambda: next((path for path in self.paths() if path.name == "api.sock"), None), what="the socket")

    def curl(self, method, path, body=None, **query):
        """(status, decoded body): asked by curl, as a script would."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        command = ["curl", "-sS", "-X", method, "--unix-socket", str(self.socket()), "-w", "\n%{http_code}", f"http://localhost{path}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        done = subprocess.run(command, capture_output=True, timeout=GUARD, check=True)
        text, status = done.stdout.decode().rsplit("\n", 1)
        try:
            return int(status), json.loads(text)
        except ValueError:
            return int(status), text

    def events(self, **query):
        """The journal's events as the socket gives them."""
        status, body = self.curl("GET", "/v1/events", **query)
        assert status == 200, body
        if isinstance(body, dict):
            return [body]
        return [json.loads(line) for line in body.splitlines() if line]

    # --- traces

    def paths(self):
        return paths_under(self.root)

    def leftovers(self):
        """Temporary files anywhere: in $TMPDIR, half-read archives, sockets of containers that are no more."""
        found = [str(path) for path in paths_under(self.temporary)]
        found += [str(path) for path in self.paths() if "ingest" in path.parent.parts[-1:]]
        return found

    def files(self):
        """The files that hold containers and images: what must be the same before and after something that failed."""
        return sorted(str(path.relative_to(self.root)) for path in self.paths()
                      if path.is_file() and re.search(r"/(blobs|disks|containers|ingest|images)/", str(path)))

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.temporary, ignore_errors=True)


def one_sentence(result, saying=""):
    lines = [line for line in result.err.splitlines() if line.strip()]
    assert lines, f"nothing on stderr: {result}"
    assert lines[0].startswith("Error: "), f"the first line isn't 'Error: ...': {result}"
    assert len(lines) <= 2, f"more than a sentence and a hint: {result}"
    assert not INSIDES.search(result.err), f"the insides show: {result}"
    assert re.search(saying, result.err, re.IGNORECASE), f"doesn't say /{saying}/: {result}"
