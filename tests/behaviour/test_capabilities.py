"""--cap-add and --cap-drop: what the process may do, tried by doing it."""
import pytest

MKNOD = "mknod /tmp/node c 1 3 && echo made"
CHOWN = "touch /tmp/f && chown 1:1 /tmp/f && echo changed"
LINK = "ip link set lo down && echo set"
SETS = "grep Cap /proc/self/status"


def tried(box, *options, command):
    return box("run", "--rm", *options, "busybox", "sh", "-c", command)


def sets(box, *options):
    shown = box.ok("run", "--rm", *options, "busybox", "sh", "-c", SETS).lines
    return {line.split(":")[0]: int(line.split()[1], 16) for line in shown}


@pytest.mark.parametrize("bad", ["CAP_NONSENSE", "nonsense", "", "CAP_", "NET-ADMIN"])
@pytest.mark.parametrize("option", ["--cap-add", "--cap-drop"])
def test_names_that_are_none_are_refused(box, option, bad):
    before = box.containers()
    assert box("create", f"{option}={bad}", "busybox").rc in (1, 64)
    assert box.containers() == before


def test_names_are_stored_in_one_form(box, name):
    box.ok("create", "--name", name, "--cap-add", "net_admin", "--cap-add", "CAP_SYS_TIME", "--cap-drop", "Cap_Mknod", "busybox")
    configuration = box.inspect(name)["configuration"]
    assert sorted(configuration["capAdd"]) == ["CAP_NET_ADMIN", "CAP_SYS_TIME"]
    assert configuration["capDrop"] == ["CAP_MKNOD"]


def test_all_is_stored_as_all(box, name):
    box.ok("create", "--name", name, "--cap-add", "all", "--cap-drop", "ALL", "busybox")
    configuration = box.inspect(name)["configuration"]
    assert (configuration["capAdd"], configuration["capDrop"]) == (["ALL"], ["ALL"])


def test_by_default_there_are_the_usual_fourteen(box):
    found = sets(box)
    assert bin(found["CapEff"]).count("1") == 14
    assert found["CapEff"] == found["CapPrm"] == found["CapBnd"]
    assert found["CapAmb"] == 0


def test_by_default_nodes_are_made(box):
    assert "made" in tried(box, command=MKNOD).out


def test_by_default_owners_are_changed(box):
    assert "changed" in tried(box, command=CHOWN).out


def test_by_default_others_files_are_read(box):
    assert tried(box, command="chmod 0 /home/nobody/mine; cat /home/nobody/mine").out == "owned\n"


def test_by_default_interfaces_are_left_alone(box):
    assert "set" not in tried(box, command=LINK).out.split()


def test_dropping_mknod_stops_mknod(box):
    done = tried(box, "--cap-drop", "MKNOD", command=MKNOD)
    assert done.rc != 0 and "made" not in done.out


def test_dropping_mknod_by_its_full_name_stops_mknod(box):
    assert "made" not in tried(box, "--cap-drop", "CAP_MKNOD", command=MKNOD).out


def test_dropping_in_lower_case_is_dropping(box):
    assert "made" not in tried(box, "--cap-drop", "mknod", command=MKNOD).out


def test_dropping_chown_stops_chown(box):
    assert "changed" not in tried(box, "--cap-drop", "chown", command=CHOWN).out


def test_dropping_all_leaves_none(box):
    found = sets(box, "--cap-drop", "ALL")
    assert found["CapEff"] == found["CapPrm"] == found["CapBnd"] == 0


def test_dropping_all_stops_chown(box):
    assert "changed" not in tried(box, "--cap-drop", "ALL", command=CHOWN).out


def test_dropping_all_and_adding_one_leaves_that_one(box):
    assert "made" in tried(box, "--cap-drop", "ALL", "--cap-add", "MKNOD", command=MKNOD).out
    assert bin(sets(box, "--cap-drop", "ALL", "--cap-add", "MKNOD")["CapEff"]).count("1") == 1


def test_adding_one_adds_it(box):
    assert "set" in tried(box, "--cap-add", "NET_ADMIN", command=LINK).out.split()


def test_adding_all_adds_all(box):
    assert "set" in tried(box, "--cap-add", "ALL", command=LINK).out.split()
    assert bin(sets(box, "--cap-add", "ALL")["CapEff"]).count("1") > 30


def test_adding_all_and_dropping_one_drops_that_one(box):
    assert "set" not in tried(box, "--cap-add", "ALL", "--cap-drop", "NET_ADMIN", command=LINK).out.split()


def test_adding_and_dropping_the_same_drops_it(box):
    assert "made" not in tried(box, "--cap-add", "MKNOD", "--cap-drop", "MKNOD", command=MKNOD).out


def test_several_of_each(box):
    found = sets(box, "--cap-drop", "MKNOD", "--cap-drop", "CHOWN", "--cap-add", "SYS_TIME", "--cap-add", "NET_ADMIN")
    assert bin(found["CapEff"]).count("1") == 14
    assert found["CapEff"] >> 25 & 1 and found["CapEff"] >> 12 & 1 and not found["CapEff"] >> 27 & 1 and not found["CapEff"] & 1


def test_another_user_has_none_in_effect(box):
    found = sets(box, "--user", "nobody")
    assert found["CapEff"] == 0 and found["CapBnd"] != 0


def test_another_user_reads_no_secrets(box):
    done = tried(box, "--user", "nobody", command="cat /etc/shadow")
    assert done.rc != 0 and done.out == ""


def test_exec_has_what_the_container_has(box, name):
    box.ok("run", "-d", "--name", name, "--cap-drop", "ALL", "busybox", "sleep", "1000")
    assert box.ok("exec", name, "sh", "-c", "grep CapEff /proc/self/status").out.split()[1].strip("0") == ""


def test_no_new_privileges_by_exec(box, shell):
    assert box.ok("exec", "--user", "nobody", shell, "sh", "-c", "grep CapEff /proc/self/status").out.split()[1].strip("0") == ""
