"""What is done with one request, from top to bottom: read, judge, claim, call, respond."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock_outbox.calling import Call, UnansweredError, UnreachableError
from airlock_outbox.objects import SecretError
from airlock_spec.document import FormatError
from airlock_spec.outbox import request as request_format
from airlock_spec.outbox.body import Body, sha256_of
from airlock_spec.outbox.claim import GRACE, Claim, State
from airlock_spec.outbox.request import Request, Secret
from airlock_spec.outbox.response import INLINE, MAX_DOCUMENT, Outcome, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock_outbox.calling import Answer, Caller
    from airlock_outbox.objects import Objects, Secrets
    from airlock_outbox.policy import Policy
    from airlock_spec.outbox.layout import Layout

SHORTEST = 6  # characters of a secret that is looked for in an answer; a shorter one is found in anything


class Said(StrEnum):
    """Why nothing was done with a request, where nothing was."""

    NO_REQUEST = "no such request"
    ANSWERED = "it has a response"
    CANCELLED = "it is cancelled"
    ELSEWHERE = "another is at it"  # or was, and is dead: come back later


@dataclass(frozen=True)
class Prepared:
    """What is known of a request before anything is done: the headers to send, or why it is refused."""

    name: str
    sha256: str
    request: Request | None
    headers: Mapping[str, str]
    secrets: tuple[str, ...] = ()
    refusal: str = ""

    def response(self, outcome: Outcome, reason: str = "") -> Response:
        """Return a response without an answer; where an error's text holds a secret, it is not passed on."""
        said = "(its words hold a secret that was sent)" if self.is_told_by(reason) else reason
        return Response(self.name, self.sha256, outcome, said)

    def is_told_by(self, *texts: str, body: bytes = b"") -> bool:
        """Tell whether one of the secrets is in what came back."""
        longer = (value for value in self.secrets if len(value) >= SHORTEST)
        return any(value.encode() in body or any(value in text for text in texts) for value in longer)


@dataclass(frozen=True)
class Outside:
    """Answers requests of one bucket. `holder` is one attempt to: who comes again with it was interrupted."""

    objects: Objects
    layout: Layout
    policy: Policy
    secrets: Secrets
    caller: Caller
    holder: str
    seconds: float = request_format.MAX_TIMEOUT  # that are left for a call

    def answer(self, name: str) -> Response | Said:
        """Bring one request to its end. What raises may be tried again with the same holder."""
        if self.objects.exists(self.layout.response(name)):
            return Said.ANSWERED
        if self.seconds <= 0:
            raise TimeoutError("no time is left for a call: give the function a longer timeout")
        stored = self.objects.read(self.layout.request(name), request_format.MAX_DOCUMENT)
        if stored is None:
            return Said.NO_REQUEST
        prepared = self._prepare(name, stored.data)
        claimed = self._claim(prepared)
        if isinstance(claimed, Said):
            return claimed
        started = datetime.now(UTC)
        response = self._outcome(prepared, first=claimed)
        return self._respond(replace(response, started=started, finished=datetime.now(UTC)))

    def _prepare(self, name: str, data: bytes | None) -> Prepared:
        """Read and judge a request, and get its secrets, before it is claimed: a claim may end in a call."""
        if data is None:
            most = f"the request is larger than {request_format.MAX_DOCUMENT} bytes"
            return Prepared(name, sha256_of(b""), None, {}, refusal=most)
        digest = sha256_of(data)
        try:
            request = Request.from_json(data)
        except FormatError as error:
            return Prepared(name, digest, None, {}, refusal=str(error))
        reason = self.policy.refusal(request)
        if request.id != name:
            reason = f"the request at {self.layout.request(name)} says that it is {request.id}"
        if reason is not None:
            return Prepared(name, digest, request, {}, refusal=reason)
        headers, values = {"Idempotency-Key": request.idempotency_key}, []
        for header, given in request.headers.items():
            if isinstance(given, Secret):
                try:
                    values.append(self.secrets.get(given))
                except SecretError as error:
                    return Prepared(name, digest, request, {}, refusal=str(error))
                headers[header] = given.prefix + values[-1]
            else:
                headers[header] = given
        return Prepared(name, digest, request, headers, tuple(values))

    def _claim(self, prepared: Prepared) -> bool | Said:
        """Take the request; return whether this is the first attempt at it, or why it is not ours to make."""
        key, now = self.layout.claim(prepared.name), datetime.now(UTC)
        seconds = self._timeout(prepared.request) if prepared.request else 0
        until = now + timedelta(seconds=seconds + GRACE)
        claim = Claim(prepared.name, State.TAKEN, self.holder, until)
        if self.objects.create(key, claim.to_json()):
            return True
        stored = self.objects.read(key, MAX_DOCUMENT)
        if stored is None or stored.data is None:
            return Said.ELSEWHERE
        found = Claim.from_json(stored.data)
        if found.attempt == claim.attempt:
            return True  # we wrote it, and boto3 had to say it twice
        if found.state is not State.TAKEN:
            return Said.CANCELLED
        if found.holder != self.holder and now < found.until:
            return Said.ELSEWHERE
        return False if self.objects.replace(key, claim.to_json(), stored.etag) else Said.ELSEWHERE

    def _outcome(self, prepared: Prepared, *, first: bool) -> Response:
        request = prepared.request
        if request is None or prepared.refusal:
            return prepared.response(Outcome.REFUSED, prepared.refusal)
        if not first and not request.repeatable:
            reason = "an earlier attempt ended between the claim and the response; the call is not repeatable"
            return prepared.response(Outcome.UNKNOWN, reason)
        seconds = self._timeout(request)
        if seconds <= 0:
            # Of an earlier attempt that was interrupted, nobody knows whether it called.
            outcome = Outcome.EXPIRED if first else Outcome.UNKNOWN
            return prepared.response(outcome, f"the deadline was {request.deadline:%Y-%m-%dT%H:%M:%SZ}")
        call = Call(
            method=request.method,
            url=request.url,
            headers=prepared.headers,
            body=request.body,
            timeout=seconds,
            max_response=request.max_response,
            may_follow=lambda url: self.policy.url_refusal(request.method, url) is None,
        )
        try:
            return self._answered(prepared, request, self.caller.call(call))
        except UnreachableError as error:
            return prepared.response(Outcome.UNREACHABLE if first else Outcome.UNKNOWN, str(error))
        except UnansweredError as error:
            return prepared.response(Outcome.UNKNOWN, str(error))

    def _answered(self, prepared: Prepared, request: Request, answer: Answer) -> Response:
        plain = replace(
            Response(prepared.name, prepared.sha256, Outcome.ANSWERED, status=answer.status), url=answer.url
        )
        if prepared.is_told_by(
            answer.url, *answer.headers, *answer.headers.values(), body=answer.body or b""
        ):
            reason = "the answer holds a secret that was sent; nothing of it is passed on"
            return replace(plain, outcome=Outcome.WITHHELD, reason=reason, url="")
        if answer.body is None:
            reason = f"the answer's body is larger than {request.max_response} bytes"
            return replace(plain, outcome=Outcome.TOO_LARGE, reason=reason, headers=answer.headers)
        body = Body.of(answer.body)
        if body.size > INLINE:
            body = body.at(self.layout.body(prepared.name, body.sha256))
            self.objects.create(body.key, answer.body)
        return replace(plain, headers=answer.headers, body=body)

    def _respond(self, response: Response) -> Response | Said:
        created = self.objects.create(self.layout.response(response.id), response.to_json())
        return response if created else Said.ANSWERED

    def _timeout(self, request: Request) -> float:
        left = request.deadline.timestamp() - time.time()
        return min(request.timeout, left, self.seconds)
