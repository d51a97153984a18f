"""CPUs, memory and resource limits: asked for, shown by inspect, and held to."""
import subprocess

import pytest

from support import processes


def test_cpus_become_a_quota(box):
    shown = box.ok("run", "--rm", "--cpus", "2", "busybox", "cat", "/sys/fs/cgroup/cpu.max").out.split()
    assert int(shown[0]) == 2 * int(shown[1])


def test_memory_becomes_a_limit(box):
    assert box.ok("run", "--rm", "--memory", "300m", "busybox", "cat", "/sys/fs/cgroup/memory.max").line == str(300 << 20)


def test_the_defaults_are_four_cpus_and_a_gibibyte(fresh):
    box = fresh(economical=False)
    box.ok("create", "--name", "default", "busybox")
    resources = box.inspect("default")["configuration"]["resources"]
    assert (resources["cpus"], resources["memoryInBytes"]) == (4, 1 << 30)


@pytest.mark.parametrize("text, size", [("256M", 256 << 20), ("256mb", 256 << 20), ("256MiB", 256 << 20), ("1g", 1 << 30),
                                        ("524288K", 512 << 20)])
def test_sizes_are_understood(box, name, text, size):
    box.ok("create", "--name", name, "-m", text, "busybox")
    assert box.inspect(name)["configuration"]["resources"]["memoryInBytes"] == size


@pytest.mark.parametrize("options", [("--memory", "100m"), ("--memory", "lots"), ("--cpus", "0"), ("--cpus", "many"), ("--cpus", "-1")])
def test_senseless_sizes_are_refused(box, options):
    before = box.containers()
    result = box("create", *options, "busybox")
    assert result.rc in (1, 64) and result.out == "", result
    assert box.containers() == before


def test_a_process_that_takes_too_much_is_killed_and_said_to_be(box, name):
    done = box("run", "--name", name, "--memory", "200m", "busybox", "sh", "-c",
               "dd if=/dev/zero of=/dev/shm/fill bs=1M count=60 2>/dev/null; exec awk 'BEGIN { s = \"x\"; while (1) s = s s }'")
    status = box.inspect(name)["status"]
    assert done.rc == 137 and status["exitCode"] == 137, done
    assert status["oomKilled"] is True


def test_freed_memory_goes_back_to_the_host(box, name):
    held = 500
    box.ok("run", "-d", "--name", name, "--memory", "1g", "busybox", "sleep", "1000")
    [machine] = (pid for pid, command in processes.of_root(box.root).items() if "qemu-system" in command and f"/containers/{name}/" in command)
    before = processes.pss_mib(machine)
    holder = box.popen("exec", "-i", name, "sh", "-c", f"exec 3<&0; dd if=/dev/zero bs={held}M count=1 2>/dev/null | (cat <&3; cat >/dev/null)",
                       stdin=subprocess.PIPE)
    processes.wait_until(lambda: processes.pss_mib(machine) > before + 0.95 * held, what=f"{held} MiB in use")
    holder.communicate()
    assert holder.returncode == 0
    processes.wait_until(lambda: processes.pss_mib(machine) < before + 0.2 * held, what="the host's getting back four fifths of it")


def test_open_files(box, name):
    box.ok("create", "--name", name, "--ulimit", "nofile=1024:2048", "busybox", "sh", "-c", "ulimit -Sn; ulimit -Hn")
    assert box.inspect(name)["configuration"]["initProcess"]["rlimits"] == [{"limit": "RLIMIT_NOFILE", "soft": 1024, "hard": 2048}]
    assert box.ok("start", "-a", name).out == "1024\n2048\n"


def test_several_limits(box):
    shown = box.ok("run", "--rm", "--ulimit", "nofile=512", "--ulimit", "nproc=100:200", "--ulimit", "core=0", "busybox", "sh", "-c",
                   "ulimit -n; grep 'Max processes' /proc/self/limits; ulimit -c").lines
    assert shown[0] == "512" and shown[1].split()[2:4] == ["100", "200"] and shown[2] == "0"


@pytest.mark.parametrize("word", ["unlimited", "-1"])
def test_unlimited(box, name, word):
    box.ok("create", "--name", name, "--ulimit", f"core=5:{word}", "--ulimit", f"cpu={word}", "busybox", "sh", "-c",
           "ulimit -Hc; ulimit -St")
    limits = {each["limit"]: (each["soft"], each["hard"]) for each in box.inspect(name)["configuration"]["initProcess"]["rlimits"]}
    assert limits == {"RLIMIT_CORE": (5, -1), "RLIMIT_CPU": (-1, -1)}
    assert box.ok("start", "-a", name).out == "unlimited\nunlimited\n"


def test_exec_has_the_containers_limits(box, name):
    box.ok("run", "-d", "--name", name, "--ulimit", "nofile=1024:2048", "--ulimit", "core=0", "busybox", "sleep", "1000")
    assert box.ok("exec", name, "sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -Hc").lines == ["1024", "2048", "0"]


@pytest.mark.parametrize("limit", ["nofile=9223372036854775808", "nofile=2:1", "nonsense=1", "nofile=", "nofile", "nofile=x"])
def test_limits_that_are_none_are_refused(box, limit):
    result = box("create", "--ulimit", limit, "busybox")
    assert result.rc in (1, 64) and result.out == "", result


def test_a_limit_given_twice_is_refused(box):
    assert box("create", "--ulimit", "nofile=1", "--ulimit", "nofile=2", "busybox").rc in (1, 64)
