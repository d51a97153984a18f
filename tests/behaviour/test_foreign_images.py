"""Images made by other people's tools run: Debian from debootstrap, packed by umoci, converted by skopeo."""
import hashlib
import subprocess

import pytest

from support.processes import wait_until

pytestmark = pytest.mark.release_only

REFERENCE = "debian:bookworm"


@pytest.fixture(scope="module")
def debian(bare, debian_archives):
    bare.ok("image", "load", "--input", debian_archives[0], timeout=600)
    return REFERENCE


@pytest.fixture(scope="module")
def system(bare, debian):
    bare.ok("run", "-d", "--name", "debian", "-m", "1g", debian, "sleep", "100000")
    return "debian"


def test_the_shell_runs(bare, system):
    assert bare.ok("exec", system, "bash", "-c", "echo $BASH_VERSION").line.startswith("5.")
    assert bare.ok("exec", system, "cat", "/etc/debian_version").line.startswith("12")


def test_its_configuration_is_used(bare, system):
    shown = bare.inspect(system)["configuration"]
    assert shown["stopSignal"] == "SIGINT"
    assert "LANG=C.UTF-8" in bare.ok("exec", system, "env").lines


def test_layers_are_joined_as_they_were_made(bare, system):
    shown = bare.ok("exec", system, "sh", "-c", "cd /opt/recipe; find . | sort; cat opaque/*; stat -c %h hardlink").lines
    assert shown == [".", "./hardlink", "./opaque", "./opaque/from-upper", "upper", "2"]


def test_owners_and_setuid_bits_survived(bare, system):
    assert bare.ok("exec", system, "stat", "-c", "%a %U", "/usr/bin/passwd").line == "4755 root"
    assert bare.ok("exec", system, "stat", "-c", "%U:%G", "/var/lib/postgresql").line == "postgres:postgres"
    assert bare.ok("exec", system, "stat", "-c", "%a", "/tmp").line == "1777"


def test_every_file_is_as_debian_shipped_it(bare, system):
    """dpkg keeps the checksum of each file it installed; what the recipe removed on purpose is missing, and nothing else differs."""
    done = bare("exec", system, "sh", "-c", "dpkg --verify 2>&1 | grep -v '^missing' | grep '^..5' | grep -v ' c /etc/' || true")
    assert (done.rc, done.out) == (0, ""), done


def test_python_computes_and_returns_exit_codes(bare, system):
    assert bare.ok("exec", system, "python3", "-c", "print(sum(range(101)))").out == "5050\n"
    assert bare("exec", system, "python3", "-c", "raise SystemExit(42)").rc == 42
    failed = bare("exec", system, "python3", "-c", "1/0")
    assert failed.rc == 1 and "ZeroDivisionError" in failed.err


def test_apt_says_its_version(bare, system):
    assert bare.ok("exec", system, "apt-get", "--version").out.startswith("apt ")


def test_redis_answers_a_client_in_the_same_container(bare, debian):
    bare.ok("run", "-d", "--name", "redis", debian, "redis-server", "--save", "", "--bind", "127.0.0.1")
    try:
        wait_until(lambda: bare("exec", "redis", "redis-cli", "ping").out == "PONG\n", what="redis")
        assert bare.ok("exec", "redis", "redis-cli", "set", "key", "value").line == "OK"
        assert bare.ok("exec", "redis", "redis-cli", "get", "key").line == "value"
        assert "Ready to accept connections" in bare.ok("logs", "redis").out
        bare.ok("stop", "-t", "30", "redis")
        assert bare.inspect("redis")["status"]["exitCode"] == 0
    finally:
        bare("delete", "--force", "redis")


def test_postgres_initialises_and_answers_a_query(bare, debian):
    script = """set -e
      export PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/tmp/data
      initdb -A trust --no-sync >/tmp/initdb.log
      pg_ctl -w -t 120 -o "-c listen_addresses= -k /tmp" -l /tmp/postgres.log start >/tmp/start.log
      psql -h /tmp -d postgres -Atc "create table t as select generate_series(1, 1000) as n; select sum(n) from t"
      pg_ctl -m fast -w stop >/tmp/stop.log"""
    done = bare.ok("run", "--rm", "-m", "1g", "--user", "postgres", debian, "sh", "-c", script, timeout=600)
    assert done.lines[-1] == "500500"


def test_a_hundred_mebibytes_through_stdin(bare, debian, tmp_path):
    file, digest = tmp_path / "data", hashlib.sha256()
    block = hashlib.sha512(b"seed").digest() * 16384
    with open(file, "wb") as out:
        for number in range(100):
            piece = number.to_bytes(8, "big") + block[8:]
            out.write(piece)
            digest.update(piece)
    script = "tee >(wc -c >&2) | sha256sum; wait"
    with open(file, "rb") as source:
        done = bare("run", "--rm", "-i", debian, "bash", "-c", script, stdin=source, timeout=600)
    assert done.rc == 0 and done.out.split()[0] == digest.hexdigest(), done
    assert done.err.split() == [str(100 << 20)]


def test_the_docker_archive_is_the_same_image(bare, debian, debian_archives):
    bare.ok("image", "load", "-i", debian_archives[1], timeout=600)
    one, other = (bare.ok("image", "inspect", each).json[0]["variants"][0]["config"]["rootfs"] for each in (debian, "debian:docker"))
    assert one["diff_ids"] == other["diff_ids"]
    assert bare.ok("run", "--rm", "debian:docker", "cat", "/opt/recipe/opaque/from-upper").out == "upper\n"


def test_others_unpack_what_we_save(bare, debian, tmp_path):
    bare.ok("image", "save", "-o", tmp_path / "saved.tar", debian, timeout=600)
    done = subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", f"oci-archive:{tmp_path}/saved.tar", f"oci:{tmp_path}/layout:x"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["umoci", "unpack", "--image", f"{tmp_path}/layout:x", tmp_path / "bundle"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "bundle/rootfs/opt/recipe/opaque/from-upper").read_text() == "upper\n"
