"""stats and list: what runs and what it costs."""
import json
import re
import signal
import time

from support.box import GUARD

FIELDS = {"id", "memoryUsageBytes", "memoryLimitBytes", "cpuUsageUsec", "blockReadBytes", "blockWriteBytes", "numProcesses"}


def sample(box, name):
    return box.ok("stats", "--no-stream", "--format", "json", name).json[0]


def test_the_fields_of_a_sample(box, shell):
    shown = sample(box, shell)
    assert FIELDS <= set(shown), shown
    assert shown["id"] == shell and shown["memoryUsageBytes"] > 0 and shown["numProcesses"] >= 1
    assert shown["memoryLimitBytes"] == 1 << 30


def test_work_costs_processor_time_and_idling_hardly(box, shell):
    before = sample(box, shell)["cpuUsageUsec"]
    time.sleep(1)
    idle = sample(box, shell)["cpuUsageUsec"]
    box.ok("exec", shell, "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
    busy = sample(box, shell)["cpuUsageUsec"]
    assert busy - idle > idle - before


def share(box, name):
    """What the table says in its column Cpu %."""
    row = next(line for line in box.ok("stats", "--no-stream", name).lines[1:] if line.startswith(name))
    return float(re.search(r"([0-9.]+)%", row).group(1))


def test_the_share_is_low_when_idle_and_high_when_busy(box, shell):
    assert share(box, shell) < 25
    box.ok("exec", "-d", shell, "sh", "-c", "echo $$ > /tmp/busy; while :; do :; done")
    try:
        assert share(box, shell) > 50
    finally:
        box.ok("exec", shell, "sh", "-c", "kill -9 $(cat /tmp/busy)")


def test_the_live_table_goes_on_until_it_is_interrupted(box, shell):
    # A background job of a shell has SIGINT ignored, and so would have its children.
    client = box.popen("stats", shell, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    for _ in range(2):
        assert client.stdout.readline().startswith(b"Container ID")
        assert client.stdout.readline().startswith(shell.encode())
    client.send_signal(signal.SIGINT)
    _, err = client.communicate(timeout=GUARD)
    assert (client.returncode, err) == (130, b"")


def test_stats_of_a_container_that_does_not_run(box, shell, name):
    box.ok("create", "--name", name, "busybox")
    box.refuses("stats", "--no-stream", shell, name, saying=f"{name} is not running")


def test_the_table_has_headers(box, shell):
    lines = box.ok("stats", "--no-stream").lines
    assert [word for word in ("Container ID", "Cpu %", "Memory Usage", "Net Rx/Tx", "Block I/O", "Pids") if word not in lines[0]] == []
    assert any(line.startswith(shell) for line in lines[1:])


def test_without_a_name_all_that_run_are_shown(box, shell, name):
    box.ok("run", "-d", "--name", name, "busybox", "sleep", "1000")
    assert {shell, name} <= {each["id"] for each in box.ok("stats", "--no-stream", "--format", "json").json}


def test_stats_of_the_missing(box):
    box.refuses("stats", "--no-stream", "nobody", saying="nobody")


def test_the_list_shows_columns(box, shell):
    lines = box.ok("list").lines
    assert lines[0].split() == ["ID", "IMAGE", "OS", "ARCH", "STATE", "IP", "CPUS", "MEMORY", "STARTED"]
    row = next(line for line in lines[1:] if line.startswith(shell))
    assert "running" in row and "linux" in row and "amd64" in row and "busybox" in row


def test_the_list_in_every_format(box, shell):
    shown = {each["id"]: each for each in box.ok("list", "--format", "json").json}
    assert shown[shell]["status"]["state"] == "running" and shown[shell]["status"]["startedDate"].endswith("Z")
    assert f"id: {shell}" in box.ok("list", "--format", "yaml").out.replace('"', "")
    assert "[[items]]" in box.ok("list", "--format", "toml").out
    assert box("list", "--format", "xml").rc == 64


def test_the_quiet_list_of_nothing_is_nothing(fresh):
    box = fresh(image=False)
    assert box.ok("list", "--quiet").out == ""
    assert box.ok("list", "--all", "--format", "json").json == []


def test_ls_is_list(box, shell):
    assert shell in box.ok("ls", "-q").lines


def test_inspect_has_the_documented_shape(box, shell):
    text = box.ok("inspect", shell).out
    shown = json.loads(text)[0]
    assert set(shown) == {"id", "configuration", "status"}
    configuration = shown["configuration"]
    for key in ("id", "image", "mounts", "publishedPorts", "labels", "sysctls", "networks", "initProcess", "platform", "resources",
                "runtimeHandler", "virtualization", "readOnly", "useInit", "capAdd", "capDrop", "creationDate"):
        assert key in configuration, key
    process = configuration["initProcess"]
    assert process["executable"] == "sleep" and process["arguments"] == ["100000"] and process["terminal"] is False
    assert configuration["image"]["reference"].endswith("busybox:latest")
    assert text.startswith("[\n"), "not laid out for people"
