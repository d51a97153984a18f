"""Other people's tools, each with storage and settings of its own, so that nothing of the tester's machine is used or changed.

podman runs in a mount namespace without the unified cgroup mount: crun refuses a hybrid one that has controllers. And its limits are those
of the tests themselves: even root may lack the right to raise them.
"""
import json
import os
import pathlib
import resource
import subprocess
import tempfile

from .box import GUARD

CONTAINERS_CONF = """[containers]
default_ulimits = [{limits}]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def limits():
    def hard(which):
        return min(resource.getrlimit(which)[1] % (1 << 63), 1 << 20)
    files, processes = hard(resource.RLIMIT_NOFILE), min(4096, hard(resource.RLIMIT_NPROC))
    return f'"nofile={files}:{files}", "nproc={processes}:{processes}"'


def run(*command, environment=None, stdin=b"", text=True):
    done = subprocess.run([str(word) for word in command], input=stdin.decode() if text else stdin, capture_output=True, text=text,
                          timeout=GUARD, check=False, env={**os.environ, **(environment or {})})
    assert done.returncode == 0, f"$ {' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def skopeo(*arguments, **options):
    return run("skopeo", "--insecure-policy", *arguments, **options)


def raw_manifest(registry, name, *options):
    """The bytes skopeo gets for docker://registry/name."""
    return skopeo("inspect", "--raw", "--tls-verify=false", *options, f"docker://{registry.address}/{name}", text=False)


class Podman:
    """podman and buildah over one storage, which goes with the object. Its path is short: under a long one conmon never tells podman that a
    container has ended, and each run takes the 20 seconds after which podman looks for itself."""

    def __init__(self):
        self.storage = tempfile.TemporaryDirectory(prefix="bh-podman-", dir="/tmp", ignore_cleanup_errors=True)
        self.directory = pathlib.Path(self.storage.name)
        (self.directory / "containers.conf").write_text(CONTAINERS_CONF.format(limits=limits()))
        (self.directory / "policy.json").write_text(json.dumps({"default": [{"type": "insecureAcceptAnything"}]}))
        (self.directory / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\ngraphroot = "{self.directory}/graph"\nrunroot = "{self.directory}/run"\n')
        (self.directory / "registries.conf").write_text("")
        (self.directory / "auth.json").write_text("{}")
        self.environment = {"CONTAINERS_CONF": f"{self.directory}/containers.conf", "CONTAINERS_STORAGE_CONF": f"{self.directory}/storage.conf",
                            "CONTAINERS_REGISTRIES_CONF": f"{self.directory}/registries.conf", "TMPDIR": str(self.directory),
                            "REGISTRY_AUTH_FILE": f"{self.directory}/auth.json", "BUILDAH_ISOLATION": "chroot"}

    def __call__(self, *arguments, **options):
        return self._in_namespace("podman", *arguments, **options)

    def buildah(self, *arguments, **options):
        return self._in_namespace("buildah", *arguments, **options)

    def _in_namespace(self, *command, **options):
        return run("unshare", "-m", "sh", "-c", 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "sh", *command,
                   environment=self.environment, **options)

    def runs(self, image, *command):
        """What a container of that image writes."""
        return self("run", "--rm", "--network", "none", "--runtime", "crun", image, *command)
