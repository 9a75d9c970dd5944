"""The task's side of the outbox: what to write, what was answered, and what follows from it; without Airflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from airlock_operators.outbox_verdict import Verdict, advice
from airlock_spec.document import FormatError
from airlock_spec.outbox.body import sha256_of
from airlock_spec.outbox.claim import GRACE, Claim, State
from airlock_spec.outbox.layout import MOST, Layout, Origin, identifier
from airlock_spec.outbox.request import Request
from airlock_spec.outbox.response import Outcome, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock_operators.objects import Objects
    from airlock_operators.outbox_verdict import Judge
    from airlock_spec.outbox.body import Body
    from airlock_spec.outbox.request import Secret


class ExchangeError(Exception):
    """There is no accepted answer. `again` says whether the same task, tried again, may well get one."""

    def __init__(self, message: str, *, again: bool) -> None:
        super().__init__(message)
        self.again = again


class Closed(Enum):
    """What is known of a request that has no response when its time is up."""

    NEVER_CALLED = "it was not called, and will not be"
    UNKNOWN = "it may have been called"
    TOLD = "it may have been called, and someone was told so"


@dataclass(frozen=True)
class Asked:
    """A request in the bucket; `fresh` says that this try wrote it."""

    request: Request
    fresh: bool


@dataclass(frozen=True)
class Draft:
    """A request before it has a number. `deadline` and `timeout` are seconds, `max_response` is bytes."""

    origin: Origin
    key: str
    method: str
    url: str
    headers: Mapping[str, str | Secret]
    body: Body | None
    repeatable: bool
    deadline: float
    timeout: float
    max_response: int

    def numbered(self, number: int) -> Request:
        """Return the request with this number. Raises FormatError with everything that is wrong with it."""
        now, base = datetime.now(UTC), self.origin.base(self.key)
        return Request(
            id=identifier(base, number),
            origin=self.origin,
            created=now,
            deadline=now + timedelta(seconds=self.deadline),
            method=self.method,
            url=self.url,
            headers=self.headers,
            body=self.body,
            idempotency_key=base,
            repeatable=self.repeatable,
            timeout=self.timeout,
            max_response=self.max_response,
        )


@dataclass(frozen=True)
class Exchange:
    """Requests and responses in one bucket."""

    objects: Objects
    layout: Layout
    judge: Judge

    def ask(self, draft: Draft) -> Asked:
        """Write a request, or find the one that this task instance wrote before and that is not over.

        What was cancelled, or ended in nothing that is accepted, is over: the next number is asked. Raises
        ExchangeError where the earlier request asks for something else, or where its call may have been made
        and must not be made twice: the latter once, for whoever tries again then has been told.
        """
        for number in range(MOST):
            request = draft.numbered(number)
            if self.objects.create(self.layout.request(request.id), request.to_json()):
                return Asked(request, fresh=True)
            earlier = self.request(request.id)
            if not self._stands(earlier):
                continue
            if earlier.fingerprint != request.fingerprint:
                raise ExchangeError(
                    f"request {earlier.id} of an earlier try asks for {difference(earlier, request)}: render the same"
                    " in every try (no now(), no uuid), or give the operator another key to ask anew",
                    again=False,
                )
            return Asked(earlier, fresh=False)
        raise ExchangeError(
            f"{MOST} requests were made for this task: give the operator another key", again=False
        )

    def request(self, name: str) -> Request:
        """Read a request that was written before."""
        stored = self.objects.read(self.layout.request(name))
        if stored is None:
            raise ExchangeError(
                f"request {name} is gone from the bucket: a lifecycle rule is too short", again=True
            )
        try:
            return Request.from_json(stored.data)
        except FormatError as error:
            raise ExchangeError(
                f"request {name} cannot be read ({error}): give the operator another key", again=False
            ) from error

    def answered(self, request: Request) -> bool:
        return self.objects.about(self.layout.response(request.id)) is not None

    def conclude(self, request: Request) -> Response:
        """Return the accepted response, once there is one or the time is up. Raises ExchangeError for any other."""
        response = self.response(request)
        if response is None:
            closed = self._close(request)
            response = self.response(request)  # one that was written meanwhile
        if response is None and closed is Closed.NEVER_CALLED:
            raise ExchangeError(
                f"no answer until the deadline ({request.deadline:%H:%M:%S} UTC), and no call was made: is the"
                " function outside deployed, and does the bucket tell it of new objects below requests/?",
                again=True,
            )
        if response is None:
            raise ExchangeError(unknown(request), again=request.repeatable)
        verdict, reason = self.judge(request, response)
        if verdict is Verdict.ACCEPTED:
            return response
        if response.outcome is Outcome.UNKNOWN and not request.repeatable:
            self._abandon(request)
        raise ExchangeError(reason, again=verdict is Verdict.AGAIN)

    def response(self, request: Request) -> Response | None:
        """Read the response of this very request, or return None where there is none."""
        stored = self.objects.read(self.layout.response(request.id))
        if stored is None:
            return None
        try:
            response = Response.from_json(stored.data)
        except FormatError as error:
            raise ExchangeError(f"response {request.id} cannot be read: {error}", again=False) from error
        if (response.id, response.request_sha256) != (request.id, sha256_of(request.to_json())):
            raise ExchangeError(f"response {request.id} is not one to this request", again=False)
        body = response.body
        if body is not None and body.data is None and body.key != self.layout.body(request.id, body.sha256):
            raise ExchangeError(f"response {request.id} has its body at {body.key!r}", again=False)
        return response

    def body(self, response: Response) -> bytes:
        """Read a response's body from wherever it is. Raises ExchangeError where it is another."""
        if response.body is None:
            return b""
        if response.body.data is not None:
            return response.body.data
        stored = self.objects.read(response.body.key)
        if stored is None:
            raise ExchangeError(f"the body of response {response.id} is gone from the bucket", again=True)
        try:
            return response.body.verified(stored.data)
        except FormatError as error:
            raise ExchangeError(f"response {response.id}: {error}", again=False) from error

    def cancel(self, name: str) -> bool:
        """Keep a request from ever being called; return False where the call has begun, or is over."""
        claim = Claim(name, State.CANCELLED, "task", datetime.now(UTC))
        if self.objects.create(self.layout.claim(name), claim.to_json()):
            return True
        _, found = self._claim(name)
        return found is not None and found.state is State.CANCELLED

    def _stands(self, earlier: Request) -> bool:
        """Tell whether an earlier request may still be, or was, answered in a way that is accepted."""
        response = self.response(earlier)
        if response is None:
            _, claim = self._claim(earlier.id)
            if claim is not None and claim.state is not State.TAKEN:
                return False
            if datetime.now(UTC) <= earlier.deadline + timedelta(seconds=GRACE):
                return True
            if self._close(earlier) is Closed.UNKNOWN and not earlier.repeatable:
                raise ExchangeError(unknown(earlier), again=False)
            return False
        verdict, reason = self.judge(earlier, response)
        if response.outcome is Outcome.UNKNOWN and not earlier.repeatable and self._abandon(earlier):
            raise ExchangeError(f"of an earlier try: {reason}", again=False)
        return verdict is Verdict.ACCEPTED

    def _close(self, request: Request) -> Closed:
        """End a request whose time is up."""
        if self.cancel(request.id):
            return Closed.NEVER_CALLED
        return Closed.UNKNOWN if self._abandon(request) else Closed.TOLD

    def _claim(self, name: str) -> tuple[str, Claim | None]:
        stored = self.objects.read(self.layout.claim(name))
        if stored is None:
            return "", None
        try:
            return stored.etag, Claim.from_json(stored.data)
        except FormatError as error:
            raise ExchangeError(f"claim {name} cannot be read: {error}", again=False) from error

    def _abandon(self, request: Request) -> bool:
        """Note that someone was told that the call may have been made; return False where that was noted before."""
        etag, claim = self._claim(request.id)
        if claim is None or claim.state is not State.TAKEN:
            return False
        self.objects.replace(self.layout.claim(request.id), claim.abandoned().to_json(), etag)
        return True


def unknown(request: Request) -> str:
    """Say that a request was taken and not answered."""
    return (
        f"whether the API acted on request {request.id} is not known: the function outside took it and gave no"
        f" response; {advice(request)}"
    )


def difference(earlier: Request, request: Request) -> str:
    """Say in which part two requests differ, without showing it."""
    parts = [
        name
        for name in ("method", "url", "headers", "body")
        if getattr(earlier, name) != getattr(request, name)
    ]
    return f"another {' and '.join(parts)}"
