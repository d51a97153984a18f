"""The socket as a script uses it, with curl, and the document that describes it."""
import json
import pathlib
import re
import subprocess
import urllib.parse

import jsonschema
import pytest

from support import openapi, processes
from support.registry import Registry


def routes(box):
    document = box.curl("GET", "/v1/openapi.json")[1]
    return document, [(method.upper(), path) for path, item in document["paths"].items() for method in item
                      if method in ("get", "post", "put", "delete")]


def test_ping(bare):
    status, body = bare.curl("GET", "/v1/ping")
    assert status == 200 and body["version"]


def test_a_container_from_create_to_delete(box):
    status, made = box.curl("POST", "/v1/containers", {"name": "by-curl", "image": "busybox", "process": {"arguments": ["sleep", "1000"]}})
    assert (status, made["id"]) == (201, "by-curl")
    assert box.curl("POST", "/v1/containers", {"name": "by-curl", "image": "busybox", "process": {}})[0] == 409
    assert box.curl("POST", "/v1/containers/by-curl/start", {})[0] == 200
    status, shown = box.curl("GET", "/v1/containers/by-curl")
    assert status == 200 and shown["status"]["state"] == "running"
    assert [each["id"] for each in box.curl("GET", "/v1/containers")[1]] == ["by-curl"]
    assert box.curl("GET", "/v1/containers/by-curl/stats")[1]["numProcesses"] >= 1
    assert box.curl("DELETE", "/v1/containers/by-curl")[0] == 409
    assert box.curl("POST", "/v1/containers/by-curl/kill", {})[0] == 200
    assert box.curl("GET", "/v1/containers/by-curl/wait", condition="stopped") == (200, {"exitCode": 137})
    assert box.curl("DELETE", "/v1/containers/by-curl")[0] == 200
    assert box.curl("GET", "/v1/containers/by-curl")[0] == 404


def test_a_prefix_is_enough_and_an_ambiguous_one_is_not(box):
    for each in ("prefix-one", "prefix-two"):
        box.ok("create", "--name", each, "busybox")
    assert box.curl("GET", "/v1/containers/prefix-o")[1]["id"] == "prefix-one"
    status, problem = box.curl("GET", "/v1/containers/prefix-")
    assert status == 409 and "prefix-one" in problem["detail"] and "prefix-two" in problem["detail"]
    box.ok("delete", "prefix-one", "prefix-two")


def test_problems_are_problem_documents(bare):
    done = subprocess.run(["curl", "-sS", "-i", "--unix-socket", str(bare.socket()), "http://localhost/v1/containers/none"],
                          capture_output=True, check=True)
    head, body = done.stdout.decode().split("\r\n\r\n", 1)
    assert "application/problem+json" in head
    problem = json.loads(body)
    assert problem["status"] == 404 and problem["type"] == "urn:bulkhead:error:not-found" and "none" in problem["detail"]


@pytest.mark.parametrize("body", ["", "not json", "[]", '{"name": 7}', '{"image": "busybox", "process": 1}', "{" * 2000])
def test_bad_bodies_are_400(bare, body):
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "--unix-socket", str(bare.socket()),
                           "--data-binary", body, "http://localhost/v1/containers"], capture_output=True, text=True, check=True)
    assert done.stdout == "400"


def test_what_does_not_exist_is_404_or_405(bare):
    assert bare.curl("GET", "/v1/nonsense")[0] == 404
    assert bare.curl("GET", "/")[0] == 404
    assert bare.curl("DELETE", "/v1/ping")[0] in (404, 405, 501)


def test_the_same_key_does_it_once(box):
    def create():
        done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "-X", "POST", "--unix-socket", str(box.socket()), "-H",
                               "Idempotency-Key: once", "--data-binary", '{"image": "busybox", "process": {}}',
                               "http://localhost/v1/containers"], capture_output=True, text=True, check=True).stdout
        body, status = done.rsplit("\n", 1)
        return int(status), json.loads(body)["id"]
    first, second = create(), create()
    assert first == second
    box.ok("delete", first[1])


def test_the_document_describes_every_route_of_the_reference(bare):
    document, described = routes(bare)
    assert document["openapi"].startswith("3.")
    text = (pathlib.Path(__file__).parents[2] / "docs/reference/api.md").read_text()
    written = {(method, re.sub(r"\?.*", "", path)) for method, path in re.findall(r"^\| `(GET|POST|PUT|DELETE) (/v1/[^` ]*)", text, re.M)}
    assert written <= set(described) | {("GET", "/v1/openapi.json")}, written - set(described)
    assert set(described) <= written | {("GET", "/v1/openapi.json")}, set(described) - written


def test_the_document_is_one(bare):
    """As far as that can be seen without OpenAPI's own schema, which Debian hasn't got."""
    document = openapi.Document(bare.curl("GET", "/v1/openapi.json")[1])
    assert re.fullmatch(r"3\.1\.\d+", document.tree["openapi"])
    assert document.tree["info"]["title"] and document.tree["info"]["version"]
    for (method, template), operation in document.operations.items():
        parameters = [(each["in"], each["name"]) for each in operation.get("parameters", [])]
        assert len(parameters) == len(set(parameters)), (method, template)
        assert {name for place, name in parameters if place == "path"} == set(re.findall(r"{(\w+)}", template)), (method, template)
        for each in operation.get("parameters", []):
            assert each["in"] in ("path", "query", "header") and each["schema"] and each.get("required") == (each["in"] == "path" or None), each
        assert any(status < "300" for status in operation["responses"]), (method, template)
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|default", status) and response["description"], (method, template, status)
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for media in (media for each in (*bodies, *operation["responses"].values()) for media in each.get("content", {})):
            assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", media), (method, template, media)


def test_every_schema_of_the_document_is_one_and_is_used(bare):
    document = bare.curl("GET", "/v1/openapi.json")[1]
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema != {}, name
    found, fresh = set(), openapi.references(document["paths"])
    while fresh:
        found |= fresh
        fresh = {ref for each in fresh for ref in openapi.references(openapi.resolve(document, each))} - found
    assert found == {f"#/components/schemas/{name}" for name in schemas}


# A request of each kind with every key that there is.
PROCESS = {"arguments": ["-c", "true"], "environment": ["A=b"], "workingDirectory": "/", "terminal": False, "interactive": False, "user": "root",
           "uid": 0, "gid": 0, "rlimits": [{"limit": "RLIMIT_NOFILE", "soft": 64, "hard": 64}]}
SIZE = {"rows": 24, "cols": 80}
REQUESTS = {
    ("POST", "/v1/containers"): {
        "name": "everything", "image": "busybox", "platform": {"os": "linux", "architecture": "amd64", "variant": ""},
        "process": {**PROCESS, "entrypoint": "/bin/sh"}, "resources": {"cpus": 1, "memoryInBytes": 1 << 28}, "capAdd": ["NET_ADMIN"],
        "capDrop": ["ALL"], "labels": {"a": "b"}, "readOnly": True, "useInit": True, "shmSize": 1 << 20,
        "tmpfs": [{"destination": "/mnt", "options": ["size=1048576"]}], "maskedPaths": ["/a"], "readonlyPaths": ["NONE", "/b"], "noDns": False,
        "mounts": [{"type": "tmpfs", "source": "", "destination": "/scratch", "options": ["ro"]},
                   {"type": "volume", "source": "by-a-container", "destination": "/data"}],
        "dns": {"nameservers": ["192.0.2.1"], "domain": "example.test", "searchDomains": ["example.test"], "options": ["ndots:1"]},
        "networks": [{"name": "default", "macAddress": "02:00:00:00:00:0a", "mtu": 1400, "ipv4Address": "192.168.64.77", "aliases": ["all"]}],
        "publishedPorts": [{"hostAddress": "127.0.0.1", "hostPort": 48080, "containerPort": 80, "proto": "tcp", "count": 2}],
        "publishedSockets": [{"hostPath": "/tmp/bulkhead-test-everything.sock", "containerPath": "/run/app.sock"}],
        "hosts": [{"name": "db", "address": "192.0.2.5"}], "ssh": True,
        "autoRemove": False, "kernel": "/nowhere/vmlinux", "kernelArgs": ["quiet"], "initImage": "busybox", "virtualization": True,
        "runtime": "runtime-qemu"},
    ("POST", "/v1/containers/{id}/start"): {"attach": False, "stdin": False, "size": SIZE, "cold": True, "sshAuthSock": "/nowhere/agent"},
    ("POST", "/v1/containers/{id}/exec"): {"process": {**PROCESS, "arguments": ["true"], "size": SIZE}, "detach": True},
    ("POST", "/v1/containers/{id}/stop"): {"signal": "TERM", "timeoutSeconds": 1},
    ("POST", "/v1/containers/{id}/kill"): {"signal": 18},
    ("POST", "/v1/images/save"): {"references": ["busybox"], "platform": {"os": "linux", "architecture": "amd64", "variant": ""}},
    ("POST", "/v1/images/tag"): {"source": "busybox", "target": "other"},
    ("POST", "/v1/images/pull"): {"reference": "127.0.0.1:1/busybox", "platform": {"os": "linux", "architecture": "amd64", "variant": ""},
                                  "allPlatforms": False, "scheme": "auto", "maxConcurrentDownloads": 2},
    ("POST", "/v1/images/push"): {"reference": "127.0.0.1:1/busybox", "scheme": "http",
                                  "platform": {"os": "linux", "architecture": "amd64", "variant": ""}},
    ("POST", "/v1/registries/login"): {"server": "127.0.0.1:1", "username": "alice", "password": "secret", "scheme": "http"},
    ("PUT", "/v1/system/properties/{key}"): {"value": 1},
    ("POST", "/v1/networks"): {"name": "by-api", "subnet": "10.77.0.0/24", "subnetV6": "fd77::/64", "internal": True, "labels": {"a": "b"},
                               "plugin": "network-slirp", "options": {"mtu": "1400", "host-loopback": "true", "variant": "any"}},
    ("POST", "/v1/system/templates"): {"cpus": 1, "memoryInBytes": 300 << 20},
    ("POST", "/v1/system/dns"): {"domain": "api.test", "localhost": "203.0.113.1"},
    ("POST", "/v1/volumes"): {"name": "by-api", "labels": {"a": "b"}, "sizeInBytes": 1 << 26,
                              "options": {"size": "1g", "journal": "ordered", "shared": "false"}},
}
UPGRADE = ("Connection: Upgrade", "Upgrade: bulkhead-stream")


def request(method, template, **other):
    return {**REQUESTS[method, template], **other}


def the_service_answers(api, tmp_path):
    for path in ("ping", "system", "system/df", "openapi.json", "system/properties", "system/properties/container.cpus", "system/logs"):
        api.ok("GET", f"/v1/{path}")
    cpus, unknown = "/v1/system/properties/container.cpus", "/v1/system/properties/no.such"
    assert api.ok("PUT", cpus, request("PUT", "/v1/system/properties/{key}"))["value"] == api.ok("GET", cpus)["value"] == 1
    assert api.ask("PUT", cpus, {"value": "many"})[0] == 400
    assert [api.ask(method, unknown, body)[0] for method, body in (("GET", None), ("PUT", {"value": "1"}), ("DELETE", None))] == [404] * 3
    assert api.ask("GET", "/v1/system/properties/dns.domain")[0] == 404
    assert api.ok("DELETE", "/v1/system/properties/dns.domain")["value"] is None
    assert api.ok("DELETE", cpus)["value"] == api.ok("GET", "/v1/system/properties")["container.cpus"]["default"]
    api.ok("PUT", cpus, {"value": "1"})
    kernel = api.ok("GET", "/v1/system")["kernel"]
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk" * 1000)
    assert api.ask("PUT", "/v1/system/kernel", file=junk, source="binary", name="junk")[0] == 422
    api.ok("PUT", "/v1/system/kernel", file=kernel, source="binary", name="another")
    assert api.ask("PUT", "/v1/system/kernel", file=junk, source="binary", name="another")[0] == 409
    assert api.ok("PUT", "/v1/system/kernel", source="recommended")["path"] == kernel


def images_answer(api, busybox_tar, tmp_path):
    imported = api.ok("POST", "/v1/images/import", file=busybox_tar, reference="another", name="another.tar", platform="linux/amd64",
                      config='{"Cmd": ["sh"], "StopSignal": "TERM", "User": "nobody"}', message="made for a test")
    assert imported == api.ok("GET", "/v1/images/another") and imported in api.ok("GET", "/v1/images")
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk" * 1000)
    assert [api.ask("POST", f"/v1/images/{what}", file=junk)[0] for what in ("import", "load")] == [422, 422]
    api.ok("POST", "/v1/images/tag", request("POST", "/v1/images/tag"))
    assert api.ask("POST", "/v1/images/tag", {"source": "nothing", "target": "other"})[0] == 404
    save = request("POST", "/v1/images/save")
    saved = tmp_path / "saved.tar"
    saved.write_bytes(api.ok("POST", "/v1/images/save", save))
    assert api.ask("POST", "/v1/images/save", {"references": ["nothing"]})[0] == 404
    with open(tmp_path / "again.tar", "wb") as again:
        assert api.speak("POST", "/v1/images/save", save, "Bulkhead-Fd: 1", fd=again.fileno())[1]["bytes"] == saved.stat().st_size
    assert api.ok("POST", "/v1/images/load", file=saved, name="saved.tar", force=1)["images"]
    for method in ("GET", "DELETE"):
        assert api.ask(method, "/v1/images/nothing")[0] == 404
    assert api.ok("DELETE", "/v1/images/other")["untagged"] == ["docker.io/library/other:latest"]
    assert api.ok("POST", "/v1/images/prune", all=1)["untagged"]
    api.ok("POST", "/v1/images/load", file=saved)


def registries_answer(api, tmp_path):
    with Registry(tmp_path / "registry", users={"alice": "secret"}) as registry:
        name = f"{registry.address}/app/busybox:1"
        api.ok("POST", "/v1/images/tag", {"source": "busybox", "target": name})
        login, push = {"server": registry.address}, {"reference": name}
        assert api.ask("POST", "/v1/registries/login", request("POST", "/v1/registries/login", **login, password="wrong"))[0] == 403
        assert [api.ask("POST", f"/v1/images/{what}", push)[0] for what in ("push", "pull")] == [403, 403]
        assert api.ok("POST", "/v1/registries/login", request("POST", "/v1/registries/login", **login))["kept"]
        assert [each["id"] for each in api.ok("GET", "/v1/registries")] == [registry.address]
        digest = api.ok("POST", "/v1/images/push", request("POST", "/v1/images/push", **push))["digest"]
        assert digest.encode() in api.ok("POST", "/v1/images/push", push, progress=1).splitlines()[-1]
        pull = request("POST", "/v1/images/pull", **push)
        assert api.ok("POST", "/v1/images/pull", pull)["configuration"]["name"] == name
        assert digest[7:].encode() in api.ok("POST", "/v1/images/pull", pull, progress=1).splitlines()[-1]
        for what in ("push", "pull"):
            assert api.ask("POST", f"/v1/images/{what}", {"reference": f"{registry.address}/app/nothing:1"})[0] == 404
        assert api.ok("DELETE", f"/v1/registries/{registry.address}")["removed"]
        api.ok("DELETE", "/v1/images/" + urllib.parse.quote(name, safe=""))


def networks_answer(api):
    network = request("POST", "/v1/networks")
    made = api.ok("POST", "/v1/networks", network)
    assert made == api.ok("GET", "/v1/networks/by-api") and made["status"]["ipv4Gateway"] == "10.77.0.1"
    assert [each["id"] for each in api.ok("GET", "/v1/networks")] == ["by-api", "default"]
    assert api.ask("POST", "/v1/networks", network)[0] == 409
    assert [api.ask(method, "/v1/networks/nothing")[0] for method in ("GET", "DELETE")] == [404] * 2
    assert api.ask("DELETE", "/v1/networks/default")[0] == 409
    assert api.ok("DELETE", "/v1/networks/by-api") == {"id": "by-api"}
    api.ok("POST", "/v1/networks", {"name": "unused"})
    assert api.ok("POST", "/v1/networks/prune")["deleted"] == ["unused"]
    domain = request("POST", "/v1/system/dns")
    assert api.ok("POST", "/v1/system/dns", domain)["domain"] == "api.test" and api.ok("GET", "/v1/system/dns") == ["api.test"]
    assert api.ask("POST", "/v1/system/dns", domain)[0] == 409
    assert api.ok("DELETE", "/v1/system/dns/api.test")["domain"] == "api.test"
    assert api.ask("DELETE", "/v1/system/dns/api.test")[0] == 404


def templates_answer(api):
    made = api.ok("POST", "/v1/system/templates", request("POST", "/v1/system/templates"))
    assert made == api.ok("POST", "/v1/system/templates", {"cpus": 1})  # as much memory as 300 MiB are rounded up to
    assert [each["id"] for each in api.ok("GET", "/v1/system/templates")] == [made["id"]]
    assert api.ask("POST", "/v1/system/templates", {"memoryInBytes": 1 << 40})[0] == 400
    assert api.ok("POST", "/v1/system/templates/prune")["deleted"] == [made["id"]] and api.ok("GET", "/v1/system/templates") == []


def volumes_answer(api):
    volume = request("POST", "/v1/volumes")
    made = api.ok("POST", "/v1/volumes", volume)
    assert made["configuration"]["sizeInBytes"] == 1 << 26 and api.ok("GET", "/v1/volumes") == [made]
    shown = api.ok("GET", "/v1/volumes/by-api")
    assert shown.pop("status")["allocatedInBytes"] > 0 and shown == made
    assert api.ask("POST", "/v1/volumes", volume)[0] == 409
    assert api.ask("POST", "/v1/volumes", {"name": "folder", "options": {"shared": "true", "size": "1g"}})[0] == 400
    assert [api.ask(method, "/v1/volumes/nothing")[0] for method in ("GET", "DELETE")] == [404] * 2
    mounting = {"name": "mounting", "image": "busybox", "mounts": [{"type": "volume", "source": "by-api", "destination": "/data"}]}
    api.ok("POST", "/v1/containers", mounting)
    assert api.ask("DELETE", "/v1/volumes/by-api")[0] == 409
    api.ok("DELETE", "/v1/containers/mounting")
    assert api.ok("DELETE", "/v1/volumes/by-api")["reclaimed"] > 0
    api.ok("POST", "/v1/volumes", {"name": "unused", "options": {"shared": "true"}})
    assert api.ok("POST", "/v1/volumes/prune")["deleted"] == ["unused"]


def a_container_answers(api):
    [network] = request("POST", "/v1/containers")["networks"]
    subnet = api.ok("GET", "/v1/networks/default")["status"]["ipv4Subnet"]
    everything = request("POST", "/v1/containers", kernel=api.ok("GET", "/v1/system")["kernel"],
                         networks=[{**network, "ipv4Address": subnet.replace("0/24", "77")}])
    made = api.ok("POST", "/v1/containers", everything, head=["Idempotency-Key: once"])
    assert api.ok("POST", "/v1/containers", everything, head=["Idempotency-Key: once"]) == made
    assert api.ask("POST", "/v1/containers", everything)[0] == 409
    assert api.ask("POST", "/v1/containers", request("POST", "/v1/containers"))[0] == 404
    assert api.ask("POST", "/v1/containers", {"image": "nothing"})[0] == 404
    api.ok("POST", "/v1/containers", {"name": "one", "image": "busybox", "process": {"arguments": ["sleep", "100000"]}})
    api.ok("POST", "/v1/containers", {"name": "other", "image": "busybox", "process": {"arguments": ["true"]}})
    one = "/v1/containers/one"
    assert api.ask("POST", f"{one}/exec", request("POST", "/v1/containers/{id}/exec"))[0] == 409
    assert api.ask("POST", f"{one}/kill", {})[0] == 409
    assert [api.ask("GET", path)[0] for path in (f"{one}/stats", "/v1/stats?id=one", "/v1/stats?id=o", "/v1/stats?id=nobody")] == [409, 409, 409, 404]
    api.ok("POST", f"{one}/start", request("POST", "/v1/containers/{id}/start"))
    assert api.ok("GET", "/v1/containers") == [api.ok("GET", one)]
    assert api.speak("POST", f"{one}/start", {"attach": True}, *UPGRADE)[0] == 409
    api.ok("POST", f"{one}/exec", request("POST", "/v1/containers/{id}/exec"))
    assert api.speak("POST", f"{one}/exec", {"process": {"arguments": ["true"]}}, *UPGRADE)[0] == 101
    assert api.ask("POST", f"{one}/exec", {"process": {"arguments": ["no-such-command"]}, "detach": True})[0] == 422
    assert [api.ok("GET", f"{one}/stats")["id"], *(each["id"] for each in api.ok("GET", "/v1/stats"))] == ["one", "one"]
    api.ok("POST", f"{one}/kill", request("POST", "/v1/containers/{id}/kill"))
    assert [api.ask("DELETE", path)[0] for path in (one, "/v1/images/busybox")] == [409, 409]
    api.ok("POST", f"{one}/stop", request("POST", "/v1/containers/{id}/stop"))
    assert "exitCode" in api.ok("GET", f"{one}/wait", condition="stopped")
    assert api.speak("POST", "/v1/containers/other/start", {"attach": True, "stdin": True, "size": SIZE}, *UPGRADE)[0] == 101
    for query in ({}, {"boot": 1}, {"tail": 1, "timestamps": 1}):
        api.ok("GET", f"{one}/logs", **query)


def what_is_not_there_is_told(api):
    """Also that the beginning of several names is none."""
    for (method, template), operation in api.document.operations.items():
        for name, status in (("nobody", 404), ("o", 409)) if re.search("{id}|{name}", template) else ():
            body = REQUESTS.get((method, template), {}) if "requestBody" in operation else None
            assert api.ask(method, re.sub("{id}|{name}", name, template), body)[0] == status, (method, template)


def the_journal_answers(api):
    assert api.ok("GET", "/v1/events") and api.ok("GET", "/v1/history/one")
    assert api.ask("GET", "/v1/events", after="00000000-0000-0000-0000-000000000000:1")[0] == 410
    assert api.ok("GET", "/v1/journal/verify")["ok"]


def test_every_answer_is_as_described_and_every_described_answer_is_given(fresh, busybox_tar, tmp_path):
    box = fresh()
    api = openapi.Described(box)
    with subprocess.Popen(["curl", "-sSN", "--unix-socket", str(box.socket()), "http://localhost/v1/events?follow=1&type=no.such"],
                          stdout=subprocess.PIPE) as follower:
        the_service_answers(api, tmp_path)
        images_answer(api, busybox_tar, tmp_path)
        registries_answer(api, tmp_path)
        networks_answer(api)
        volumes_answer(api)
        templates_answer(api)
        a_container_answers(api)
        what_is_not_there_is_told(api)
        the_journal_answers(api)
        for kind in ("caught-up", "cursor"):
            line = follower.stdout.readline()
            assert json.loads(line)["kind"] == kind
            api.given("GET", "/v1/events", 200, openapi.LINES, line)
        follower.kill()
    assert len(api.ok("GET", "/v1/containers", all=1)) == 3
    assert api.ok("DELETE", "/v1/containers/everything", force=1)["id"] == "everything"
    assert sorted(api.ok("POST", "/v1/containers/prune")["deleted"]) == ["one", "other"]
    assert api.ask("POST", "/v1/system/stop")[0] == 202
    processes.wait_until(lambda: not box.running(), what="the end of the service")
    assert api.document.answers() == api.seen


def keys(tree):
    """Every place of an object below, as a path of keys."""
    if isinstance(tree, list):
        return {key for value in tree for key in keys(value)}
    return {(key, *rest) for key, value in tree.items() for rest in keys(value) | {()}} if isinstance(tree, dict) else set()


def described_keys(document, schema):
    schema = {**schema, **openapi.resolve(document, schema["$ref"])} if "$ref" in schema else schema
    inner = {key for part in (schema.get("items"),) if part for key in described_keys(document, part)}
    return inner | {(key, *rest) for key, value in schema.get("properties", {}).items() for rest in described_keys(document, value) | {()}}


@pytest.mark.parametrize("method,template", REQUESTS)
def test_the_requests_of_these_tests_have_every_described_key(bare, method, template):
    document = openapi.Document(bare.curl("GET", "/v1/openapi.json")[1])
    assert set(REQUESTS) == {key for key, operation in document.operations.items()
                             if "application/json" in operation.get("requestBody", {}).get("content", {})}
    schema = document.request_schema(method, template)
    assert document.errors(schema, REQUESTS[method, template]) == []
    assert described_keys(document.tree, schema) == keys(REQUESTS[method, template]) - {("labels", "a")}


def replaced(tree, path, value):
    """A copy with another value at that place."""
    copy = json.loads(json.dumps(tree))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def places(tree, path=()):
    """(path, value) of everything below."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*path, key), value
        yield from places(value, (*path, key))


@pytest.mark.parametrize("method,template", REQUESTS)
def test_what_the_schema_of_a_request_does_not_allow_is_refused(bare, method, template):
    """Unknown keys and values of another type, wherever they are."""
    api = openapi.Described(bare)
    whole = REQUESTS[method, template]
    wrong = [replaced(whole, path, []) for path, value in places(whole) if not isinstance(value, list)]
    wrong += [replaced(whole, path, 1) for path, value in places(whole) if isinstance(value, list)]
    wrong += [replaced(whole, (*path, "noSuchKey"), 1) for path, value in [((), whole), *places(whole)]
              if isinstance(value, dict) and path != ("labels",)]
    path = re.sub("{id}", "nobody", template).replace("{key}", "container.cpus")
    for body in wrong:
        assert api.document.errors(api.document.request_schema(method, template), body), body
        status, problem = api.ask(method, path, body)
        assert status == 400, body
        assert "noSuchKey" not in json.dumps(body) or "noSuchKey" in problem["detail"], problem


def test_what_is_required_is_missed(box):
    for method, path, body in (("POST", "/v1/containers", {"process": {}}), ("POST", "/v1/images/tag", {"source": "busybox"}),
                               ("POST", "/v1/images/save", {}), ("PUT", "/v1/system/properties/container.cpus", {})):
        assert box.curl(method, path, body)[0] == 400, path


def test_every_described_route_answers(bare):
    """Not with 404 for the route itself: a route that isn't there says so differently from a thing that isn't."""
    for method, path in routes(bare)[1]:
        if path in ("/v1/system/stop",) or "follow" in path:
            continue
        concrete = re.sub("{(network|volume|domain)}", "nobody", path).replace("{id}", "nobody").replace("{ref}", "nothing").replace("{name}", "nobody").replace("{key}", "no.such")
        status, body = bare.curl(method, concrete, {} if method in ("POST", "PUT") else None)
        assert status != 405, (method, path)
        assert status < 500 or status == 501, (method, path, body)
        if status == 404:
            assert "nobody" in json.dumps(body) or "nothing" in json.dumps(body) or "no.such" in json.dumps(body), (method, path, body)


def test_an_image_goes_in_and_out_by_curl(box, tmp_path):
    saved = tmp_path / "saved.tar"
    subprocess.run(["curl", "-sS", "-f", "--unix-socket", str(box.socket()), "-H", "Content-Type: application/json", "--data-binary",
                    '{"references": ["busybox"]}', "-o", saved, "http://localhost/v1/images/save"], check=True)
    done = subprocess.run(["curl", "-sS", "-f", "--unix-socket", str(box.socket()), "-X", "POST", "-T", saved,
                           "http://localhost/v1/images/load"], capture_output=True, check=True)
    assert json.loads(done.stdout)["images"][0]["configuration"]["name"].endswith("busybox:latest")


def test_half_a_request_hurts_nobody(bare):
    import socket
    for bytes_sent in (b"", b"GET /v1/pi", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100, b"POST /v1/containers HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(bare.socket()))
            client.sendall(bytes_sent)
    assert bare.curl("GET", "/v1/ping")[0] == 200
