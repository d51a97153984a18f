"""podman and docker as a start is measured beside: each with storage of its own, in namespaces for mounts and for the network that go with the
bench, so that no bridge, rule or lock of theirs stays on this machine, and none of this machine's slows them down.

Each is given its best: podman overlayfs and crun, the fastest of its runtimes, where crun runs; docker its defaults.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))

from support.processes import wait_until  # noqa: E402
from support.tools import CONTAINERS_CONF, limits  # noqa: E402

# crun refuses a hybrid cgroup mount that has controllers; podman's locks are shared memory that every podman of a machine uses.
SET_UP = "umount /sys/fs/cgroup/unified 2>/dev/null; mount -t tmpfs tmpfs /dev/shm && ip link set lo up && echo ready && exec sleep infinity"


def seconds(command, environment=None):
    """How long a command takes that succeeds and says nothing that anybody waits for: what it leaves behind may keep its stderr open."""
    with tempfile.TemporaryFile() as complaints:
        begun = time.perf_counter()
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints, check=False)
        took = time.perf_counter() - begun
        if done.returncode != 0:
            complaints.seek(0)
            raise RuntimeError(f"{' '.join(map(str, command))}: {complaints.read().decode(errors='replace').strip()[-300:]}")
    return took


class Apart:
    """A process that does nothing but hold the namespaces."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "-m", "-n", "sh", "-c", SET_UP], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"no namespaces: {self.process.communicate()[1].decode().strip()}")

    def __call__(self, *command):
        return ["nsenter", "-m", "-n", "-t", str(self.process.pid), *map(str, command)]

    def close(self):
        self.process.kill()
        self.process.communicate()


class Engine:
    """`command` are the words before the subcommand; `networks` those that were tried and work."""

    def try_networks(self):
        self.networks = []
        for network in ("bridge", "none"):
            try:
                self.run(self.busybox, ["true"], network)
                self.networks.append(network)
            except RuntimeError as why:
                print(f"{self.name} with --network {network} is left out: {why}", flush=True)

    def run(self, image, words, network):
        return self("run", "--rm", "--network", network, image, *words)

    def keep(self, name, image, *words):
        self("run", "-d", "--network", "none", "--name", name, image, *words)

    def exec(self, name, *words):
        return self("exec", name, *words)

    def __call__(self, *words):
        return seconds([*self.command, *map(str, words)], self.environment)


class Podman(Engine):
    name = "podman"
    busybox, debian = "localhost/busybox:latest", "docker.io/library/debian:bookworm"

    def __init__(self, scratch, busybox, debian):
        directory = scratch / "podman"
        directory.mkdir()
        (directory / "containers.conf").write_text(CONTAINERS_CONF.format(limits=limits()) + f'[network]\nnetwork_config_dir = "{directory}/networks"\n')
        (directory / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment = {**os.environ, "CONTAINERS_CONF": f"{directory}/containers.conf", "TMPDIR": str(directory)}
        self.directory, self.apart = directory, Apart()
        try:
            self._use()
            self("import", "-q", busybox, self.busybox)
            self("load", "-q", f"--signature-policy={directory}/policy.json", "-i", debian[0])
            self._choose_runtime()
        except Exception:
            self.close()
            raise

    def _use(self, *options):
        self.command = self.apart("podman", "--root", self.directory / "graph", "--runroot", self.directory / "run", "--storage-driver", "overlay",
                                  *options)

    def _choose_runtime(self):
        failures = []
        for runtime in ("crun", "runc"):
            self._use("--runtime", runtime)
            try:
                self.run(self.busybox, ["true"], "none")
                self.name = f"podman {runtime}"
                return
            except RuntimeError as why:
                failures.append(str(why))
        raise RuntimeError("; ".join(failures))

    def close(self):
        with contextlib.suppress(RuntimeError):
            self("rm", "-a", "-f", "-t", "0")
        self.apart.close()


class Docker(Engine):
    name = "docker"
    busybox, debian = "busybox:latest", "debian:docker"
    # Debian's own, whatever comes first in PATH.
    client, server = "/usr/bin/docker", "/usr/sbin/dockerd"

    def __init__(self, scratch, busybox, debian):
        self.directory = scratch / "docker"
        self.directory.mkdir()
        (self.directory / "daemon.json").write_text(json.dumps({
            "data-root": f"{self.directory}/data", "exec-root": f"{self.directory}/exec", "pidfile": f"{self.directory}/pid",
            "hosts": [f"unix://{self.directory}/docker.sock"]}))
        self.command, self.environment = [self.client, "-H", f"unix://{self.directory}/docker.sock"], None
        self.apart = Apart()
        with open(self.directory / "log", "wb") as log:
            # nsenter becomes dockerd, so its pid is the daemon's.
            self.process = subprocess.Popen(self.apart(self.server, "--config-file", self.directory / "daemon.json"), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until(self._answers, seconds=60, what="dockerd")
            self("import", busybox, self.busybox)
            self("load", "-q", "-i", debian[1])
        except Exception:
            self.close()
            raise

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"dockerd has ended: {(self.directory / 'log').read_text()[-300:]}")
        return subprocess.run([*self.command, "version"], capture_output=True, check=False).returncode == 0

    def close(self):
        left = subprocess.run([*self.command, "ps", "-aq"], capture_output=True, text=True, check=False).stdout.split()
        if left:
            subprocess.run([*self.command, "rm", "-f", *left], capture_output=True, check=False)
        self.process.terminate()
        self.process.wait()
        self.apart.close()


def engines(scratch, busybox, debian):
    """Those that work here, and a line for each that doesn't."""
    for kind, program in ((Podman, "podman"), (Docker, Docker.server)):
        try:
            if not shutil.which(program):
                raise RuntimeError(f"{program} isn't installed")
            if os.geteuid() != 0:
                raise RuntimeError("it gets namespaces of its own from root only")
            engine = kind(scratch, busybox, debian)
            engine.try_networks()
            yield engine
        except (AssertionError, OSError, RuntimeError) as why:
            print(f"{kind.name} is left out: {why}", flush=True)
