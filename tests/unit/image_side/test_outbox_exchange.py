from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from airlock_operators.objects import About, Stored
from airlock_operators.outbox_exchange import Draft, Exchange, ExchangeError
from airlock_operators.outbox_verdict import judged_by, statuses
from airlock_spec.outbox.body import Body, sha256_of
from airlock_spec.outbox.claim import Claim, State
from airlock_spec.outbox.layout import Layout
from airlock_spec.outbox.response import Outcome, Response
from memory_bucket import MemoryBucket, etag_of
from requests_made import ORIGIN

if TYPE_CHECKING:
    from airlock_spec.outbox.request import Request

LAYOUT = Layout("airflow/")
OK = statuses(("2xx",))


@dataclass
class Bucket(MemoryBucket):
    """The task's view of a bucket in memory."""

    reads: list[str] = field(default_factory=list)

    def read(self, key: str) -> Stored | None:
        self.reads.append(key)
        data = self.objects.get(key)
        return None if data is None else Stored(data, etag_of(data))

    def about(self, key: str) -> About | None:
        found = self.read(key)
        return None if found is None else About(len(found.data), found.etag)


def a_draft(**changes: Any) -> Draft:
    draft = Draft(
        origin=ORIGIN,
        key="",
        method="POST",
        url="https://api.example.com/v1/orders",
        headers={},
        body=Body.of(b"{}"),
        repeatable=False,
        deadline=60,
        timeout=5,
        max_response=1000,
    )
    return replace(draft, **changes)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def exchange(bucket: Bucket) -> Exchange:
    return Exchange(bucket, LAYOUT, judged_by(OK))


def respond(bucket: Bucket, request: Request, outcome: Outcome, status: int | None = None) -> Response:
    response = Response(
        *(request.id, sha256_of(request.to_json()), outcome, "for a test", status),
        body=Body.of(b"said") if status else None,
    )
    bucket.put(LAYOUT.response(request.id), response.to_json())
    return response


def claim(bucket: Bucket, request: Request, state: State = State.TAKEN) -> None:
    one = Claim(request.id, state, "lambda:1", datetime.now(UTC) + timedelta(seconds=9))
    bucket.put(LAYOUT.claim(request.id), one.to_json())


def state(bucket: Bucket, request: Request) -> State:
    return Claim.from_json(bucket.objects[LAYOUT.claim(request.id)]).state


def overdue(bucket: Bucket, exchange: Exchange, **changes: Any) -> Request:
    """Write a request of an hour ago, as an earlier try has left it."""
    request = exchange.ask(a_draft(**changes)).request
    then = datetime.now(UTC) - timedelta(hours=1)
    request = replace(request, created=then, deadline=then + timedelta(seconds=60))
    bucket.put(LAYOUT.request(request.id), request.to_json())
    return request


def test_asking_is_one_write(bucket: Bucket, exchange: Exchange) -> None:
    asked = exchange.ask(a_draft())

    assert asked.fresh
    assert (bucket.writes, bucket.reads) == ([f"airflow/requests/{ORIGIN.base()}-0.json"], [])


def test_a_retried_task_finds_the_request_that_it_made(bucket: Bucket, exchange: Exchange) -> None:
    first = exchange.ask(a_draft()).request

    again = exchange.ask(a_draft(deadline=999))

    assert (again.request.id, again.request.deadline, again.fresh) == (
        first.id,
        stamped(first.deadline),
        False,
    )
    assert len(bucket.writes) == 1


def stamped(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_a_retried_task_finds_the_answer(bucket: Bucket, exchange: Exchange) -> None:
    first = exchange.ask(a_draft()).request
    response = respond(bucket, first, Outcome.ANSWERED, 201)

    asked = exchange.ask(a_draft()).request

    assert asked.id == first.id
    assert exchange.conclude(asked).status == response.status
    assert exchange.body(response) == b"said"


@pytest.mark.parametrize("change", [{"body": Body.of(b"other")}, {"url": "https://a.example/"}])
def test_an_earlier_request_for_something_else_is_not_taken_for_this_one(
    exchange: Exchange, change: dict[str, Any]
) -> None:
    exchange.ask(a_draft())

    with pytest.raises(ExchangeError, match=r"asks for another (body|url): render the same") as caught:
        exchange.ask(a_draft(**change))
    assert not caught.value.again
    assert exchange.ask(a_draft(**change, key="anew")).fresh


@pytest.mark.parametrize(
    ("outcome", "status", "repeatable", "again"),
    [
        (Outcome.ANSWERED, 404, False, False),
        (Outcome.ANSWERED, 500, False, False),  # it may have done a part
        (Outcome.ANSWERED, 500, True, True),
        (Outcome.ANSWERED, 429, False, True),
        (Outcome.ANSWERED, 503, False, True),
        (Outcome.ANSWERED, 302, True, False),
        (Outcome.TOO_LARGE, 200, True, False),
        (Outcome.WITHHELD, 200, True, False),
        (Outcome.REFUSED, None, True, False),
        (Outcome.EXPIRED, None, False, True),
        (Outcome.UNREACHABLE, None, False, True),
        (Outcome.UNKNOWN, None, False, False),
        (Outcome.UNKNOWN, None, True, True),
    ],
)
def test_what_is_no_result_is_called_again_where_that_may_help_and_does_no_harm(
    bucket: Bucket,
    exchange: Exchange,
    outcome: Outcome,
    status: int | None,
    *,
    repeatable: bool,
    again: bool,
) -> None:
    request = exchange.ask(a_draft(repeatable=repeatable)).request
    if outcome is Outcome.UNKNOWN:
        claim(bucket, request)
    respond(bucket, request, outcome, status)

    with pytest.raises(ExchangeError) as caught:
        exchange.conclude(request)

    assert caught.value.again is again
    # Whoever tries again, a person or Airflow, gets another call with the same key for the API.
    anew = exchange.ask(a_draft(repeatable=repeatable))
    assert anew.fresh
    assert (anew.request.id, anew.request.idempotency_key) == (f"{ORIGIN.base()}-1", ORIGIN.base())


def test_other_statuses_may_be_results(bucket: Bucket) -> None:
    exchange = Exchange(bucket, LAYOUT, judged_by(statuses(("2xx", 404))))
    request = exchange.ask(a_draft()).request
    respond(bucket, request, Outcome.ANSWERED, 404)

    assert exchange.conclude(request).status == 404


def test_a_request_that_nobody_took_is_cancelled_when_its_time_is_up(
    bucket: Bucket, exchange: Exchange
) -> None:
    request = exchange.ask(a_draft()).request

    with pytest.raises(ExchangeError, match="no call was made: is the function outside deployed") as caught:
        exchange.conclude(request)

    assert caught.value.again
    assert state(bucket, request) is State.CANCELLED
    assert exchange.ask(a_draft()).request.id.endswith("-1")


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_request_that_was_taken_and_not_answered_is_not_known_to_be_called(
    bucket: Bucket,
    exchange: Exchange,
    repeatable: bool,  # noqa: FBT001
) -> None:
    request = exchange.ask(a_draft(repeatable=repeatable)).request
    claim(bucket, request)

    with pytest.raises(ExchangeError, match=r"whether the API acted on request .* is not known") as caught:
        exchange.conclude(request)

    assert caught.value.again is repeatable
    assert state(bucket, request) is State.ABANDONED
    assert exchange.ask(a_draft(repeatable=repeatable)).fresh


def test_a_late_answer_is_found_after_all(bucket: Bucket, exchange: Exchange) -> None:
    request = exchange.ask(a_draft()).request
    claim(bucket, request)
    with pytest.raises(ExchangeError):
        exchange.conclude(request)
    respond(bucket, request, Outcome.ANSWERED, 200)

    asked = exchange.ask(a_draft())
    # What is abandoned is over only as long as there is no answer.
    assert (asked.request.id, asked.fresh) == (request.id, False)


def test_a_try_that_never_heard_of_its_unknown_call_makes_the_next_one_say_so(
    bucket: Bucket, exchange: Exchange
) -> None:
    request = exchange.ask(a_draft()).request
    claim(bucket, request)
    respond(bucket, request, Outcome.UNKNOWN)

    with pytest.raises(
        ExchangeError, match="of an earlier try: whether the API acted is not known"
    ) as caught:
        exchange.ask(a_draft())
    assert not caught.value.again
    assert exchange.ask(a_draft()).fresh  # whoever clears the task was told


def test_an_overdue_request_of_an_earlier_try_is_ended_and_asked_anew(
    bucket: Bucket, exchange: Exchange
) -> None:
    request = overdue(bucket, exchange)

    assert exchange.ask(a_draft()).request.id == f"{ORIGIN.base()}-1"
    assert state(bucket, request) is State.CANCELLED


def test_an_overdue_request_that_was_taken_is_told_of_once(bucket: Bucket, exchange: Exchange) -> None:
    request = overdue(bucket, exchange)
    claim(bucket, request)

    with pytest.raises(ExchangeError, match="not known") as caught:
        exchange.ask(a_draft())
    assert not caught.value.again
    assert exchange.ask(a_draft()).fresh


def test_an_overdue_request_that_does_no_harm_is_asked_anew(bucket: Bucket, exchange: Exchange) -> None:
    claim(bucket, overdue(bucket, exchange, repeatable=True))

    assert exchange.ask(a_draft(repeatable=True)).fresh


def test_cancelling_is_the_end_of_a_request_that_nobody_took(bucket: Bucket, exchange: Exchange) -> None:
    request = exchange.ask(a_draft()).request

    assert exchange.cancel(request.id)
    assert state(bucket, request) is State.CANCELLED
    assert exchange.ask(a_draft()).request.id.endswith("-1")


def test_what_was_taken_is_not_cancelled_and_is_waited_for(bucket: Bucket, exchange: Exchange) -> None:
    request = exchange.ask(a_draft()).request
    claim(bucket, request)

    assert not exchange.cancel(request.id)
    assert exchange.ask(a_draft()).request.id == request.id


def test_a_response_to_another_request_is_none(bucket: Bucket, exchange: Exchange) -> None:
    request = exchange.ask(a_draft()).request
    respond(bucket, replace(request, timeout=1.0), Outcome.ANSWERED, 200)

    with pytest.raises(ExchangeError, match="is not one to this request"):
        exchange.conclude(request)


@pytest.mark.parametrize("kind", ["request", "response", "claim"])
def test_an_object_that_cannot_be_read_is_named(bucket: Bucket, exchange: Exchange, kind: str) -> None:
    request = exchange.ask(a_draft()).request
    bucket.put(getattr(LAYOUT, kind)(request.id), b"{}")

    with pytest.raises(ExchangeError, match=f"{kind} {request.id} cannot be read") as caught:
        exchange.ask(a_draft())
    assert not caught.value.again


def test_a_body_elsewhere_is_read_and_compared(bucket: Bucket, exchange: Exchange) -> None:
    request = exchange.ask(a_draft()).request
    body = Body.of(b"large").at(LAYOUT.body(request.id, "x"))
    response = replace(respond(bucket, request, Outcome.ANSWERED, 200), body=body)

    with pytest.raises(ExchangeError, match="is gone"):
        exchange.body(response)
    bucket.put(body.key, b"Large")
    with pytest.raises(ExchangeError, match="does not have the sha256"):
        exchange.body(response)
    bucket.put(body.key, b"large")
    assert exchange.body(response) == b"large"


@pytest.mark.parametrize(
    ("accept", "some"), [(("2xx",), 299), ((404,), 404), (["404"], 404), ({200}, 200), ("5xx", 503)]
)
def test_statuses_are_numbers_and_classes(accept: object, some: int) -> None:
    assert some in statuses(accept)


@pytest.mark.parametrize("accept", [(), ("20x",), (99,), (600,), ("all",), None])
def test_anything_else_is_no_status(accept: object) -> None:
    with pytest.raises(ValueError, match="accept holds"):
        statuses(accept)


def test_a_response_whose_body_is_anothers_is_refused(bucket: Bucket, exchange: Exchange) -> None:
    request = exchange.ask(a_draft()).request
    right = Body.of(b"said").at(LAYOUT.body(request.id, sha256_of(b"said")))
    answered = respond(bucket, request, Outcome.ANSWERED, 200)
    bucket.put(LAYOUT.response(request.id), replace(answered, body=right).to_json())
    assert exchange.conclude(request).body == right

    for key in (LAYOUT.request(request.id), "other/secret", f"{right.key}/../other"):
        bucket.put(LAYOUT.response(request.id), replace(answered, body=right.at(key)).to_json())
        with pytest.raises(ExchangeError, match="has its body at") as caught:
            exchange.conclude(request)
        assert not caught.value.again


def test_what_is_cancelled_is_cancelled_again_as_well(bucket: Bucket, exchange: Exchange) -> None:
    """As where S3's answer is lost, and boto3 asks again."""
    request = exchange.ask(a_draft()).request

    assert [exchange.cancel(request.id) for _ in range(2)] == [True, True]
    claim(bucket, request)
    assert not exchange.cancel(request.id)
