"""The socket as a script uses it, with curl, and the document that describes it."""
import json
import subprocess

import pytest


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
    import pathlib
    import re
    document, described = routes(bare)
    assert document["openapi"].startswith("3.")
    text = (pathlib.Path(__file__).parents[2] / "docs/reference/api.md").read_text()
    written = {(method, re.sub(r"\?.*", "", path)) for method, path in re.findall(r"^\| `(GET|POST|PUT|DELETE) (/v1/[^` ]*)", text, re.M)}
    assert written <= set(described) | {("GET", "/v1/openapi.json")}, written - set(described)
    assert set(described) <= written | {("GET", "/v1/openapi.json")}, set(described) - written


def test_every_described_route_answers(bare):
    """Not with 404 for the route itself: a route that isn't there says so differently from a thing that isn't."""
    for method, path in routes(bare)[1]:
        if path in ("/v1/system/stop",) or "follow" in path:
            continue
        concrete = path.replace("{id}", "nobody").replace("{ref}", "nothing").replace("{name}", "nobody").replace("{key}", "no.such")
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
