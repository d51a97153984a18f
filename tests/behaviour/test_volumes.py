"""Volumes and mounts as a user sees them: first what needs no machine, then what happens inside one."""
import os
import re
import socket
import stat
import threading
import uuid

import pytest

from support import archives, images, processes

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def volumes(box):
    return box.ok("volume", "list", "--quiet").lines


def inspected(box, volume):
    return box.ok("volume", "inspect", volume).json[0]


@pytest.fixture(scope="module")
def image(box):
    """One with volumes of its own, which have content."""
    if "docker.io/library/with-volumes:latest" not in box.images():
        entries = [archives.entry("srv", mode=0o755), archives.entry("srv/data", mode=0o750, uid=1000, gid=100),
                   archives.entry("srv/data/file", "from the image\n", mode=0o640, uid=1000, gid=100), archives.entry("srv/empty", mode=0o755)]
        tar = images.busybox_tar(extra=entries)
        box.ok("image", "import", "--config", '{"Cmd": ["sh"], "Volumes": {"/srv/data": {}, "/srv/empty": {}}}', "-", "with-volumes", stdin=tar)
    return "with-volumes"


# --- without a machine


def test_a_volume_from_create_to_delete(box, name):
    assert box.ok("volume", "create", "--label", "a=b", "--opt", "size=64m", name).line == name
    shown = inspected(box, name)
    assert shown["id"] == name and shown["configuration"]["name"] == name
    assert shown["configuration"]["labels"] == {"a": "b"} and shown["configuration"]["options"] == {"size": "64m"}
    assert (shown["configuration"]["driver"], shown["configuration"]["format"], shown["configuration"]["sizeInBytes"]) == ("local", "ext4", 64 << 20)
    assert os.stat(shown["configuration"]["source"]).st_size == 64 << 20
    assert 0 < shown["status"]["allocatedInBytes"] < 2 << 20 and "creationDate" in shown["configuration"]
    assert name in volumes(box)
    assert box.ok("volume", "delete", name).line == name
    assert name not in volumes(box) and not os.path.exists(shown["configuration"]["source"])


def test_a_volume_costs_little_until_it_is_filled(box, name):
    box.ok("volume", "create", name)
    shown = inspected(box, name)
    assert shown["configuration"]["sizeInBytes"] == 512 << 30 and shown["status"]["allocatedInBytes"] < 2 << 20
    box.ok("volume", "rm", name)


@pytest.mark.parametrize("options, size", [(("-s", "32m"), 32 << 20), (("--opt", "size=1g", "-s", "32m"), 32 << 20), (("--opt", "size=1MiB"), 1 << 20)])
def test_sizes(box, name, options, size):
    box.ok("volume", "create", *options, name)
    assert inspected(box, name)["configuration"]["sizeInBytes"] == size
    box.ok("volume", "delete", name)


@pytest.mark.parametrize("options", [("--opt", "size=lots"), ("--opt", "size=1k"), ("-s", "1k"), ("--opt", "color=red"), ("--opt", "journal=none"),
                                     ("--opt", "journal=ordered:1k"), ("--opt", "shared=true", "--opt", "size=1g"), ("--opt", "nothing")])
def test_senseless_options_are_refused(box, name, options):
    result = box("volume", "create", *options, name)
    assert result.rc in (1, 64) and result.out == "" and name not in volumes(box), result


@pytest.mark.parametrize("bad", ["-a", ".a", "a/b", "a b", "\u00e4", "a" * 256])
def test_names_are_checked(box, bad):
    result = box("volume", "create", "--", bad)
    assert result.rc in (1, 64) and result.out == "", result


def test_a_name_is_taken_once(box, name):
    box.ok("volume", "create", name)
    box.refuses("volume", "create", name, saying="exists")
    box.ok("volume", "delete", name)
    box.refuses("volume", "delete", name, saying=f"volume not found: {name}")
    box.refuses("volume", "inspect", name, saying=f"volume not found: {name}")


def test_several_are_deleted_and_the_missing_one_is_told(box, name):
    for each in ("a", "b"):
        box.ok("volume", "create", name + each)
    result = box("volume", "delete", name + "a", name + "x", name + "b")
    assert result.rc == 1 and result.lines == [name + "a", name + "b"] and name + "x" in result.err
    assert box("volume", "delete").rc == 64 and box("volume", "delete", "--all", "x").rc == 64


def test_formats(box, name):
    box.ok("volume", "create", name)
    assert box.ok("volume", "list").lines[0].split() == ["NAME", "TYPE", "DRIVER", "OPTIONS"]
    assert name in [each["id"] for each in box.ok("volume", "ls", "--format", "json").json]
    assert name in box.ok("volume", "list", "--format", "yaml").out and name in box.ok("volume", "list", "--format", "toml").out
    box.ok("volume", "delete", name)


def test_a_stopped_containers_volume_stays(box, name):
    box.ok("volume", "create", name)
    box.ok("create", "--name", name, "-v", f"{name}:/data", "busybox")
    box.refuses("volume", "delete", name, saying=f"container {name}")
    assert name not in box.ok("volume", "prune").lines
    mount = box.inspect(name)["configuration"]["mounts"][0]
    assert mount["type"]["volume"]["name"] == name and mount["destination"] == "/data" and mount["options"] == []
    assert mount["source"] == inspected(box, name)["configuration"]["source"]
    box.ok("delete", name)
    pruned = box.ok("volume", "prune")
    assert name in pruned.lines and "Reclaimed" in pruned.err


def test_a_missing_volume_is_made_with_a_warning(box, name):
    made = box.ok("create", "--name", name, "-v", f"{name}:/data:ro", "busybox")
    assert name in made.err and name in volumes(box)
    assert "named" in next(line for line in box.ok("volume", "list").lines if line.startswith(name))
    again = box.ok("create", "--name", name + "2", "-v", f"{name}:/data", "busybox")
    assert again.err == ""
    box.ok("delete", name, name + "2")
    box.ok("volume", "delete", name)


@pytest.mark.parametrize("options", [("-v", "/data"), ("--mount", "type=volume,dst=/data")])
def test_a_volume_without_a_name(box, name, options):
    made = box.ok("create", "--name", name, *options, "busybox")
    volume = box.inspect(name)["configuration"]["mounts"][0]["type"]["volume"]["name"]
    assert made.err == "" and UUID.fullmatch(volume)
    assert inspected(box, volume)["configuration"]["labels"] == {"com.apple.container.resource.anonymous": ""}
    assert "anonymous" in next(line for line in box.ok("volume", "list").lines if line.startswith(volume))
    box.ok("delete", name)
    assert volume not in volumes(box), "nobody can have left anything in it"


def test_the_images_volumes(box, name, image):
    box.ok("create", "--name", name, "--tmpfs", "/srv/empty", image)
    mounts = {each["destination"]: each["type"] for each in box.inspect(name)["configuration"]["mounts"]}
    assert "tmpfs" in mounts["/srv/empty"] and UUID.fullmatch(mounts["/srv/data"]["volume"]["name"])
    box.ok("delete", name)


@pytest.mark.parametrize("options, saying", [
    (("-v", "/no/such/folder:/x"), "/no/such/folder"), (("-v", "/tmp:/x", "-v", "/tmp:/x/"), "/x"), (("-v", "/tmp:/"), "/"),
    (("-v", "/dev/null:/x"), "/dev/null"), (("-v", "a b:/x"), "a b")])
def test_mounts_that_cant_be_are_refused(box, options, saying):
    before, had = box.containers(), volumes(box)
    result = box("create", *options, "busybox")
    assert result.rc in (1, 64) and result.out == "" and saying in result.err, result
    assert box.containers() == before and volumes(box) == had


def test_the_api_takes_no_relative_path(box):
    status, problem = box.curl("POST", "/v1/containers", {"image": "busybox", "mounts": [{"type": "bind", "source": "a", "destination": "/x"}]})
    assert status == 400 and "absolute" in problem["detail"]


def test_disk_usage(box, name):
    before = box.ok("system", "df", "--format", "json").json["volumes"]
    box.ok("volume", "create", name)
    after = box.ok("system", "df", "--format", "json").json["volumes"]
    assert after["total"] == before["total"] + 1 and after["active"] == before["active"]
    assert after["sizeInBytes"] > before["sizeInBytes"] and after["reclaimable"] > before["reclaimable"]
    box.ok("create", "--name", name, "-v", f"{name}:/data", "busybox")
    assert box.ok("system", "df", "--format", "json").json["volumes"]["active"] == before["active"] + 1
    box.ok("delete", name)
    box.ok("volume", "delete", name)


def test_volumes_outlive_the_service_and_its_death(box, name):
    box.ok("volume", "create", name)
    source = inspected(box, name)["configuration"]["source"]
    box.kill_daemon()
    box.start()
    assert inspected(box, name)["configuration"]["source"] == source and os.path.exists(source)
    box.ok("volume", "delete", name)


def test_the_past(box, name):
    box.ok("volume", "create", name)
    seq = box.curl("GET", "/v1/system")[1]["journal"]["seq"]
    box.ok("volume", "delete", name)
    assert name in box.ok("volume", "list", "--quiet", "--at", seq).lines
    assert box.ok("volume", "inspect", "--at", seq, name).json[0]["id"] == name


# --- in a machine


def sh(box, *options, script, image="busybox", **more):
    return box.ok("run", "--rm", *options, image, "sh", "-c", script, **more)


def test_data_stays(box, name):
    sh(box, "-v", f"{name}:/data", script="echo kept > /data/file; ls -A /data; sync")
    assert sh(box, "-v", f"{name}:/data:ro", script="cat /data/file; ls -A /data").lines == ["kept", "file"]
    box.ok("volume", "delete", name)


def test_read_only_is_read_only(box, name, tmp_path):
    box.ok("volume", "create", name)
    for source in (name, tmp_path):
        result = box("run", "--rm", "-v", f"{source}:/data:ro", "busybox", "touch", "/data/file")
        assert result.rc == 1 and "Read-only" in result.err, result
    assert not list(tmp_path.iterdir())
    box.ok("volume", "delete", name)


def test_content_of_the_image_is_copied_up(box, name, image):
    shown = sh(box, "-v", f"{name}:/srv/data", image=image, script="cat /srv/data/file; stat -c '%u:%g %a' /srv/data /srv/data/file; echo more >> /srv/data/file")
    assert shown.lines == ["from the image", "1000:100 750", "1000:100 640"]
    assert sh(box, "-v", f"{name}:/srv/data", image=image, script="cat /srv/data/file").lines == ["from the image", "more"]
    box.ok("volume", "delete", name)


def test_anonymous_volumes_go_with_rm_unless_told_otherwise(box):
    had = volumes(box)
    sh(box, "-v", "/data", script="touch /data/file")
    assert volumes(box) == had
    box.ok("system", "property", "set", "volume.removeAnonymous", "false")
    try:
        sh(box, "-v", "/data", script="touch /data/file")
        left = set(volumes(box)) - set(had)
        assert len(left) == 1
        box.ok("volume", "delete", *left)
    finally:
        box.ok("system", "property", "clear", "volume.removeAnonymous")


def test_one_writer_at_a_time(box, name):
    box.ok("volume", "create", name)
    box.ok("run", "-d", "--name", name, "-v", f"{name}:/data", "busybox", "sleep", "1000")
    for options in ("", ":ro"):
        box.refuses("run", "--rm", "-v", f"{name}:/data{options}", "busybox", "true", saying=f"volume {name} is in use by running container {name}")
    box.ok("delete", "--force", name)
    box.ok("run", "-d", "--name", name, "-v", f"{name}:/data:ro", "busybox", "sleep", "1000")
    sh(box, "-v", f"{name}:/data:ro", script="ls /data")
    box.ok("delete", "--force", name)
    box.ok("volume", "delete", name)


def test_a_shared_volume_is_for_many(box, name):
    box.ok("volume", "create", "--opt", "shared=true", name)
    assert sh(box, "-u", "33:33", "-v", f"{name}:/data", script="ls -a /data >/dev/null && echo open").line == "open"
    box.ok("run", "-d", "--name", name, "-v", f"{name}:/data", "busybox", "sh", "-c", "until [ -e /data/asked ]; do sleep 0.1; done; echo yes > /data/answer; sleep 1000")
    assert sh(box, "-v", f"{name}:/data", script="touch /data/asked; until cat /data/answer 2>/dev/null; do sleep 0.1; done").line == "yes"
    box.ok("delete", "--force", name)
    box.ok("volume", "delete", name)


def test_sizes_are_enforced(box, name):
    box.ok("volume", "create", "-s", "32m", name)
    shown = box("run", "--rm", "-v", f"{name}:/data", "busybox", "dd", "if=/dev/zero", "of=/data/fill", "bs=1M", "count=64")
    assert shown.rc == 1 and "No space left" in shown.err, shown
    assert inspected(box, name)["status"]["allocatedInBytes"] <= 34 << 20
    box.ok("volume", "delete", name)


def test_what_is_deleted_is_given_back(box, name):
    box.ok("volume", "create", "-s", "1g", name)
    sh(box, "-v", f"{name}:/data", script="dd if=/dev/urandom of=/data/fill bs=1M count=64 2>/dev/null; sync")
    assert inspected(box, name)["status"]["allocatedInBytes"] > 64 << 20 <= inspected(box, name)["status"]["usedInBytes"] < 66 << 20
    sh(box, "-v", f"{name}:/data", script="rm /data/fill; sync; sleep 1")
    left = inspected(box, name)["status"]
    assert left["allocatedInBytes"] < 16 << 20 and left["usedInBytes"] < 1 << 20
    box.ok("volume", "delete", name)


def test_what_a_running_container_has_written_counts(box, name):
    box.ok("volume", "create", name)
    box.ok("run", "-d", "--name", name, "-v", f"{name}:/data", "busybox", "sh", "-c",
           "dd if=/dev/urandom of=/data/fill bs=1M count=64 2>/dev/null; sync; echo written; sleep 1000")
    processes.wait_until(lambda: "written" in box.ok("logs", name).out, what="the writing")
    assert 64 << 20 <= inspected(box, name)["status"]["usedInBytes"] < 90 << 20
    assert box.ok("system", "df", "--format", "json").json["volumes"]["usedInBytes"] >= 64 << 20
    box.ok("delete", "--force", name)
    box.ok("volume", "delete", name)


def test_a_killed_machine_keeps_what_was_synced(box, name):
    box.ok("volume", "create", "-s", "256m", name)
    box.ok("run", "-d", "--name", name, "-v", f"{name}:/data", "busybox", "sh", "-c",
           "i=0; while true; do i=$((i+1)); echo $i > /data/next && sync && mv /data/next /data/count && sync && echo $i; done")
    processes.wait_until(lambda: len(box.ok("logs", name).lines) > 20, what="some commits")
    for pid in box.pids("qemu"):
        processes.kill(pid)
    box.wait_state(name, "stopped")
    last = int(box.ok("logs", name).lines[-1])
    assert int(sh(box, "-v", f"{name}:/data", script="cat /data/count").line) >= last - 1
    box.ok("delete", name)
    box.ok("volume", "delete", name)


def test_a_folder_of_the_host(box, tmp_path):
    (tmp_path / "in").write_text("from outside\n")
    assert sh(box, "-v", f"{tmp_path}:/data", script="cat /data/in; echo from inside > /data/out; mkdir /data/d; mv /data/in /data/d/moved").line == "from outside"
    assert (tmp_path / "out").read_text() == "from inside\n" and (tmp_path / "d" / "moved").read_text() == "from outside\n"
    assert {os.stat(tmp_path / each).st_uid for each in ("out", "d")} == {os.getuid()}


def test_a_relative_folder_and_a_link_to_it(box, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("x\n")
    (tmp_path / "link").symlink_to("real")
    for source in ("./real", "real/", "./link"):
        assert sh(box, "-v", f"{source}:/data", script="cat /data/file", cwd=tmp_path).line == "x"


def test_a_single_file_comes_alone(box, tmp_path):
    (tmp_path / "file").write_text("x\n")
    (tmp_path / "secret").write_text("y\n")
    assert sh(box, "-v", f"{tmp_path}/file:/etc/one", script="cat /etc/one; echo changed > /etc/one; ls /etc | grep -c secret; true").lines == ["x", "0"]
    assert (tmp_path / "file").read_text() == "changed\n"


def test_a_source_that_went_is_missed_at_the_start(box, name, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    box.ok("create", "--name", name, "-v", f"{folder}:/data", "busybox", "true")
    folder.rmdir()
    box.refuses("start", name, saying=str(folder))
    folder.mkdir()
    box.ok("start", "-a", name)


def test_a_socket_of_the_host(box, peer, tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"got " + connection.recv(100))
        thread = threading.Thread(target=answer)
        thread.start()
        shown = sh(box, "-v", f"{path}:/run/there", image=peer, script="echo hello | peer unix-ask /run/there")
        thread.join()
    assert shown.line == "got hello"


def test_a_tmpfs_with_size_and_mode(box):
    shown = sh(box, "--tmpfs", "/a:size=16m,mode=700", "--mount", "type=tmpfs,dst=/b,ro", script="df -k /a | tail -1; stat -c %a /a; touch /b/x 2>&1; true")
    assert shown.lines[0].split()[1] == "16384" and shown.lines[1] == "700" and "Read-only" in shown.lines[2]


def test_mounts_within_mounts(box, name, tmp_path):
    (tmp_path / "file").write_text("x\n")
    shown = sh(box, "-v", f"{tmp_path}:/a/b/c:ro", "--tmpfs", "/a", "-v", f"{name}:/a/b", script="cat /a/b/c/file; mount | grep -c ' /a'")
    assert shown.lines == ["x", "3"]
    box.ok("volume", "delete", name)


def test_a_link_of_the_image_leads_no_mount_astray(box, tmp_path):
    (tmp_path / "file").write_text("x\n")
    shown = sh(box, "-v", f"{tmp_path}:/bin/../etc/new/place", script="cat /etc/new/place/file")
    assert shown.line == "x"


def test_hard_cases_of_a_folder(box, tmp_path):
    script = ("cd /data; echo a > f; ln f g; ln -s f s; mv f h; cat g s 2>/dev/null; cat h; mkfifo p; chmod 4755 h; "
              "printf x > \"$(printf 'odd\\377name')\"; mkdir -p d/e; rm -r d; ls | wc -l")
    shown = sh(box, "-v", f"{tmp_path}:/data", script=script)
    assert shown.lines[:2] == ["a", "a"]
    assert os.path.exists(os.fsencode(tmp_path) + b"/odd\xffname") and (tmp_path / "g").read_text() == "a\n"
    assert stat.S_ISREG(os.lstat(tmp_path / "h").st_mode)


def test_uuids_are_different(box, name):
    box.ok("create", "--name", name, "-v", "/a", "-v", "/b", "busybox")
    names = {each["type"]["volume"]["name"] for each in box.inspect(name)["configuration"]["mounts"]}
    assert len(names) == 2 and all(uuid.UUID(each).version == 4 for each in names)
    box.ok("delete", name)
