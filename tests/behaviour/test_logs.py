"""logs: every line the container wrote, after it ended too."""
import subprocess


def test_logs_are_what_it_wrote(box, name):
    box("run", "--name", name, "busybox", "sh", "-c", "echo out; echo err >&2; printf 'no newline'")
    done = box.ok("logs", name)
    assert sorted((done.out + done.err).replace("no newline", "no newline\n").split("\n")[:3]) == ["err", "no newline", "out"]


def test_the_last_lines(box, name):
    box.ok("run", "--name", name, "busybox", "seq", "1", "100")
    assert box.ok("logs", "-n", "3", name).lines == ["98", "99", "100"]
    assert box.ok("logs", "-n", "0", name).out == ""


def test_following_ends_with_the_container(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done")
    assert box.ok("logs", "--follow", name).lines == ["1", "2", "3"]


def test_following_shows_lines_as_they_come(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "sh", "-c", "echo first; sleep 1000")
    client = box.popen("logs", "-f", name, stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"first\n"
    box.ok("kill", name)
    out, _ = client.communicate(timeout=120)
    assert (out, client.returncode) == (b"", 0)


def test_a_hundred_thousand_lines_in_order(box, name):
    box.ok("run", "--name", name, "busybox", "seq", "1", "100000")
    assert box.ok("logs", name).lines == [str(number) for number in range(1, 100001)]


def test_a_very_long_line_is_one_line(box, name):
    box.ok("run", "--name", name, "busybox", "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end")
    assert box.ok("logs", name).lines == ["x" * 100000, "end"]


def test_bytes_that_are_no_text_come_as_they_are(box, name):
    box.ok("run", "--name", name, "busybox", "printf", r"caf\351 \377\0\n\342\202\254\n")
    logs = box.popen("logs", name, stdout=subprocess.PIPE)
    assert logs.communicate(timeout=120)[0] == b"caf\xe9 \xff\0\n\xe2\x82\xac\n"


def test_a_container_that_writes_without_end_holds_up_nobody(box, name):
    box.ok("run", "-d", "--name", name, "busybox", "yes")
    follower = box.popen("logs", "-f", name, stdout=subprocess.PIPE)
    assert follower.stdout.readline() == b"y\n"
    assert box.ok("logs", "-n", "3", name).lines == ["y"] * 3
    assert set(box.ok("logs", name).lines) == {"y"}
    follower.stdout.close()  # a reader that leaves in the middle
    assert follower.wait(timeout=120) != 0
    assert name in box.ok("ls", "-q").lines
    box.ok("kill", name)


def test_the_boot_log_is_the_machines(box, shell):
    assert "Linux version" in box.ok("logs", "--boot", shell).out or box.ok("logs", "--boot", shell).rc == 0


def test_a_container_that_never_ran_has_no_logs(box, name):
    box.ok("create", "--name", name, "busybox")
    assert box.ok("logs", name).out == ""
