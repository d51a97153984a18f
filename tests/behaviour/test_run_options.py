"""The options of run and create that say what the container sees: environment, user, directory, files, names."""
import os
import shutil
import stat
import subprocess
import threading

import pytest


def output(box, *arguments, **options):
    return box.ok("run", "--rm", *arguments, **options).out


def test_environment_from_options_files_and_the_caller(box, tmp_path):
    file = tmp_path / "env"
    file.write_text("# a comment\n\nFILE=from file\nBOTH=file\nINHERITED\nUNSET_ANYWHERE\n")
    shown = output(box, "--env-file", file, "-e", "BOTH=option", "-e", "KEEP=a=b c", "-e", "CALLER", "busybox", "env",
                   environment={"INHERITED": "yes", "CALLER": "asked"}).splitlines()
    for line in ("FILE=from file", "BOTH=option", "KEEP=a=b c", "INHERITED=yes", "CALLER=asked"):
        assert line in shown, (line, shown)
    assert not [line for line in shown if line.startswith("UNSET_ANYWHERE")]


def test_options_win_over_files_and_files_over_the_image(box, busybox_tar, tmp_path):
    file = tmp_path / "env"
    file.write_text("A=file\nB=file\nPATH=/bin:/file\n")
    box.ok("image", "import", "-e", "A=image", "-e", "B=image", "-e", "C=image", busybox_tar, "variables:1")
    try:
        shown = output(box, "-e", "A=option", "--env-file", file, "variables:1", "env").splitlines()
        assert {"A=option", "B=file", "C=image", "PATH=/bin:/file"} <= set(shown)
        assert len([line for line in shown if line.startswith("A=")]) == 1
    finally:
        box.ok("image", "delete", "variables:1")


def test_environment_from_a_pipe(box, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("FROM_PIPE=1\n"))
    writer.start()
    assert "FROM_PIPE=1" in output(box, "--env-file", pipe, "busybox", "env").splitlines()
    writer.join()


def test_an_environment_file_with_a_mistake_is_refused(box, tmp_path):
    file = tmp_path / "env"
    file.write_text("GOOD=1\nBAD KEY=2\n")
    result = box("run", "--rm", "--env-file", file, "busybox", "true")
    assert result.rc in (1, 64) and "BAD KEY" in result.err, result


def test_an_environment_file_that_is_missing_is_named(box):
    result = box("run", "--rm", "--env-file", "/nowhere/env", "busybox", "true")
    assert result.rc in (1, 64) and "/nowhere/env" in result.err, result


@pytest.mark.parametrize("options, shown", [
    (("--user", "nobody"), "65534:65534"),
    (("--user", "worker"), "1000:100"),
    (("--user", "1000"), "1000:100"),
    (("--user", "7:8"), "7:8"),
    (("--user", "worker:extra"), "1000:2000"),
    (("--uid", "7"), "7:0"),
    (("--uid", "7", "--gid", "9"), "7:9"),
])
def test_user(box, name, options, shown):
    assert output(box, *options, "busybox", "sh", "-c", "echo $(id -u):$(id -g)") == shown + "\n"


def test_gid_alone_is_one_more_group(box):
    assert "2000" in output(box, "--gid", "2000", "busybox", "id", "-G").split()


def test_home_follows_the_user(box):
    assert output(box, "--user", "nobody", "busybox", "sh", "-c", "echo $HOME") == "/home/nobody\n"


def test_the_working_directory_is_made_if_missing(box):
    for option in ("--workdir", "-w", "--cwd"):
        assert output(box, option, "/made/for/me", "busybox", "pwd") == "/made/for/me\n"


def test_entrypoint_replaces_the_images_command(box):
    assert output(box, "--entrypoint", "echo", "busybox", "said") == "said\n"


def test_entrypoint_drops_the_images_command(box, busybox_tar, name):
    box.ok("image", "import", "--entrypoint", '["sh"]', "--cmd", '["-c", "echo image"]', busybox_tar, "commanded:1")
    for options, words in (((), ["sh", "-c", "echo image"]), (("--entrypoint", "echo"), ["echo"])):
        box.ok("create", "--name", name, *options, "commanded:1")
        process = box.inspect(name)["configuration"]["initProcess"]
        assert [process["executable"], *process["arguments"]] == words
        box.ok("delete", name)
    box.ok("image", "delete", "commanded:1")


def test_the_images_command_runs_if_none_is_given(box):
    assert box.ok("run", "--rm", "-i", "busybox", stdin="echo from the shell\n").out == "from the shell\n"


def test_labels_are_shown_by_inspect(box, name):
    box.ok("create", "--name", name, "-l", "tier=front", "--label", "empty=", "--label", "eq=a=b", "busybox")
    assert box.inspect(name)["configuration"]["labels"] == {"tier": "front", "empty": "", "eq": "a=b"}


def test_the_name_is_the_host_name(box, name):
    assert output(box, "--name", name, "busybox", "hostname") == name + "\n"


def test_hosts_knows_localhost_and_the_container(box, name):
    hosts = output(box, "--name", name, "busybox", "cat", "/etc/hosts")
    assert any(line.split()[:2] == ["127.0.0.1", "localhost"] for line in hosts.splitlines() if line.split()), hosts
    assert name in hosts


def test_dns_options_shape_resolv_conf(box):
    shown = output(box, "--dns", "192.0.2.1", "--dns", "192.0.2.2", "--dns-domain", "example.test", "--dns-search", "a.test",
                   "--dns-search", "b.test", "--dns-option", "ndots:2", "busybox", "cat", "/etc/resolv.conf")
    lines = [line.split() for line in shown.splitlines() if line and not line.startswith("#")]
    assert [line[0] for line in lines] == ["nameserver", "nameserver", "domain", "search", "options"]
    assert [line[1] for line in lines if line[0] == "nameserver"] == ["192.0.2.1", "192.0.2.2"]
    assert ["domain", "example.test"] in lines
    assert ["search", "a.test", "b.test"] in lines
    assert ["options", "ndots:2"] in lines


def test_no_dns_writes_no_resolv_conf(box):
    assert output(box, "--no-dns", "busybox", "sh", "-c", "test -s /etc/resolv.conf && echo there || echo absent") == "absent\n"
    assert box("run", "--rm", "--no-dns", "--dns", "192.0.2.1", "busybox", "true").rc == 64


def test_tmpfs_is_a_file_system_of_its_own(box):
    shown = output(box, "--tmpfs", "/scratch", "busybox", "sh", "-c", "echo x > /scratch/x && grep ' /scratch ' /proc/mounts")
    assert shown.split()[2] == "tmpfs"


def test_a_tmpfs_has_a_size_a_mode_and_may_be_read_only(box):
    script = ("for each in /a /b; do stat -c '%a' $each; df -k $each | tail -n 1 | awk '{ print $2 }'; done; "
              "touch /a/x && echo written; touch /b/x 2>/dev/null || echo refused")
    done = box.ok("run", "--rm", "--tmpfs", "/a:size=1m,mode=700", "--mount", "type=tmpfs,destination=/b,size=2m,mode=1755,readonly",
                  "busybox", "sh", "-c", script)
    assert (done.lines, done.err) == (["700", "1024", "1755", "2048", "written", "refused"], "")


@pytest.mark.parametrize("option", [("--tmpfs", "relative"), ("--tmpfs", "/a:mode=9"), ("--tmpfs", "/a:colour=red"),
                                    ("--mount", "type=tmpfs,destination=/a,size=big")], ids=" ".join)
def test_a_mistake_in_a_tmpfs_is_refused(box, option):
    box.refuses("create", *option, "busybox", rc=64, saying=option[0])


def test_mount_takes_a_tmpfs_with_a_size(box):
    shown = output(box, "--mount", "type=tmpfs,destination=/small,size=16m", "busybox", "df", "-k", "/small")
    assert shown.splitlines()[-1].split()[1] == str(16 * 1024), shown


def test_shm_size(box):
    assert output(box, "busybox", "df", "-k", "/dev/shm").splitlines()[-1].split()[1] == str(64 * 1024)
    assert output(box, "--shm-size", "16m", "busybox", "df", "-k", "/dev/shm").splitlines()[-1].split()[1] == str(16 * 1024)


def test_cidfile_holds_the_name_and_nothing_else(box, name, tmp_path):
    box.ok("run", "--rm", "--name", name, "--cidfile", tmp_path / "cid", "busybox", "true")
    assert (tmp_path / "cid").read_bytes() == name.encode()
    assert stat.S_IMODE((tmp_path / "cid").stat().st_mode) == 0o644


def test_a_cidfile_that_exists_is_refused(box, tmp_path):
    (tmp_path / "cid").write_text("mine")
    before = box.containers()
    box.refuses("run", "--cidfile", tmp_path / "cid", "busybox", "true", saying=str(tmp_path / "cid"))
    assert (tmp_path / "cid").read_text() == "mine"
    assert box.containers() == before


@pytest.mark.parametrize("options", [(), ("-d",)])
def test_a_failed_start_leaves_no_cidfile(box, tmp_path, options):
    box.refuses("run", *options, "--cidfile", tmp_path / "cid", "busybox", "no-such-command", rc=127)
    assert not (tmp_path / "cid").exists()


def test_the_writable_disk_has_an_ordered_journal(box, shell):
    [disk] = [path for path in box.paths() if path.parts[-2:] == (shell, "writable.ext4")]
    dumpe2fs = shutil.which("dumpe2fs") or "/usr/sbin/dumpe2fs"
    shown = subprocess.run([dumpe2fs, "-h", disk], capture_output=True, text=True, check=True).stdout
    fields = dict(line.split(":", 1) for line in shown.splitlines() if ":" in line)
    assert "has_journal" in fields["Filesystem features"].split()
    # Ordered is what the kernel does unless the disk says another mode.
    assert not [word for word in fields["Default mount options"].split() if word.startswith("journal_data")], fields


def test_an_init_image_that_is_missing_is_named(box):
    before = box.containers()
    box.refuses("run", "--rm", "--init-image", "no-such-init:1", "busybox", "true", saying="image not found: .*no-such-init")
    assert box.containers() == before


def test_a_runtime_that_is_none_is_refused(box):
    before = box.containers()
    box.refuses("run", "--rm", "--runtime", "no-such-runtime", "busybox", "true", saying="no-such-runtime")
    assert box.containers() == before


def test_read_only_root(box):
    done = box("run", "--rm", "--read-only", "--tmpfs", "/scratch", "busybox", "sh", "-c",
               "touch /scratch/may && ! touch /may-not && test -s /etc/hosts && echo kept")
    assert done.line == "kept", done
    assert "Read-only file system" in done.err


def test_init_is_process_one_and_reaps(box, name):
    box.ok("run", "-d", "--init", "--name", name, "busybox", "sleep", "1000")
    assert "sleep" not in box.ok("exec", name, "sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline").out
    box.ok("exec", name, "sh", "-c", "(sleep 0.1 &) ; true")
    box.ok("exec", name, "sleep", "0.5")
    assert "Z" not in box.ok("exec", name, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null | cut -d' ' -f3").out.split()
    box.ok("stop", "-t", "20", name)
    assert box.inspect(name)["status"]["exitCode"] == 143


def test_without_init_the_command_is_process_one(box):
    assert output(box, "busybox", "sh", "-c", "echo $$") == "1\n"


def test_the_platform_may_be_named(box):
    assert output(box, "--platform", "linux/amd64", "busybox", "uname", "-m") == "x86_64\n"
    assert output(box, "--os", "linux", "--arch", "amd64", "busybox", "uname", "-m") == "x86_64\n"


def test_a_platform_the_image_has_not_is_refused_with_those_it_has(box):
    files = box.files()
    box.refuses("run", "--rm", "--pull", "never", "--platform", "linux/arm64", "busybox", "true", saying="linux/amd64")
    assert box.files() == files


def test_the_default_platform_comes_from_the_environment(box, name):
    elsewhere = {"CONTAINER_DEFAULT_PLATFORM": "linux/arm64"}
    box.refuses("create", "--pull", "never", "--name", name, "busybox", saying="linux/amd64", environment=elsewhere)
    box.refuses("create", "--name", name, "--arch", "amd64", "busybox", saying="linux/amd64", environment=elsewhere)
    box.ok("create", "--name", name, "--platform", "linux/amd64", "busybox", environment=elsewhere)


def test_an_image_that_is_not_there_is_named(box):
    before = box.containers()
    box.refuses("run", "--rm", "--pull", "never", "no-such-image", "true", saying="no-such-image")
    assert box.containers() == before


def test_stdin_of_a_run(box):
    assert box.ok("run", "--rm", "-i", "busybox", "tr", "a-z", "A-Z", stdin="loud\n").out == "LOUD\n"
    assert box.ok("run", "--rm", "busybox", "wc", "-c", stdin="unheard").line == "0"


def test_kernel_arguments_reach_the_kernel(box):
    assert "bulkhead.test=1" in output(box, "--kernel-arg", "bulkhead.test=1", "busybox", "cat", "/proc/cmdline")


def test_publishing_quiet_output_in_order(box):
    assert output(box, "busybox", "sh", "-c", "seq 1 20000").splitlines() == [str(number) for number in range(1, 20001)]
