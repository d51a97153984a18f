"""exec: a process more in a running container."""
import hashlib
import subprocess

from support.processes import wait_until


def test_exec_runs_in_the_container_and_returns_the_exit_status(box, shell):
    assert box.ok("exec", shell, "uname").out == "Linux\n"
    assert box("exec", shell, "sh", "-c", "exit 41").rc == 41


def test_exec_keeps_stdout_and_stderr_apart(box, shell):
    done = box.ok("exec", shell, "sh", "-c", "echo out; echo err >&2")
    assert (done.out, done.err) == ("out\n", "err\n")


def test_exec_shares_the_containers_namespaces(box, shell):
    assert "sleep 100000" in box.ok("exec", shell, "ps", "-o", "args").out
    box.ok("exec", shell, "sh", "-c", "echo kept > /tmp/kept")
    assert box.ok("exec", shell, "cat", "/tmp/kept").out == "kept\n"


def test_exec_starts_with_the_containers_environment_and_takes_more(box, shell):
    assert "PATH=" in box.ok("exec", shell, "env").out
    assert "A=1\n" in box.ok("exec", "--env", "A=1", shell, "env").out


def test_exec_takes_a_user_and_a_directory(box, shell):
    assert box.ok("exec", "--user", "nobody", "--workdir", "/home", shell, "sh", "-c", "id -u; pwd").out == "65534\n/home\n"
    assert box.ok("exec", "--uid", "1000", "--gid", "100", shell, "sh", "-c", "id -u; id -g").out == "1000\n100\n"


def test_detached_exec_prints_the_container_and_goes_on_by_itself(box, shell):
    assert box.ok("exec", "--detach", shell, "sh", "-c", "sleep 0.3; touch /tmp/detached; sleep 1000").out == shell + "\n"
    wait_until(lambda: box("exec", shell, "test", "-e", "/tmp/detached").rc == 0, what="the marker")
    assert "sleep 1000" in box.ok("exec", shell, "ps", "-o", "args").out
    assert box.state(shell) == "running"


def test_a_command_that_does_not_exist_is_127(box, shell):
    box.refuses("exec", shell, "no-such-command", rc=127, saying="no-such-command")


def test_a_command_that_may_not_be_executed_is_126(box, shell):
    box.refuses("exec", shell, "/etc/not-executable", rc=126, saying="/etc/not-executable")


def test_exec_in_a_container_that_does_not_run_is_refused(box, name):
    box.ok("run", "--name", name, "busybox", "true")
    box.refuses("exec", name, "true", saying="not running|stopped")


def test_exec_on_a_container_that_is_ending_ends_too(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "0.5")
    for _ in range(200):
        last = box("exec", name, "true")
        if last.rc != 0:
            break
    assert last.rc != 0
    box.wait_state(name, "stopped")


def test_without_interactive_there_is_no_input(box, shell):
    assert box.ok("exec", shell, "wc", "-c", stdin="ignored").line == "0"


def test_input_arrives_whole_and_ends(box, shell):
    data = bytes(range(256)) * 4096
    done = box.ok("exec", "-i", shell, "sha256sum", stdin=data)
    assert done.out.split()[0] == hashlib.sha256(data).hexdigest()


def test_binary_output_arrives_whole(box, shell):
    box.ok("exec", shell, "sh", "-c", "head -c 3000000 /dev/urandom > /tmp/random")
    wanted = box.ok("exec", shell, "sha256sum", "/tmp/random").out.split()[0]
    assert hashlib.sha256(box.ok("exec", shell, "cat", "/tmp/random").raw).hexdigest() == wanted


def test_a_reader_that_goes_away_ends_the_command(box, shell):
    client = box.popen("exec", shell, "sh", "-c", "while :; do echo line; done")
    client.stdout.read(1000)
    client.stdout.close()
    assert client.wait(timeout=120) != 0
    client.stderr.close()


def test_many_execs_at_once_do_not_mix(box, shell):
    clients = [box.popen("exec", shell, "sh", "-c", f"seq 1 2000 | sed s/^/{number}:/") for number in range(8)]
    for number, client in enumerate(clients):
        out, err = client.communicate(timeout=180)
        assert client.returncode == 0, err
        assert out.decode().splitlines() == [f"{number}:{line}" for line in range(1, 2001)]


def test_a_signal_to_the_client_reaches_the_process(box, shell):
    client = box.popen("exec", shell, "sh", "-c", "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.1; done",
                       stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"ready\n"
    client.terminate()
    out, _ = client.communicate(timeout=120)
    assert (out, client.returncode) == (b"caught\n", 5)
