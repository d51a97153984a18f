"""create, start, stop, kill, delete, prune: what each does to a container, and what it refuses."""
import threading

import pytest

from support.processes import wait_until


def test_run_prints_the_commands_output_and_returns_its_exit_status(box):
    done = box("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.rc, done.out) == (7, "out\n"), done
    assert "err\n" in done.err, done


def test_run_with_rm_leaves_nothing(box):
    before = box.containers()
    box.ok("run", "--rm", "busybox", "true")
    assert box.containers() == before


def test_run_without_rm_leaves_a_stopped_container_with_its_exit_status(box, name):
    box("run", "--name", name, "busybox", "sh", "-c", "exit 3")
    status = box.inspect(name)["status"]
    assert (status["state"], status["exitCode"]) == ("stopped", 3)


def test_detached_run_prints_the_name_and_returns_while_it_runs(box, name):
    assert box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000").out == name + "\n"
    assert box.state(name) == "running"


def test_arguments_that_look_like_options_reach_the_process(box, name):
    arguments = ["echo", "--name", "-d", "--", "--rm", "-x"]
    box.ok("create", "--name", name, "busybox", *arguments)
    assert box.ok("start", "--attach", name).out == " ".join(arguments[1:]) + "\n"


def test_create_prints_the_name_and_starts_nothing(box, name):
    assert box.ok("create", "--name", name, "busybox", "true").out == name + "\n"
    assert box.state(name) not in ("running", "absent")
    assert name not in box.ok("list", "--quiet").lines
    assert name in box.ok("list", "--all", "--quiet").lines


def test_a_name_with_dots_is_used_as_it_is(box):
    try:
        box.ok("create", "--name", "web.example.test", "busybox", "hostname")
        assert box.inspect("web.example.test")["id"] == "web.example.test"
        assert box.ok("start", "-a", "web.example.test").out.strip() in ("web.example.test", "web")
    finally:
        box("delete", "--force", "web.example.test")


def test_a_name_is_given_only_once(box, name):
    box.ok("create", "--name", name, "busybox")
    files = box.files()
    box.refuses("create", "--name", name, "busybox", saying=name)
    box.refuses("run", "--name", name, "busybox", "true", saying=name)
    assert box.files() == files


def test_names_that_are_none_are_refused(box):
    for bad in ("-x", "a/b", "x" * 64, "sp ace", ""):
        result = box("create", f"--name={bad}", "busybox")
        assert result.rc != 0, (bad, result)
    assert all(" " not in each and "/" not in each for each in box.containers())


def test_start_of_a_running_container_is_no_error(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    pid = box.ok("exec", name, "sh", "-c", "cat /proc/1/stat | cut -d' ' -f22").line
    assert box.ok("start", name).out == name + "\n"
    assert box.ok("exec", name, "sh", "-c", "cat /proc/1/stat | cut -d' ' -f22").line == pid, "it was started anew"


def test_attaching_to_a_running_container_is_refused(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    box.refuses("start", "--attach", name, saying="running")
    assert box.state(name) == "running"


def test_a_container_that_removed_its_etc_starts_again(box, name):
    first = box.ok("run", "--name", name, "busybox", "sh", "-c", "cat /etc/hosts && rm -r /etc").out
    assert "localhost" in first
    assert box.ok("start", "-a", name).out == first


def test_a_stopped_container_starts_again_with_what_it_wrote(box, name):
    box.ok("run", "--name", name, "busybox", "sh", "-c", "date >> /var/starts; wc -l < /var/starts")
    assert box.ok("start", "--attach", name).out == "2\n"
    assert box.ok("start", "--attach", name).out == "3\n"


def test_the_second_start_replaces_no_log_line(box, name):
    box.ok("run", "--name", name, "busybox", "sh", "-c", "echo again")
    box.ok("start", "--attach", name)
    assert box.ok("logs", name).lines.count("again") == 2


def test_start_forwards_input_when_asked(box, name):
    box.ok("create", "--interactive", "--name", name, "busybox", "tr", "a-z", "A-Z")
    assert box.ok("start", "--attach", "--interactive", name, stdin="loud\n").out == "LOUD\n"
    assert box.ok("start", "-ai", name, stdin="again\n").out == "AGAIN\n"


def test_with_rm_nothing_is_left_in_the_background_either(box, name):
    box.ok("run", "-d", "--rm", "--name", name, "busybox", "true")
    box.wait_state(name, "absent")
    box.ok("create", "--rm", "--name", name, "busybox", "true")
    assert box.state(name) != "absent"
    box.ok("start", name)
    box.wait_state(name, "absent")


def test_stop_sends_the_term_signal(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in box.ok("logs", name).out, what="the trap")
    assert box.ok("stop", name).out == name + "\n"
    status = box.inspect(name)["status"]
    assert (status["state"], status["exitCode"]) == ("stopped", 42)


def test_stop_sends_the_signal_it_was_told(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in box.ok("logs", name).out, what="the trap")
    box.ok("stop", "--signal", "SIGUSR1", name)
    assert box.inspect(name)["status"]["exitCode"] == 9


def test_stop_sends_the_images_signal(box, busybox_tar, name):
    box.ok("image", "import", "--stop-signal", "SIGUSR2", busybox_tar, "signalled:1")
    box.ok("run", "-d", "--name", name, "signalled:1", "sh", "-c", "trap 'exit 21' USR2; trap 'exit 22' TERM; echo ready; "
           "while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in box.ok("logs", name).out, what="the trap")
    box.ok("stop", name)
    assert box.inspect(name)["status"]["exitCode"] == 21
    box.ok("delete", name)
    box.ok("image", "delete", "signalled:1")


def test_stop_kills_what_ignores_the_signal(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in box.ok("logs", name).out, what="the trap")
    box.ok("stop", "--time", "1", name)
    assert box.inspect(name)["status"]["exitCode"] == 137


def test_stop_is_idempotent(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    box.ok("stop", "-t", "0", name)
    first = box.inspect(name)["status"]
    assert box.ok("stop", name).out == name + "\n"
    assert box.inspect(name)["status"] == first


def test_kill_sends_a_signal_and_leaves_the_rest_to_the_process(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'echo got it' USR1; echo ready; while :; do sleep 0.1; done")
    wait_until(lambda: "ready" in box.ok("logs", name).out, what="the trap")
    assert box.ok("kill", "--signal", "USR1", name).out == name + "\n"
    wait_until(lambda: "got it" in box.ok("logs", name).out, what="the trap's output")
    assert box.state(name) == "running"


def test_kill_without_a_signal_ends_it(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    box.ok("kill", name)
    assert box.state(name) == "stopped"
    assert box.inspect(name)["status"]["exitCode"] == 137


def test_a_signals_number_is_as_good_as_its_name(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    box.ok("kill", "-s", "9", name)
    assert box.inspect(name)["status"]["exitCode"] == 137


def test_a_signal_that_is_none_is_refused(box, shell):
    result = box("kill", "--signal", "SIGNONSENSE", shell)
    assert result.rc in (1, 64) and "SIGNONSENSE" in result.err, result
    assert box.state(shell) == "running"


def test_delete_removes_a_stopped_container_and_its_disk(box, name):
    box.ok("run", "--name", name, "busybox", "true")
    before = [file for file in box.files() if name in file]
    assert before, "its writable disk is nowhere to be seen"
    assert box.ok("delete", name).out == name + "\n"
    assert box.state(name) == "absent"
    assert not [file for file in box.files() if name in file]


def test_rm_is_delete(box, name):
    box.ok("create", "--name", name, "busybox")
    assert box.ok("rm", name).out == name + "\n"


def test_a_running_container_is_deleted_only_by_force(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    box.refuses("delete", name, saying="running")
    assert box.state(name) == "running"
    assert box.ok("delete", "--force", name).out == name + "\n"
    assert box.state(name) == "absent"


@pytest.mark.parametrize("command", ["start", "stop", "kill", "delete"])
def test_without_a_name_it_is_a_usage_error(box, command):
    box.refuses(command, rc=64)


def test_delete_of_names_and_all_at_once_conflicts(box, name):
    box.ok("create", "--name", name, "busybox")
    result = box("delete", "--all", name)
    assert result.rc != 0 and "conflict" in result.err, result
    assert box.state(name) != "absent"


def test_a_name_given_twice_is_deleted_once(box, name):
    box.ok("create", "--name", name, "busybox")
    assert box.ok("delete", name, name).lines == [name]


def test_the_unknown_is_not_found(box):
    for command in (("stop",), ("kill",), ("delete",), ("start",), ("inspect",), ("logs",), ("exec",), ("stats", "--no-stream")):
        arguments = (*command, "nobody", "true") if command == ("exec",) else (*command, "nobody")
        result = box(*arguments)
        assert result.rc == 1 and "nobody" in result.err and result.out == "", result


def test_inspect_names_everything_that_is_missing(box):
    box.refuses("inspect", "one", "two", saying="container not found: one, two")


def test_a_run_that_fails_leaves_no_container(box):
    before, files = box.containers(), box.files()
    result = box("run", "--user", "no-such-user", "busybox", "true")
    assert result.rc != 0 and "no-such-user" in result.err, result
    assert box.containers() == before
    assert box.files() == files


def test_stop_then_delete_at_once(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done")
    stopping = threading.Thread(target=lambda: box("stop", name))
    stopping.start()
    result = box("delete", name)
    stopping.join()
    assert result.rc in (0, 1), result
    if result.rc == 0:
        assert box.state(name) == "absent"
    else:
        assert box.state(name) == "stopped"


def test_delete_all_spares_what_runs_unless_forced(fresh):
    box = fresh()
    box.ok("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
    box.ok("create", "--name", "one", "busybox")
    box.ok("create", "--name", "two", "busybox")
    assert sorted(box.ok("delete", "--all").lines) == ["one", "two"]
    assert box.containers() == {"runs": "running"}
    assert box.ok("delete", "--all", "--force").lines == ["runs"]
    assert box.containers() == {}


def test_prune_removes_stopped_containers_and_says_what_it_freed(fresh):
    box = fresh()
    nothing = box.ok("prune")
    assert nothing.out == "" and "Reclaimed Zero KB in disk space" in nothing.err, nothing
    box.ok("run", "-d", "--name", "runs", "busybox", "sleep", "1000")
    box.ok("run", "--name", "ended", "busybox", "true")
    some = box.ok("prune")
    assert some.lines == ["ended"] and "Reclaimed" in some.err and "Zero" not in some.err, some
    assert box.containers() == {"runs": "running"}
    assert box.ok("stop", "--all").lines == ["runs"]
    assert box.state("runs") == "stopped"


def test_kill_all_ends_what_runs_and_nothing_else(fresh):
    box = fresh()
    box.ok("create", "--name", "waits", "busybox")
    for each in ("one", "two"):
        box.ok("run", "-d", "--name", each, "busybox", "sleep", "1000")
    assert sorted(box.ok("kill", "--all").lines) == ["one", "two"]
    states = box.containers()
    assert (states["one"], states["two"]) == ("stopped", "stopped") and states["waits"] != "running"
    assert box.ok("kill", "--all").out == ""


def test_a_unique_prefix_is_enough_and_the_id_is_printed(box):
    """One container for all of it: a start is dear."""
    try:
        box.ok("create", "--name", "unique-prefix", "busybox", "sh", "-c", "echo started; trap 'exit 0' TERM; while :; do sleep 0.1; done")
        for command in (("start",), ("start",), ("exec", "-d"), ("kill", "-s", "CONT")):
            words = ("true",) if command[0] == "exec" else ()
            assert box.ok(*command, "uniq", *words).out == "unique-prefix\n", command
        assert box.ok("exec", "uniq", "hostname").out == "unique-prefix\n"
        assert box.ok("inspect", "uniq").json[0]["id"] == "unique-prefix"
        wait_until(lambda: box.ok("logs", "uniq").out == "started\n", what="its first line")
        assert "container.create" in box.ok("history", "uniq").out
        assert box.ok("stats", "--no-stream", "--format", "json", "uniq").json[0]["id"] == "unique-prefix"
        assert box.ok("stop", "uniq", "unique", "unique-prefix").out == "unique-prefix\n"
        assert box.ok("delete", "uniq", "unique-prefix").out == "unique-prefix\n"
        assert box.state("unique-prefix") == "absent"
    finally:
        box("delete", "--force", "unique-prefix")


@pytest.fixture(scope="module")
def twins(box):
    box.ok("create", "--name", "twin-a", "busybox")
    box.ok("create", "--name", "twin-b", "busybox")
    yield "twin"
    box("delete", "--force", "twin-a", "twin-b")


@pytest.mark.parametrize("command", [("start",), ("stop",), ("kill",), ("delete",), ("exec", "-d"), ("inspect",), ("logs",), ("history",)],
                         ids=lambda command: command[0])
def test_a_prefix_of_two_names_is_refused_with_both(box, twins, command):
    box.refuses(*command, twins, *(("true",) if command[0] == "exec" else ()), saying="twin-a.*twin-b")
    assert {"twin-a", "twin-b"} <= set(box.containers())


def test_a_name_that_begins_another_is_that_container(box, twins):
    box.ok("create", "--name", twins, "busybox")
    assert box.ok("delete", twins).out == twins + "\n"
    assert {"twin-a", "twin-b"} <= set(box.containers())
