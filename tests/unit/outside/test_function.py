from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airlock_outbox import function
from airlock_outbox.answering import Outside
from airlock_outbox.loop import Loop
from airlock_outbox.policy import Policy
from airlock_spec.outbox.layout import Layout
from outside_fakes import POLICY, Bucket, Caller, Secrets, raising, taken, written
from requests_made import a_request


class Invocation:
    aws_request_id = "1-2-3"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def event(*keys: str, bucket: str = "outbox") -> dict[str, Any]:
    return {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for key in keys]}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def outside(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Outside:
    one = Outside(bucket, Layout(), Policy.from_json(POLICY), Secrets(), Caller(), "")
    monkeypatch.setattr(function, "outside", lambda: one)
    monkeypatch.setenv("OUTBOX_BUCKET", "outbox")
    return one


def test_each_request_of_an_event_is_answered(
    bucket: Bucket, outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [written(bucket, a_request(number)) for number in range(2)]

    results = function.handler(event(*(f"requests/{name}.json" for name in names)), Invocation())

    assert results == dict.fromkeys(names, "answered")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["request"], line["status"], line["bytes"]) for line in lines] == [
        (one, 200, 3) for one in names
    ]


def test_other_objects_and_other_buckets_are_none_of_its_business(outside: Outside) -> None:
    name = a_request().id
    keys = ["x", f"responses/{name}", f"requests/{name}.txt", "requests/..%2F..%2Fx.json"]

    assert function.handler(event(*keys), Invocation()) == {}
    assert function.handler(event(f"requests/{name}.json", bucket="other"), Invocation()) == {}
    assert function.handler({"Event": "s3:TestEvent"}, Invocation()) == {}


def test_a_key_is_decoded_as_events_encode_it() -> None:
    name = a_request().id

    found = function.requested(event(f"my%28team%29/requests/{name}.json"), "outbox", Layout("my(team)/"))

    assert list(found) == [name]


def test_one_that_fails_is_tried_again_by_lambda_and_holds_up_no_other(
    bucket: Bucket, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (written(bucket, a_request(number)) for number in range(2))
    bucket.put(f"claims/{first}.json", b"no claim")

    with pytest.raises(ExceptionGroup) as caught:
        function.handler(event(f"requests/{first}.json", f"requests/{second}.json"), Invocation())
    assert len(caught.value.exceptions) == 1
    assert bucket.exists(f"responses/{second}.json")


def test_the_holder_is_the_invocation(bucket: Bucket, outside: Outside) -> None:
    name = written(bucket, a_request())

    function.handler(event(f"requests/{name}.json"), Invocation())

    assert b'"holder":"lambda:1-2-3"' in bucket.objects[f"claims/{name}.json"]


def test_the_loop_answers_what_has_no_response(bucket: Bucket, outside: Outside) -> None:
    names = [written(bucket, a_request(number)) for number in range(20)]
    loop = Loop(replace(outside, holder="loop:1"))

    loop.once()
    bucket.writes.clear()
    loop.once()

    assert all(bucket.exists(f"responses/{name}.json") for name in names)
    assert bucket.writes == []


def test_the_loop_comes_back_to_what_another_holds(bucket: Bucket, outside: Outside) -> None:
    name = written(bucket, a_request(repeatable=True))
    taken(bucket, name, "loop:0", datetime.now(UTC) + timedelta(hours=1))
    loop = Loop(replace(outside, holder="loop:1"))

    loop.once()
    assert not bucket.exists(f"responses/{name}.json")
    taken(bucket, name, "loop:0", datetime.now(UTC) - timedelta(hours=1))
    loop.once()
    assert bucket.exists(f"responses/{name}.json")


def test_the_loop_survives_what_fails(bucket: Bucket, outside: Outside) -> None:
    name = written(bucket, a_request(repeatable=True))
    caller = Caller(raising(RuntimeError("once")))
    loop = Loop(replace(outside, caller=caller, holder="loop:1"))

    loop.once()
    assert not bucket.exists(f"responses/{name}.json")
    caller.say = Caller().say
    loop.once()
    assert bucket.exists(f"responses/{name}.json")


def test_the_loop_survives_a_bucket_that_is_away(
    outside: Outside, capsys: pytest.CaptureFixture[str]
) -> None:
    class Away(Bucket):
        def names(self, layout: Layout, folder: str) -> Any:  # noqa: ARG002
            raise OSError("S3 is away")

    Loop(replace(outside, objects=Away())).once()

    assert "S3 is away" in capsys.readouterr().err
