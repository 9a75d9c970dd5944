from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airlock_outbox.answering import Outside, Said
from airlock_outbox.calling import Answer, Call, UnansweredError, UnreachableError
from airlock_outbox.objects import SecretError, value_of
from airlock_outbox.policy import Policy
from airlock_spec.outbox.claim import State
from airlock_spec.outbox.request import MAX_DOCUMENT, Request, Secret
from airlock_spec.outbox.response import INLINE, Outcome, Response
from outside_fakes import LAYOUT, POLICY, Bucket, Caller, Secrets, raising, taken, written
from requests_made import a_request

HOUR = timedelta(hours=1)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def outside(bucket: Bucket, caller: Caller) -> Outside:
    return Outside(bucket, LAYOUT, Policy.from_json(POLICY), Secrets(), caller, "lambda:1")


def response(bucket: Bucket, name: str) -> Response:
    return Response.from_json(bucket.objects[LAYOUT.response(name)])


def test_a_request_is_claimed_called_and_answered(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    request = a_request()
    name = written(bucket, request)

    answered = outside.answer(name)

    assert isinstance(answered, Response)
    assert answered.to_json() == response(bucket, name).to_json()
    assert (answered.outcome, answered.status) == (Outcome.ANSWERED, 200)
    assert answered.body is not None
    assert answered.body.data == b"yes"
    (call,) = caller.calls
    assert (call.method, call.url, call.body) == (request.method, request.url, request.body)
    assert call.headers["Authorization"] == "Bearer s3cr3t-value"
    assert call.headers["Idempotency-Key"] == request.idempotency_key
    assert bucket.writes == [LAYOUT.claim(name), LAYOUT.response(name)]


def test_no_secret_is_written(bucket: Bucket, outside: Outside) -> None:
    outside.answer(written(bucket, a_request()))

    assert not any(b"s3cr3t" in data for data in bucket.objects.values())


def test_an_event_that_comes_twice_is_called_once(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    name = written(bucket, a_request())

    outside.answer(name)
    again = replace(outside, holder="lambda:2").answer(name)

    assert again is Said.ANSWERED
    assert len(caller.calls) == 1


def test_two_at_the_same_time_call_once(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    name = written(bucket, a_request())
    said: list[object] = []

    def meanwhile(call: Call) -> Answer:
        said.append(replace(outside, holder="lambda:2").answer(name))
        return Answer(200, call.url, {}, b"first")

    caller.say = meanwhile
    outside.answer(name)

    assert said == [Said.ELSEWHERE]
    assert len(caller.calls) == 1


def test_what_loses_the_race_to_respond_changes_nothing(
    bucket: Bucket, caller: Caller, outside: Outside
) -> None:
    name = written(bucket, a_request(method="GET", body=None, repeatable=True))

    def overtaken(call: Call) -> Answer:
        if len(caller.calls) == 1:  # while it hung, its time ran out, and another came
            taken(bucket, name, "lambda:1", datetime.now(UTC) - HOUR)
            replace(outside, holder="lambda:2").answer(name)
        return Answer(200, call.url, {}, b"call %d" % len(caller.calls))

    caller.say = overtaken

    assert outside.answer(name) is Said.ANSWERED
    body = response(bucket, name).body
    assert body is not None
    assert body.data == b"call 2"


def test_what_is_cancelled_is_never_called(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    name = written(bucket, a_request())
    taken(bucket, name, "task", datetime.now(UTC) - HOUR, State.CANCELLED)

    assert outside.answer(name) is Said.CANCELLED
    assert (caller.calls, bucket.exists(LAYOUT.response(name))) == ([], False)


def test_what_was_given_up_is_not_taken_up(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    name = written(bucket, a_request(repeatable=True))
    taken(bucket, name, "lambda:1", datetime.now(UTC) - HOUR, State.ABANDONED)

    assert outside.answer(name) is Said.CANCELLED
    assert caller.calls == []


@pytest.mark.parametrize("holder", ["lambda:1", "lambda:9"])
@pytest.mark.parametrize("repeatable", [True, False])
def test_what_was_killed_between_call_and_answer_is_called_again_only_where_it_may_be(
    bucket: Bucket, caller: Caller, outside: Outside, holder: str, *, repeatable: bool
) -> None:
    name = written(bucket, a_request(repeatable=repeatable))
    # A retried invocation has its old id, and knows that it was killed; another waits for the time to run out.
    taken(bucket, name, holder, datetime.now(UTC) + (HOUR if holder == "lambda:1" else -HOUR))

    outside.answer(name)

    assert response(bucket, name).outcome is (Outcome.ANSWERED if repeatable else Outcome.UNKNOWN)
    assert len(caller.calls) == repeatable


def test_nobody_calls_after_the_deadline(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    then = datetime.now(UTC) - HOUR
    name = written(bucket, a_request(created=then, deadline=then + timedelta(seconds=1)))

    outside.answer(name)

    assert (response(bucket, name).outcome, caller.calls) == (Outcome.EXPIRED, [])


def test_after_the_deadline_of_a_call_that_was_interrupted_nothing_is_known(
    bucket: Bucket, caller: Caller, outside: Outside
) -> None:
    then = datetime.now(UTC) - HOUR
    name = written(bucket, a_request(created=then, deadline=then + timedelta(seconds=1), repeatable=True))
    taken(bucket, name, "lambda:1", then)

    outside.answer(name)

    assert (response(bucket, name).outcome, caller.calls) == (Outcome.UNKNOWN, [])


@pytest.mark.parametrize(("left", "seconds", "timeout"), [(60, 99, 5), (2, 99, 2), (60, 3, 3)])
def test_a_call_ends_before_the_deadline_and_before_the_function(
    bucket: Bucket, caller: Caller, outside: Outside, left: float, seconds: float, timeout: float
) -> None:
    name = written(bucket, a_request(deadline=datetime.now(UTC) + timedelta(seconds=left)))

    replace(outside, seconds=seconds).answer(name)

    assert caller.calls[0].timeout == pytest.approx(timeout, abs=0.5)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnreachableError("api.example.com: refused"), Outcome.UNREACHABLE),
        (UnansweredError("no whole answer within 5 s"), Outcome.UNKNOWN),
    ],
)
def test_no_answer_is_said_to_be_none(
    bucket: Bucket, caller: Caller, outside: Outside, error: Exception, outcome: Outcome
) -> None:
    name = written(bucket, a_request())
    caller.say = raising(error)

    outside.answer(name)

    assert (response(bucket, name).outcome, response(bucket, name).reason) == (outcome, str(error))


def refused(outside: Outside, bucket: Bucket, request: Request) -> str:
    outside.answer(written(bucket, request))
    found = response(bucket, request.id)
    assert found.outcome is Outcome.REFUSED
    return found.reason


def test_what_the_policy_does_not_allow_is_refused(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    assert refused(outside, bucket, a_request(method="DELETE")).startswith("method DELETE is not allowed")
    assert caller.calls == []


def test_a_secret_that_cannot_be_read_is_refused(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    policy = Policy.from_json(POLICY.replace("airflow-outside/api-token", "gone"))
    request = a_request(headers={"Authorization": Secret("gone")})

    reason = refused(replace(outside, policy=policy), bucket, request)

    assert reason == "secret gone cannot be read: ResourceNotFoundException"
    assert caller.calls == []


def test_a_request_that_is_none_is_refused(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    one, two = a_request(0), a_request(1)
    key = LAYOUT.request(one.id)
    for data, reason in (
        (b"{", "a request must be JSON"),
        (
            one.to_json().replace(b"outbox/1", b"outbox/9"),
            "must be of format airlock-outbox/1, not 'airlock-outbox/9'",
        ),
        (two.to_json(), f"says that it is {two.id}"),
        (bytes(MAX_DOCUMENT + 1), f"larger than {MAX_DOCUMENT} bytes"),
    ):
        bucket.objects.clear()
        bucket.put(key, data)
        outside.answer(one.id)
        assert reason in response(bucket, one.id).reason
    assert caller.calls == []


def test_a_request_that_is_gone_is_none(outside: Outside) -> None:
    assert outside.answer(a_request().id) is Said.NO_REQUEST


def test_a_large_body_gets_an_object_of_its_own(bucket: Bucket, caller: Caller, outside: Outside) -> None:
    name, large = written(bucket, a_request()), bytes(INLINE + 1)
    caller.say = lambda call: Answer(200, call.url, {}, large)

    outside.answer(name)

    body = response(bucket, name).body
    assert body is not None
    assert (body.key, body.size) == (LAYOUT.body(name, body.sha256), len(large))
    assert bucket.objects[body.key] == large
    assert len(bucket.objects[LAYOUT.response(name)]) < 1000


def test_a_body_larger_than_asked_for_is_not_passed_on(
    bucket: Bucket, caller: Caller, outside: Outside
) -> None:
    name = written(bucket, a_request())
    caller.say = lambda call: Answer(200, call.url, {}, None)

    outside.answer(name)

    found = response(bucket, name)
    assert (found.outcome, found.status, found.body) == (Outcome.TOO_LARGE, 200, None)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "https://api.example.com/v1/", {}, b"you sent s3cr3t-value"),
        Answer(200, "https://api.example.com/v1/", {"x-echo": "Bearer s3cr3t-value"}, b""),
        Answer(200, "https://api.example.com/v1/?t=s3cr3t-value", {}, b""),
        Answer(200, "https://api.example.com/v1/", {"s3cr3t-value": "sent"}, b""),
        Answer(200, "https://api.example.com/v1/", {"x-echo": "Bearer s3cr3t-value"}, None),  # too large, too
    ],
)
def test_an_answer_that_holds_a_secret_is_withheld(
    bucket: Bucket, caller: Caller, outside: Outside, answer: Answer
) -> None:
    name = written(bucket, a_request())
    caller.say = lambda _: answer

    outside.answer(name)

    assert response(bucket, name).outcome is Outcome.WITHHELD
    assert not any(b"s3cr3t" in data for data in bucket.objects.values())


@pytest.mark.parametrize("kind", [UnreachableError, UnansweredError])
def test_what_an_error_says_of_a_secret_is_not_passed_on(
    bucket: Bucket, caller: Caller, outside: Outside, kind: type[Exception]
) -> None:
    name = written(bucket, a_request())
    caller.say = raising(kind("BadStatusLine: Authorization: Bearer s3cr3t-value"))

    outside.answer(name)

    assert response(bucket, name).reason == "(its words hold a secret that was sent)"


def test_who_gets_no_answer_to_its_own_claim_knows_it_again(caller: Caller, outside: Outside) -> None:
    class Deaf(Bucket):
        def create(self, key: str, data: bytes) -> bool:
            """Write, as S3 does where its answer is lost and boto3 asks again: then there is one."""
            super().create(key, data)
            return "claims/" not in key

    bucket = Deaf()
    name = written(bucket, a_request(repeatable=False))

    replace(outside, objects=bucket).answer(name)

    assert len(caller.calls) == 1
    assert response(bucket, name).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("seconds", [0, -1.5])
def test_a_function_without_time_takes_nothing_and_comes_again(
    bucket: Bucket, outside: Outside, seconds: float
) -> None:
    name = written(bucket, a_request())

    with pytest.raises(TimeoutError, match="longer timeout"):
        replace(outside, seconds=seconds).answer(name)
    assert bucket.writes == []


def test_what_fails_unforeseen_is_raised_and_nothing_is_said(
    bucket: Bucket, caller: Caller, outside: Outside
) -> None:
    name = written(bucket, a_request())
    caller.say = raising(RuntimeError("a bug"))

    with pytest.raises(RuntimeError):
        outside.answer(name)
    assert not bucket.exists(LAYOUT.response(name))


@pytest.mark.parametrize(
    ("secret", "text", "value"),
    [
        (Secret("a"), "abc", "abc"),
        (Secret("a", "b"), '{"b": "c", "d": 1}', "c"),
        (Secret("a", "e"), '{"b": "c"}', None),
        (Secret("a", "d"), '{"d": 1}', None),
        (Secret("a", "b"), "no JSON", None),
        (Secret("a", "b"), "[]", None),
        (Secret("a"), None, None),  # binary
        (Secret("a"), "two\r\nlines", None),
    ],
)
def test_a_header_gets_one_printable_line_of_a_secret(
    secret: Secret, text: str | None, value: str | None
) -> None:
    if value is None:
        with pytest.raises(SecretError, match="secret a is no printable text on one line"):
            value_of(secret, text)
    else:
        assert value_of(secret, text) == value
