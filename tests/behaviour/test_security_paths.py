"""Masked and read-only paths: the usual ones, ours, and none."""
MOUNTS = ("sh", "-c", "cat /proc/mounts")


def mounts(box, *options):
    return {line.split()[1]: line.split() for line in box.ok("run", "--rm", *options, "busybox", *MOUNTS).lines}


def writable(mounted):
    return "rw" in mounted[3].split(",")


def test_without_options_inspect_shows_none_and_the_usual_ones_hold(box, name):
    box.ok("create", "--name", name, "busybox", "sh", "-c",
           "cat /proc/timer_list | wc -c; ls /proc/scsi 2>/dev/null | wc -l; echo x 2>/dev/null > /proc/sys/kernel/hostname || echo refused")
    configuration = box.inspect(name)["configuration"]
    assert configuration.get("maskedPaths") is None and configuration.get("readonlyPaths") is None
    assert box.ok("start", "-a", name).lines == ["0", "0", "refused"]


def test_the_usual_read_only_paths_are_mounted_so(box):
    found = mounts(box)
    assert "/proc/sys" in found and not writable(found["/proc/sys"])


def test_one_more_masked_path(box):
    done = box.ok("run", "--rm", "--masked-path", "/etc/shadow", "--masked-path", "/home", "busybox", "sh", "-c",
                  "wc -c < /etc/shadow; ls /home | wc -l; wc -c < /proc/timer_list")
    assert done.lines == ["0", "0", "0"]


def test_one_more_read_only_path(box):
    done = box("run", "--rm", "--read-only-path", "/var", "busybox", "sh", "-c", "touch /var/x || echo refused; touch /tmp/x && echo ok")
    assert done.lines == ["refused", "ok"]
    found = mounts(box, "--read-only-path", "/var")
    assert not writable(found["/proc/sys"])


def test_none_clears_only_its_own_list(box):
    found = mounts(box, "--masked-path", "NONE")
    assert "/proc/timer_list" not in found and not writable(found["/proc/sys"])
    found = mounts(box, "--read-only-path", "NONE")
    assert "/proc/timer_list" in found and "/proc/sys" not in found


def test_what_comes_after_none_counts(box):
    found = mounts(box, "--masked-path", "NONE", "--masked-path", "/etc/shadow")
    assert "/proc/timer_list" not in found and "/etc/shadow" in found


def test_the_custom_list_is_shown_by_inspect(box, name):
    box.ok("create", "--name", name, "--masked-path", "/etc/shadow", "--read-only-path", "/var", "busybox")
    configuration = box.inspect(name)["configuration"]
    assert "/etc/shadow" in configuration["maskedPaths"] and "/var" in configuration["readonlyPaths"]


def test_relative_paths_are_refused(box):
    for option in ("--masked-path", "--read-only-path"):
        result = box("create", option, "etc/shadow", "busybox")
        assert result.rc in (1, 64) and "etc/shadow" in result.err, result
