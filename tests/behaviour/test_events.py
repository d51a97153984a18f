"""events and history: everything that happened, why, and by whom; live, from any point, and again."""
import itertools
import json
import os
import subprocess
import threading

import pytest


def run_of(box, name):
    return [event for event in box.events(stream=f"container/{name}")]


def test_a_run_is_told_from_its_intent_to_its_end(box, name):
    box("run", "--name", name, "busybox", "sh", "-c", "exit 4")
    told = run_of(box, name)
    steps = [(event["type"], event["phase"]) for event in told]
    for step in (("container.create", "intent"), ("container.create", "outcome"), ("container.start", "intent"),
                 ("container.start", "outcome"), ("container.exited", "fact")):
        assert step in steps, (step, steps)
    assert steps.index(("container.create", "intent")) < steps.index(("container.create", "outcome")) < \
        steps.index(("container.start", "intent")) < steps.index(("container.exited", "fact"))
    assert next(event for event in told if event["type"] == "container.exited")["data"]["exitCode"] == 4


def test_each_outcome_belongs_to_its_intent(box, name):
    box("run", "--name", name, "busybox", "true")
    told = run_of(box, name)
    intents = {event["seq"]: event["type"] for event in told if event["phase"] == "intent"}
    outcomes = [event for event in told if event["phase"] == "outcome"]
    assert outcomes and all(intents[event["op"]] == event["type"] for event in outcomes)


def test_numbers_have_no_gaps(box):
    numbers = [event["seq"] for event in box.events()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_the_actor_is_who_asked(box, name):
    box.ok("create", "--name", name, "busybox")
    actor = run_of(box, name)[0]["actor"]
    assert actor["kind"] == "user" and actor["uid"] == os.geteuid() and actor["client"].startswith("container")


def test_events_prints_a_line_each(box, name):
    box.ok("create", "--name", name, "busybox")
    shown = box.ok("events", "--format", "json").lines
    assert any(json.loads(line)["stream"] == f"container/{name}" for line in shown)
    assert f"container/{name}" in box.ok("events").out or name in box.ok("events").out


def test_history_is_one_things_story(box, name):
    box("run", "--name", name, "busybox", "true")
    box.ok("delete", name)
    shown = box.ok("history", name).out
    for word in ("container.create", "container.start", "container.exited", "container.delete"):
        assert word in shown, (word, shown)
    other = box("history", "never-was")
    assert other.rc in (0, 1) and "container.create" not in other.out


def shown(box, *options):
    return [json.loads(line) for line in box.ok("events", "--format", "json", *options).lines]


def test_filters(box, name):
    box.ok("create", "--name", name, "busybox")
    box.ok("delete", name)
    everything = shown(box)
    mine = [event for event in everything if event["stream"] == f"container/{name}"]
    first, last = mine[0], mine[-1]

    def picked(*options):
        return [event["seq"] for event in shown(box, *options)]

    def those(condition):
        return [event["seq"] for event in everything if condition(event)]
    assert picked("--stream", f"container/{name}") == [event["seq"] for event in mine]
    assert picked("--stream", "container/*") == those(lambda event: event["stream"].startswith("container/"))
    assert picked("--type", "container.delete") == those(lambda event: event["type"] == "container.delete")
    for phase in ("fact", "intent", "outcome"):
        assert picked("--phase", phase) == those(lambda event: event["phase"] == phase), phase
    assert picked("--root", first["root"]) == those(lambda event: event["root"] == first["root"])
    assert picked("--actor-uid", os.geteuid()) == those(lambda event: event["actor"].get("uid") == os.geteuid())
    assert picked("--limit", "2") == those(lambda event: True)[:2]
    assert picked("--after", first["seq"]) == those(lambda event: event["seq"] > first["seq"])
    assert picked("--since", first["at"], "--until", last["at"]) == those(lambda event: first["at"] <= event["at"] <= last["at"])
    assert picked("--since", "1d") == those(lambda event: True)
    assert picked("--stream", f"container/{name}", "--type", "container.*", "--phase", "outcome", "--limit", "1") == \
        those(lambda event: event["stream"] == f"container/{name}" and event["phase"] == "outcome")[:1]


def test_until_a_number_is_up_to_that_event(box, name):
    box.ok("create", "--name", name, "busybox")
    numbers = [event["seq"] for event in shown(box)]
    assert [event["seq"] for event in shown(box, "--until", numbers[-1])] == numbers


@pytest.mark.parametrize("option", [("--phase", "moon"), ("--limit", "many"), ("--root", "-1"), ("--since", "noon"), ("--until", "noon"),
                                    ("--format", "xml")], ids=" ".join)
def test_filters_that_are_none(bare, option):
    bare.refuses("events", *option, rc=64, saying=option[0] + "|" + option[1])


def test_history_of_an_image(box, name):
    box.ok("image", "tag", "busybox", "storied:1")
    box.ok("image", "delete", "storied:1")
    told = box.ok("history", "storied:1").out
    assert told == box.ok("history", "docker.io/library/storied:1").out
    assert "image.tag" in told and "image.untag" in told or "image.delete" in told, told
    assert all(line.split()[2].startswith("image/") for line in told.splitlines() if line[:2] == "20"), told


def test_history_of_networks_and_volumes(box, name):
    """Each kind has its story, also after its end; a name of several is all of theirs, and a kind before it picks one."""
    box.ok("network", "create", name)
    box.ok("network", "delete", name)
    box.ok("volume", "create", name)
    box.ok("volume", "delete", name)
    box.ok("volume", "create", name + "-other")

    def told(*subject):
        return [json.loads(line) for line in box.ok("history", "--format", "json", *subject).lines]
    network = [event["type"] for event in told(f"network/{name}")]
    assert network == ["network.created", "network.deleted"]
    volume = told(f"volume/{name}")
    assert {event["type"] for event in volume} == {"volume.create", "volume.delete"}
    assert {event["stream"] for event in volume} == {f"volume/{name}"}
    assert [event["seq"] for event in told(name)] == sorted(event["seq"] for event in told(f"network/{name}") + volume)
    box.refuses("history", f"network/{name}-other", rc=1, saying="nothing has ever happened")


def test_history_of_a_volume_tells_who_made_it(box, name):
    box.ok("create", "--name", name, "-v", f"{name}-data:/data", "busybox")
    types = [json.loads(line)["type"] for line in box.ok("history", "--format", "json", f"volume/{name}-data").lines]
    assert "volume.create" in types and "container.create" in types, types


def test_the_past_can_be_listed_and_inspected(box, name):
    box.ok("create", "--name", name, "busybox")
    box.ok("image", "tag", "busybox", "past:1")
    then = box.events()[-1]
    box.ok("delete", name)
    box.ok("image", "delete", "past:1")
    for moment in (then["seq"], then["at"]):
        assert name in box.ok("list", "--all", "--quiet", "--at", moment).lines
        assert box.ok("inspect", "--at", moment, name).json[0]["id"] == name
        assert "past:1" in box.ok("image", "list", "--quiet", "--at", moment).lines
        assert box.ok("image", "inspect", "--at", moment, "past:1").json[0]["configuration"]["name"].endswith("past:1")
    box.refuses("inspect", name, saying="not found")
    box.refuses("list", "--at", "noon", saying="noon")
    box.refuses("list", "--at", "999999999", saying="no event 999999999 yet")
    box.refuses("list", "--at", "2999-01-01T00:00:00Z", saying="future")


def followed(box, name, *arguments):
    client = box.popen("events", "--follow", "--stream", f"container/{name}", "--format", "json", *arguments, stdout=subprocess.PIPE)
    yield client
    for line in client.stdout:
        yield json.loads(line)


def test_following_begins_now_unless_told_otherwise(box, name):
    box.ok("create", "--name", name, "busybox")
    for arguments, first in (([], None), (["--since", "2020-01-01T00:00:00Z"], "container.create"), (["--after", "1"], "container.create")):
        client, *lines = itertools.islice(followed(box, name, *arguments), 2)
        assert lines[0].get("type") == first and lines[0].get("kind") == (None if first else "caught-up")
        client.terminate()
        client.wait()


def test_following_sees_what_happens_and_no_event_twice(box, name):
    client = box.popen("events", "--follow", "--format", "json", stdout=subprocess.PIPE)
    assert json.loads(client.stdout.readline())["kind"] == "caught-up"
    seen, done = [], threading.Event()

    def read():
        for line in client.stdout:
            event = json.loads(line)
            if "seq" in event and "type" in event:
                seen.append(event)
                if event["type"] == "container.delete" and event["phase"] == "outcome" and event["stream"] == f"container/{name}":
                    done.set()
                    return

    reader = threading.Thread(target=read)
    reader.start()
    box.ok("create", "--name", name, "busybox")
    box.ok("delete", name)
    assert done.wait(120), "the delete was never seen"
    client.terminate()
    reader.join()
    client.communicate()
    numbers = [event["seq"] for event in seen]
    assert numbers == sorted(set(numbers))


def test_a_subscriber_goes_on_where_it_was(box, name):
    box.ok("create", "--name", name, "busybox")
    told = box.events()
    middle = told[len(told) // 2]["seq"]
    assert [event["seq"] for event in box.events(after=middle)] == [event["seq"] for event in told if event["seq"] > middle]


def test_a_cursor_of_another_journal_is_gone(box):
    status, body = box.curl("GET", "/v1/events", after="00000000-0000-0000-0000-000000000000:1")
    assert (status, body["status"]) == (410, 410)


def test_the_past_can_be_asked(box, name):
    box.ok("create", "--name", name, "busybox")
    then = box.events()[-1]["seq"]
    box.ok("delete", name)
    status, shown = box.curl("GET", f"/v1/containers/{name}", at=then)
    assert status == 200 and shown["id"] == name
    assert box.curl("GET", f"/v1/containers/{name}")[0] == 404
    assert name in [each["id"] for each in box.curl("GET", "/v1/containers", all=1, at=then)[1]]


def test_the_journal_verifies(box):
    status, shown = box.curl("GET", "/v1/journal/verify")
    assert status == 200 and shown["ok"] is True and shown["events"] > 0 and shown["problems"] == []


def test_secrets_of_the_caller_do_not_enter(box, name):
    box.ok("create", "--name", name, "busybox", environment={"UNASKED_SECRET": "hunter2"})
    assert "hunter2" not in json.dumps(box.events())
