"""registry login, logout, list: a login is tried, kept, used and forgotten, and its password shows nowhere."""
import base64
import json
import stat
import tomllib

import pytest

from support import noise, processes, web
from support.fault_proxy import FaultProxy, spent, throttle
from support.registry import Registry, configure
from support.terminal import Terminal
from support.token_server import TokenServer
from support.tools import skopeo

PASSWORD = "cor-rect.horse-battery"


def publish(registry, directory, name="app/a:1"):
    """By skopeo, which has a login of its own."""
    path = directory / "image.tar"
    path.write_bytes(noise.image().archive())
    skopeo("copy", "-q", "--dest-tls-verify=false", "--dest-creds", f"alice:{PASSWORD}", f"oci-archive:{path}",
           f"docker://{registry.address}/{name}")
    return f"{registry.address}/{name}"


@pytest.fixture(scope="module", params=["htpasswd", "token"])
def guarded(request, tmp_path_factory):
    """(registry, reference): only alice may pull there."""
    directory = tmp_path_factory.mktemp(request.param)
    users = {"alice": PASSWORD}
    if request.param == "htpasswd":
        with Registry(directory / "registry", users=users) as registry:
            yield registry, publish(registry, directory)
    else:
        with TokenServer(directory / "tokens", users=users, anonymous=()) as tokens, Registry(directory / "registry", tokens=tokens) as registry:
            yield registry, publish(registry, directory)


def login(box, registry, password=PASSWORD, user="alice", check=True):
    done = box("registry", "login", "-u", user, "--password-stdin", registry.address, stdin=password + "\n")
    assert not check or done.rc == 0, done
    return done


def test_without_a_login_nothing_is_pulled_and_the_command_to_type_is_named(bare, guarded):
    registry, reference = guarded
    bare.refuses("image", "pull", "-q", reference, saying=f"container registry login {registry.address}")


def test_a_wrong_password_is_refused_and_not_kept(bare, guarded):
    registry, _ = guarded
    done = login(bare, registry, "wrong", check=False)
    assert done.rc == 1 and "refuses" in done.err, done
    assert registry.address not in bare.ok("registry", "list", "-q").out


def test_a_right_one_is_kept_and_used_until_the_logout(bare, guarded):
    registry, reference = guarded
    assert login(bare, registry).out == "Login succeeded\n"
    listed = bare.ok("registry", "list", "--format", "json").json
    assert [(each["id"], each["username"]) for each in listed if each["id"] == registry.address] == [(registry.address, "alice")]
    bare.ok("image", "pull", "-q", reference)
    target = f"{registry.address}/app/b:1"
    bare.ok("image", "tag", reference, target)
    bare.ok("image", "push", "-q", target)
    bare.ok("registry", "logout", registry.address)
    assert registry.address not in bare.ok("registry", "list", "-q").out
    bare.refuses("image", "pull", "-q", target, saying="denies")
    again = bare.ok("registry", "logout", registry.address)
    assert "no login" in again.err


def test_a_login_survives_the_service(fresh, guarded):
    registry, reference = guarded
    box = fresh(image=False)
    login(box, registry)
    box.kill_daemon()
    box.start()
    box.ok("image", "pull", "-q", reference)


def test_the_password_is_nowhere_but_in_the_sealed_file(fresh, guarded):
    registry, reference = guarded
    box = fresh(image=False)
    login(box, registry)
    box.ok("image", "pull", "-q", reference)
    box("image", "pull", "-q", f"{registry.address}/app/missing:1")
    box.stop()
    secrets = [PASSWORD.encode(), base64.b64encode(f"alice:{PASSWORD}".encode()), base64.b64encode(PASSWORD.encode())]
    files = [path for path in box.root.rglob("*") if path.is_file()]
    assert any(path.name == "credentials.enc" for path in files)
    for path in files:
        data = path.read_bytes()
        assert not any(secret in data for secret in secrets), path
        if path.name.startswith("credentials."):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    box.start()
    assert login_events(box) == [("intent", "alice"), ("outcome", "alice")]


def login_events(box):
    return [(event["phase"], event["data"].get("username")) for event in box.events(type="registry.login")]


def test_nobody_sees_the_password_among_the_processes(bare, guarded):
    registry, _ = guarded
    process = bare.popen("registry", "login", "-u", "alice", "--password-stdin", registry.address, stdin=-1)
    process.stdin.write(PASSWORD.encode() + b"\n")
    process.stdin.flush()
    seen = " ".join(processes.of_root(bare.root).values())
    process.communicate(timeout=60)
    assert process.returncode == 0 and "container-apiserver" in seen and PASSWORD not in seen


@pytest.mark.parametrize("words", [["--password-stdin", "r.example"], [], ["-u", "alice", "r.example"]])
def test_what_cant_be_asked_for_is_a_usage_error(bare, words):
    done = bare("registry", "login", *words)
    assert done.rc == 64, done


def test_the_terminal_does_not_show_the_password(bare, guarded):
    registry, _ = guarded
    session = Terminal([bare.program, "registry", "login", registry.address], bare.environment, 24, 80)
    try:
        session.expect("[Uu]ser ?name:")
        session.type("alice\n")
        session.expect("[Pp]assword:")
        session.type(PASSWORD + "\n")
        shown, status = session.rest()
        assert status == 0 and "Login succeeded" in shown and PASSWORD not in shown
    finally:
        session.close()


def test_dockers_configuration_is_honoured(fresh, guarded, tmp_path):
    registry, reference = guarded
    auth = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.address: {"auth": auth}}}))
    box = fresh({"DOCKER_CONFIG": str(tmp_path)}, image=False)
    box.ok("image", "pull", "-q", reference)
    assert box.ok("registry", "list", "-q").out == "", "what is Docker's is only read"


def test_dockers_credential_helpers_are_asked(fresh, guarded, tmp_path):
    registry, reference = guarded
    helper = tmp_path / "docker-credential-test"
    helper.write_text(f"""#!/bin/sh\nserver=$(cat); [ "$1" = get ] && [ "$server" = "{registry.address}" ] &&
        printf '{{"Username":"alice","Secret":"{PASSWORD}"}}'\n""")
    helper.chmod(0o755)
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {registry.address: "test"}}))
    box = fresh({"DOCKER_CONFIG": str(tmp_path)}, image=False, start=False)
    box.environment["PATH"] = f"{tmp_path}:{box.environment['PATH']}"
    box.start()
    box.ok("image", "pull", "-q", reference)


def test_the_environment_of_the_service_names_a_login(fresh, guarded):
    registry, reference = guarded
    box = fresh({"CONTAINER_REGISTRY_HOST": registry.address, "CONTAINER_REGISTRY_USER": "alice", "CONTAINER_REGISTRY_TOKEN": PASSWORD},
                image=False)
    box.ok("image", "pull", "-q", reference)


def test_a_token_that_ends_midway_is_got_anew(bare, tmp_path):
    with TokenServer(tmp_path / "tokens", users={"alice": PASSWORD}) as tokens, Registry(tmp_path / "registry", tokens=tokens) as registry, \
            FaultProxy(registry) as proxy:
        publish(registry, tmp_path)
        proxy.fault("/blobs/", spent(1))
        bare.ok("image", "pull", "-q", f"{proxy.address}/app/a:1")
        assert tokens.given > 1


# --- the list, the socket, the journal

def test_the_list_in_every_format(bare, guarded):
    registry, _ = guarded
    login(bare, registry)
    lines = bare.ok("registry", "list").lines
    assert lines[0].split() == ["HOSTNAME", "USERNAME", "MODIFIED", "CREATED"]
    assert [registry.address, "alice"] in [line.split()[:2] for line in lines[1:]]
    shown = next(each for each in bare.ok("registry", "list", "--format", "json").json if each["id"] == registry.address)
    assert {"id", "name", "username", "creationDate", "modificationDate", "labels"} <= shown.keys()
    assert shown in tomllib.loads(bare.ok("registry", "list", "--format", "toml").out)["items"]
    assert f"username: {shown['username']}" in bare.ok("registry", "list", "--format", "yaml").out
    assert registry.address in bare.ok("registry", "ls", "-q").lines
    assert bare("registry", "list", "--format", "xml").rc == 64
    bare.ok("registry", "logout", registry.address)


def test_another_login_takes_the_formers_place(bare, tmp_path):
    with Registry(tmp_path / "registry", users={"alice": PASSWORD, "bob": "another"}) as registry:
        login(bare, registry)
        login(bare, registry, "another", user="bob")
        assert [each["username"] for each in bare.ok("registry", "list", "--format", "json").json if each["id"] == registry.address] == ["bob"]
        login(bare, registry, "wrong", user="alice", check=False)
        assert [each["username"] for each in bare.ok("registry", "list", "--format", "json").json if each["id"] == registry.address] == ["bob"]
        bare.ok("registry", "logout", registry.address)


def test_by_the_socket(bare, guarded):
    registry, reference = guarded
    wanted = {"server": registry.address, "username": "alice", "password": PASSWORD}
    assert bare.curl("POST", "/v1/registries/login", {**wanted, "password": "wrong"})[0] == 403
    status, answer = bare.curl("POST", "/v1/registries/login", wanted)
    assert status == 200 and answer["server"] == registry.address and answer["username"] == "alice" and PASSWORD not in json.dumps(answer)
    status, listed = bare.curl("GET", "/v1/registries")
    assert status == 200 and registry.address in [each["id"] for each in listed] and PASSWORD not in json.dumps(listed)
    assert bare.curl("POST", "/v1/images/pull", {"reference": reference})[0] == 200
    assert bare.curl("DELETE", f"/v1/registries/{registry.address}") == (200, {"removed": True})
    assert bare.curl("DELETE", f"/v1/registries/{registry.address}")[1] == {"removed": False}


@pytest.mark.parametrize("body", [{}, {"server": "r.example"}, {"server": 7, "username": "a", "password": "b"},
                                  {"server": "r.example", "username": "a", "password": ["b"]}], ids=json.dumps)
def test_the_socket_refuses_what_is_no_login(bare, body):
    assert bare.curl("POST", "/v1/registries/login", body)[0] == 400


def test_the_journal_tells_logins_and_logouts_and_no_password(bare, guarded):
    registry, _ = guarded
    before = bare.events()[-1]["seq"]
    login(bare, registry, "wr0ng-secret", check=False)
    login(bare, registry)
    bare.ok("registry", "logout", registry.address)
    told = [event for event in bare.events(stream=f"registry/{registry.address}") if event["seq"] > before]
    assert [(event["type"], event["phase"]) for event in told] == [
        (f"registry.{what}", phase) for what in ("login", "login", "logout") for phase in ("intent", "outcome")]
    assert [event["data"]["ok"] for event in told if event["phase"] == "outcome"] == [False, True, True]
    assert {event["data"]["username"] for event in told if event["type"] == "registry.login" and event["phase"] == "intent"} == {"alice"}
    assert PASSWORD not in json.dumps(told) and "wr0ng-secret" not in json.dumps(told)


def test_debugging_does_not_show_the_password(bare, guarded):
    registry, _ = guarded
    done = bare.ok("--debug", "registry", "login", "-u", "alice", "--password-stdin", registry.address, stdin=PASSWORD + "\n")
    assert PASSWORD not in done.out + done.err and base64.b64encode(PASSWORD.encode()).decode() not in done.out + done.err
    bare.ok("registry", "logout", registry.address)


def test_a_login_at_nobodys(bare):
    settings = configure(bare, {"retries": 1, "connect_seconds": 2})
    done = bare("registry", "login", "-u", "alice", "--password-stdin", "127.0.0.1:1", stdin="secret\n")
    assert done.rc == 1 and "127.0.0.1:1" in done.err and "secret" not in done.err, done
    assert "127.0.0.1:1" not in bare.ok("registry", "list", "-q").out
    settings.unlink()


# --- tokens

def test_who_may_pull_anonymously_may_not_push(bare, tmp_path):
    with TokenServer(tmp_path / "tokens", users={"alice": PASSWORD}) as tokens, Registry(tmp_path / "registry", tokens=tokens) as registry:
        reference = publish(registry, tmp_path)
        bare.ok("image", "pull", "-q", reference)
        target = f"{registry.address}/app/new:1"
        bare.ok("image", "tag", reference, target)
        bare.refuses("image", "push", "-q", target, saying=f"denies.*\n.*registry login {registry.address}")
        login(bare, registry)
        bare.ok("image", "push", "-q", target)
        bare.ok("registry", "logout", registry.address)


def test_a_login_that_may_do_less_than_is_asked_is_told(bare, tmp_path):
    with TokenServer(tmp_path / "tokens", users={"alice": PASSWORD}) as tokens, Registry(tmp_path / "registry", tokens=tokens) as registry:
        reference = publish(registry, tmp_path)
        login(bare, registry)
        bare.ok("image", "pull", "-q", reference)
        tokens.deny = {"push"}
        target = f"{registry.address}/app/denied:1"
        bare.ok("image", "tag", reference, target)
        bare.refuses("image", "push", "-q", target, saying="denies")
        bare.ok("registry", "logout", registry.address)


def test_a_token_serves_a_whole_pull(bare, tmp_path):
    with TokenServer(tmp_path / "tokens") as tokens, Registry(tmp_path / "registry", tokens=tokens) as registry:
        layout = noise.image(*[noise.layer(20_000) for _ in range(6)])
        (tmp_path / "many.tar").write_bytes(layout.archive())
        skopeo("copy", "-q", "--dest-tls-verify=false", "--dest-creds", "alice:secret", f"oci-archive:{tmp_path}/many.tar",
               f"docker://{registry.address}/app/many:1")
        tokens.seen.clear()
        bare.ok("image", "pull", "-q", f"{registry.address}/app/many:1")
        assert 1 <= len(tokens.seen) <= 2, tokens.seen


def test_tokens_that_live_shorter_than_a_pull_are_replaced(bare, tmp_path):
    """The registry itself refuses a token after its time; what the token server said about that time isn't to be relied on."""
    with TokenServer(tmp_path / "tokens", users={"alice": PASSWORD}, says_when=False) as tokens, \
            Registry(tmp_path / "registry", tokens=tokens) as registry, FaultProxy(registry) as proxy:
        publish(registry, tmp_path)
        tokens.seconds, tokens.given = 1, 0
        proxy.fault("/blobs/", throttle(50), times=1)
        bare.ok("image", "pull", "-q", "--max-concurrent-downloads", "1", f"{proxy.address}/app/a:1")
        assert tokens.given > 1


def test_a_token_server_that_redirects_takes_the_password_nowhere_else(bare, tmp_path):
    with web.Server(lambda exchange: exchange.reply(200, b'{"token": "abc"}')) as elsewhere:
        class Redirecting(TokenServer):
            def give(self, exchange):
                return exchange.reply(307, b"", {"Location": elsewhere.url + "/token"})

        with Redirecting(tmp_path / "tokens", users={"alice": PASSWORD}) as tokens, Registry(tmp_path / "registry", tokens=tokens) as registry:
            login(bare, registry, check=False)
            assert any("authorization" in seen.headers for seen in tokens.requests())
            assert elsewhere.requests() and not any("authorization" in seen.headers for seen in elsewhere.requests())
