"""The service's own OpenAPI document, held against what the service does: which answer it names for a request, and its schemas."""
import datetime
import http.client
import json
import socket
import subprocess
import urllib.parse
import uuid

import jsonschema

from .box import GUARD

JSON = ("application/json", "application/problem+json")
LINES = "application/x-ndjson"

_formats = jsonschema.FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_time(value):
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.datetime.fromisoformat(value)))


@_formats.checks("uuid", raises=ValueError)
def _is_uuid(value):
    return not isinstance(value, str) or str(uuid.UUID(value)) == value


class Document:
    def __init__(self, tree):
        self.tree = tree
        self.operations = {(method.upper(), template): operation for template, item in tree["paths"].items()
                           for method, operation in item.items()}

    def answers(self):
        """{(method, path template, status, media type or None)} of everything it says may be answered, but for the default."""
        return {(method, template, int(status), media) for (method, template), operation in self.operations.items()
                for status, response in operation["responses"].items() if status != "default"
                for media in response.get("content", {None: None})}

    def template_of(self, path):
        """The literal one wins over the one with parameters, as OpenAPI has it."""
        parts = path.split("?")[0].split("/")
        fitting = [template for template in self.tree["paths"] if len(template.split("/")) == len(parts) and all(
            there == here or there.startswith("{") and here for there, here in zip(template.split("/"), parts))]
        assert fitting, f"the document has no path for {path}"
        return min(fitting, key=lambda template: template.count("{"))

    def errors(self, schema, value):
        """What is wrong with the value, a sentence each."""
        validator = jsonschema.Draft202012Validator({**schema, "components": self.tree["components"]}, format_checker=_formats)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def request_schema(self, method, template):
        return self.operations[method, template]["requestBody"]["content"]["application/json"]["schema"]

    def check(self, method, path, status, media, text):
        """That this is an answer as the document has it. Returns the row of answers() that it is, or None if it is the default."""
        template = self.template_of(path)
        responses = self.operations[method, template]["responses"]
        response = responses.get(str(status), responses["default"])
        what = f"{method} {path}: {status} {media}"
        if "content" not in response:
            assert not text, f"{what} has a body"
        else:
            assert media in response["content"], f"{what} is not described"
            for value in values_of(media, text):
                wrong = self.errors(response["content"][media].get("schema", {}), value)
                assert not wrong, f"{what} is not as described: {wrong}\n{json.dumps(value)[:2000]}"
        return (method, template, status, media if "content" in response else None) if str(status) in responses else None


def values_of(media, text):
    """The values that a body consists of, each of which has the schema."""
    if media == LINES:
        return [json.loads(line) for line in text.splitlines()]
    return [json.loads(text) if media in JSON else text.decode(errors="replace")]


class Described:
    """A service whose every answer is checked against its own document; remembers which of the described ones it has given."""

    def __init__(self, box):
        self.box = box
        self.document = Document(box.curl("GET", "/v1/openapi.json")[1])
        self.seen = set()

    def ask(self, method, path, body=None, file=None, head=(), **query):
        """(status, body): decoded if it is JSON, else bytes. Body: an object; file: a path to send."""
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True)
        command = ["curl", "-sS", "-X", method, "--unix-socket", str(self.box.socket()), "-w", "\n%{http_code} %{content_type}",
                   *(word for line in head for word in ("-H", line))]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        if file is not None:
            command += ["-T", str(file)]
        done = subprocess.run([*command, f"http://localhost{path}"], capture_output=True, timeout=GUARD, check=True)
        text, said = done.stdout.rsplit(b"\n", 1)
        status, _, media = said.decode().partition(" ")
        return self.given(method, path, int(status), media.split(";")[0].strip(), text)

    def speak(self, method, path, body, *head, fd=None):
        """(status, body), for what curl can't: upgrades, and descriptors with the first byte. An upgraded connection is read to its end."""
        payload = json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(payload)}", *head]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(GUARD)
            connection.connect(str(self.box.socket()))
            socket.send_fds(connection, ["\r\n".join([*lines, "", ""]).encode() + payload], [] if fd is None else [fd])
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            text = answer.read()
            while answer.status == 101 and connection.recv(65536):
                pass
        return self.given(method, path, answer.status, (answer.getheader("Content-Type") or "").split(";")[0], text)

    def given(self, method, path, status, media, text):
        row = self.document.check(method, path, status, media, text)
        if row:
            self.seen.add(row)
        return status, json.loads(text) if media in JSON else text

    def ok(self, method, path, *arguments, **options):
        status, body = self.ask(method, path, *arguments, **options)
        assert status < 300, (method, path, status, body)
        return body


def references(tree):
    """Every $ref below."""
    if isinstance(tree, dict):
        return {value for key, value in tree.items() if key == "$ref"} | {ref for value in tree.values() for ref in references(value)}
    return {ref for value in tree for ref in references(value)} if isinstance(tree, list) else set()


def resolve(tree, reference):
    assert reference.startswith("#/"), reference
    for part in reference[2:].split("/"):
        tree = tree[part]
    return tree
