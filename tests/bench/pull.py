#!/usr/bin/python3
"""What a pull and a push cost, beside the tools that do the same, from one docker-registry on this machine, in one run and in turn.

    pull.py BUILD_DIR [--check] [--rounds N]        --check: exit status 1 if a budget of docs/SPECIFICATION.md is exceeded

Ready to run is what counts: verified and unpacked. skopeo only copies blobs and is shown as the floor; podman, docker and ctr are
measured where they are installed and can be started here (docker and ctr want root). The images are made of this machine's own files.
"""
import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "behaviour"))
sys.path.insert(0, str(HERE))

import leaving  # noqa: E402
from run import Table, ms  # noqa: E402
from support import processes  # noqa: E402
from support.box import Box  # noqa: E402
from support.processes import wait_until  # noqa: E402
from support.registry import Registry  # noqa: E402

MIB = 1 << 20
# Unpacked; gzip leaves a little less than half.
SMALL, LARGE = (1, 260 * MIB), (10, 1050 * MIB)


def files_of_this_machine():
    """(path, size) of ordinary files, in a fixed order."""
    for top in ("/usr/lib", "/usr/share", "/usr/include", "/usr/bin"):
        for directory, names, files in os.walk(top):
            names.sort()
            for name in sorted(files):
                path = os.path.join(directory, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    yield path, os.path.getsize(path)


def put_blob(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def make_layer(layout, scratch, files):
    archive = scratch / "layer.tar"
    listed = "\n".join(path.lstrip("/") for path in files)
    subprocess.run(["tar", "-C", "/", "-cf", archive, "--no-recursion", "-T", "-"], input=listed, text=True, check=True)
    with open(archive, "rb") as file:
        diff_id = hashlib.file_digest(file, "sha256").hexdigest()
    packed = subprocess.run(["gzip", "-6", "-n", "-c", archive], stdout=subprocess.PIPE, check=True).stdout
    archive.unlink()
    return put_blob(layout, packed) | {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}, f"sha256:{diff_id}"


def publish(layout, registry, name, layers):
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]}, "history": [],
                         "rootfs": {"type": "layers", "diff_ids": [diff for _, diff in layers]}}).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [layer for layer, _ in layers],
        "config": put_blob(layout, config) | {"mediaType": "application/vnd.oci.image.config.v1+json"}}).encode()
    described = put_blob(layout, manifest) | {"mediaType": "application/vnd.oci.image.manifest.v1+json"}
    described["annotations"] = {"org.opencontainers.image.ref.name": "it"}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    subprocess.run(["skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:it", f"docker://{registry.address}/{name}"], check=True)
    return sum(layer["size"] for layer, _ in layers)


def make_images(registry, scratch):
    """Publishes small:1, large:1 and large:2, which differs from large:1 in one layer; {name: bytes of its layers}."""
    files, sizes = files_of_this_machine(), {}
    layout = scratch / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)

    def take(count, most):
        for _ in range(count):
            chosen, total = [], 0
            while total < most // count:
                path, size = next(files)
                chosen.append(path)
                total += size
            yield make_layer(layout, scratch, chosen)

    sizes["small:1"] = publish(layout, registry, "small:1", list(take(*SMALL)))
    layers = list(take(*LARGE))
    sizes["large:1"] = publish(layout, registry, "large:1", layers)
    sizes["large:2"] = publish(layout, registry, "large:2", layers[:-1] + list(take(1, LARGE[1] // LARGE[0])))
    shutil.rmtree(layout)
    return sizes


class Measured:
    """Seconds by the clock, and of processors: the command's, and those of the processes that work for it."""

    def __init__(self, wall, cpu):
        self.wall, self.cpu = wall, cpu

    def __str__(self):
        return f"{ms(self.wall)} ({ms(self.cpu)} cpu)"


def cpu_of(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Tool:
    """A way to pull: `helpers` are the processes that do the work for a command."""

    unpacks = True

    def measure(self, *command, environment=None):
        pids = self.helpers()
        before, own = cpu_of(pids), resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        wall = time.perf_counter() - begun
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - own.ru_utime + after.ru_stime - own.ru_stime + cpu_of(self.helpers()) - before
        return Measured(wall, cpu)

    def helpers(self):
        return []

    def close(self):
        pass


class Ours(Tool):
    name = "container"

    def __init__(self, build):
        self.box = Box(build)
        self.box.start()

    def helpers(self):
        return list(processes.of_root(self.box.root))

    def container(self, *words):
        return self.measure(self.box.program, *words, environment=self.box.environment)

    def pull(self, reference):
        return self.container("image", "pull", "-q", reference)

    def push(self, reference, target):
        self.box.ok("image", "tag", reference, target)
        return self.container("image", "push", "-q", target)

    def forget(self):
        self.box("image", "delete", "--all", "--force")
        self.box("image", "prune", "-a")

    def peak_memory(self):
        """MiB, of each process of the service."""
        peaks = {}
        for pid, command in processes.of_root(self.box.root).items():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    plugin = next((word for word in ("storage-local", "registry") if f"plugins/{word}" in command), "daemon")
                    peaks[plugin] = int(line.split()[1]) / 1024
        return peaks

    def close(self):
        self.box.stop()
        self.box.remove()


class Skopeo(Tool):
    name, unpacks = "skopeo copy (no unpacking)", False

    def __init__(self, scratch):
        self.place = scratch / "skopeo"

    def pull(self, reference):
        return self.measure("skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{reference}", f"oci:{self.place}:it")

    def push(self, _, target):
        return self.measure("skopeo", "copy", "-q", "--dest-tls-verify=false", f"oci:{self.place}:it", f"docker://{target}")

    def forget(self):
        shutil.rmtree(self.place, ignore_errors=True)


class Podman(Tool):
    name = "podman"

    def __init__(self, scratch):
        self.directory = directory = scratch / "podman"
        directory.mkdir()
        (directory / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{directory}/graph"\nrunroot = "{directory}/run"\n')
        (directory / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.environment = {**os.environ, "CONTAINERS_STORAGE_CONF": f"{directory}/storage.conf", "TMPDIR": str(directory)}
        self.policy = f"--signature-policy={directory}/policy.json"

    def pull(self, reference):
        return self.measure("podman", "pull", "-q", "--tls-verify=false", self.policy, reference, environment=self.environment)

    def push(self, reference, target):
        return self.measure("podman", "push", "-q", "--tls-verify=false", self.policy, reference, target, environment=self.environment)

    def forget(self):
        subprocess.run(["podman", "rmi", "-af"], env=self.environment, capture_output=True)

    def close(self):
        # It leaves its storage mounted on itself.
        subprocess.run(["umount", self.directory / "graph/overlay"], capture_output=True)


class Served(Tool):
    """A tool whose work a daemon does."""

    def start(self, *command, log):
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def helpers(self):
        found, parents = [self.process.pid], [self.process.pid]
        while parents:
            children = pathlib.Path(f"/proc/{parents[0]}/task/{parents[0]}/children")
            parents = parents[1:]
            with contextlib.suppress(OSError):
                new = [int(pid) for pid in children.read_text().split()]
                found += new
                parents += new
        return found

    def close(self):
        self.process.terminate()
        self.process.wait()


class Docker(Served):
    name = "docker"

    def __init__(self, scratch):
        directory = scratch / "docker"
        directory.mkdir()
        (directory / "daemon.json").write_text(json.dumps({
            "data-root": f"{directory}/data", "exec-root": f"{directory}/exec", "pidfile": f"{directory}/pid", "iptables": False,
            "bridge": "none", "hosts": [f"unix://{directory}/docker.sock"]}))
        self.start("/usr/sbin/dockerd", "--config-file", directory / "daemon.json", log=directory / "log")
        self.docker = ["/usr/bin/docker", "-H", f"unix://{directory}/docker.sock"]
        wait_until(lambda: subprocess.run([*self.docker, "version"], capture_output=True).returncode == 0, seconds=30, what="dockerd")

    def pull(self, reference):
        return self.measure(*self.docker, "pull", "-q", reference)

    def push(self, reference, target):
        subprocess.run([*self.docker, "tag", reference, target], check=True)
        return self.measure(*self.docker, "push", "-q", target)

    def forget(self):
        images = subprocess.run([*self.docker, "images", "-aq"], capture_output=True, text=True).stdout.split()
        subprocess.run([*self.docker, "rmi", "-f", *images], capture_output=True)


class Containerd(Served):
    name = "ctr"

    def __init__(self, scratch):
        directory = scratch / "containerd"
        directory.mkdir()
        (directory / "config.toml").write_text(
            f'version = 2\nroot = "{directory}/root"\nstate = "{directory}/state"\noom_score = 0\n'
            f'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "{directory}/socket"\n')
        self.start("containerd", "--config", directory / "config.toml", log=directory / "log")
        self.ctr = ["ctr", "-a", f"{directory}/socket", "image"]
        wait_until(lambda: subprocess.run([*self.ctr, "ls"], capture_output=True).returncode == 0, seconds=30, what="containerd")

    def pull(self, reference):
        return self.measure(*self.ctr, "pull", "--plain-http", reference)

    def push(self, reference, target):
        return self.measure(*self.ctr, "push", "--plain-http", target, reference)

    def forget(self):
        images = subprocess.run([*self.ctr, "ls", "-q"], capture_output=True, text=True).stdout.split()
        if images:
            subprocess.run([*self.ctr, "rm", "--sync", *images], capture_output=True)


def peers(scratch):
    """Those that are here; one that doesn't come up is left out with a word."""
    for kind, program, privileged in ((Skopeo, "skopeo", False), (Podman, "podman", True), (Docker, "/usr/sbin/dockerd", True),
                                      (Containerd, "containerd", True)):
        if not shutil.which(program) or (privileged and os.geteuid() != 0):
            continue
        try:
            yield kind(scratch)
        except Exception as why:  # whatever keeps somebody else's program from working
            print(f"{kind.name} is left out: {why}")


def best(measures):
    return min(measures, key=lambda measured: measured.wall)


def pulls(table, tools, registry, sizes, rounds):
    for name in ("small:1", "large:1"):
        reference = f"{registry.address}/{name}"
        taken = {tool: [] for tool in tools}
        for _ in range(rounds):
            for tool in tools:
                tool.forget()
                os.sync()
                taken[tool].append(tool.pull(reference))
        ours, *others = [(tool, best(measures)) for tool, measures in taken.items()]
        what = f"pull of {sizes[name] / 1e6:.0f} MB"
        for tool, measured in others:
            table.shown(f"{what}, {tool.name}", "", str(measured))
        unpacking = [measured.wall for tool, measured in others if tool.unpacks]
        if unpacking:
            table.judged(what, str(ours[1]), f"{ms(min(unpacking))}, the best that unpacks", ours[1].wall / min(unpacking), 0.5)


def again(table, ours, registry):
    """After large:1 is here."""
    unchanged = best([ours.pull(f"{registry.address}/large:1") for _ in range(10)])
    table.judged("pull of an unchanged tag", str(unchanged), "", unchanged.wall * 1000, 50, " ms")
    table.shown("pull of 1.1 after 1.0, one layer new", str(ours.pull(f"{registry.address}/large:2")))


def pushes(table, tools, registry):
    taken = []
    for number, tool in enumerate(tools):
        tool.forget()
        tool.pull(f"{registry.address}/large:1")
        # Another registry each, because one that has the blobs is sent none.
        with tempfile.TemporaryDirectory(prefix="bh-bench-") as scratch, Registry(scratch) as empty:
            taken.append((tool, tool.push(f"{registry.address}/large:1", f"{empty.address}/pushed:{number}")))
    for tool, measured in taken[1:]:
        table.shown(f"push, {tool.name}", "", str(measured))
    others = [measured.wall for tool, measured in taken[1:] if tool.unpacks]
    if others:
        table.judged("push", str(taken[0][1]), f"{ms(min(others))}, the best that keeps images unpacked", taken[0][1].wall / min(others), 1.0)


def main():
    leaving.cleanly()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    table = Table()
    with contextlib.ExitStack() as stack:
        scratch = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bh-bench-", ignore_cleanup_errors=True)))
        registry = stack.enter_context(Registry(scratch / "registry"))
        sizes = make_images(registry, scratch)
        tools = [Ours(pathlib.Path(arguments.build).resolve()), *peers(scratch)]
        for tool in tools:
            stack.callback(tool.close)
        pulls(table, tools, registry, sizes, arguments.rounds)
        ours = tools[0]
        ours.pull(f"{registry.address}/large:1")
        again(table, ours, registry)
        for process, peak in ours.peak_memory().items():
            table.judged(f"peak memory, {process}", f"{peak:.1f} MiB", "", peak, 64, " MiB")
        pushes(table, tools, registry)
    table.end(arguments.check)


if __name__ == "__main__":
    main()
