"""A response: what came of a request, once and for all."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock_spec.document import FormatError, moment, stamp
from airlock_spec.outbox.body import SHA256, Body
from airlock_spec.outbox.document import dump, load
from airlock_spec.outbox.layout import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Mapping

INLINE = 64 << 10  # bytes of a body within the document; a larger one gets an object of its own
MAX_DOCUMENT = 1 << 20  # bytes of a response
STATUSES = range(100, 600)


class Outcome(StrEnum):
    """What came of a request, and so what is known of the call."""

    ANSWERED = "answered"  # with any status: also 4xx and 5xx are answers
    TOO_LARGE = "too-large"  # answered, with more than may be passed on
    WITHHELD = "withheld"  # answered, with a secret of the request in the answer
    REFUSED = "refused"  # never called: the policy outside does not allow it, or it cannot be read
    EXPIRED = "expired"  # never called: the deadline had passed
    UNREACHABLE = "unreachable"  # never called: no connection, no TLS
    UNKNOWN = "unknown"  # sent, perhaps, and no whole answer came


NEVER_CALLED = frozenset({Outcome.REFUSED, Outcome.EXPIRED, Outcome.UNREACHABLE})
WITH_STATUS = frozenset({Outcome.ANSWERED, Outcome.TOO_LARGE, Outcome.WITHHELD})


@dataclass(frozen=True)
class Response:
    """What came of the request that had these bytes (`request_sha256`). Raises FormatError.

    `url` is where the answer came from, after redirects within one host. `reason` is for people; it is empty
    where the request was answered.
    """

    id: str
    request_sha256: str
    outcome: Outcome
    reason: str = ""
    status: int | None = None
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        problems = []
        if not IDENTIFIER.fullmatch(self.id) or not SHA256.fullmatch(self.request_sha256):
            problems.append("a response must have the id and the sha256 of a request")
        if (self.outcome in WITH_STATUS) != (self.status is not None):
            problems.append(f"a response that is {self.outcome} and has status {self.status} is none")
        if self.status is not None and self.status not in STATUSES:
            problems.append(f"{self.status} is no status of HTTP")
        if not all(isinstance(text, str) for pair in self.headers.items() for text in pair):
            problems.append("headers must be strings")
        if problems:
            raise FormatError("; ".join(problems))

    def to_json(self) -> bytes:
        return dump(
            {one.name: getattr(self, one.name) for one in fields(self)}
            | {"outcome": self.outcome.value, "body": self.body.fields() if self.body else None}
            | {"started": stamp(self.started), "finished": stamp(self.finished)}
        )

    @classmethod
    def from_json(cls, data: bytes) -> Response:
        """Read what `to_json` wrote. Raises FormatError for anything else."""
        given = load(data, "response", (one.name for one in fields(cls)))
        texts = ("id", "request_sha256", "outcome", "reason", "url")
        if wrong := [name for name in texts if not isinstance(given[name], str)]:
            raise FormatError(f"{', '.join(wrong)} must be strings")
        if given["outcome"] not in list(Outcome):
            raise FormatError(f"outcome must be one of {', '.join(Outcome)}, not {given['outcome']!r}")
        if not isinstance(given["headers"], dict):
            raise FormatError("headers must be an object")
        status = given["status"]
        if status is not None and (not isinstance(status, int) or isinstance(status, bool)):
            raise FormatError("status must be a number or null")
        given["outcome"] = Outcome(given["outcome"])
        given["body"] = Body.from_fields(given["body"])
        for name in ("started", "finished"):
            given[name] = moment(given[name], name)
        return cls(**given)
