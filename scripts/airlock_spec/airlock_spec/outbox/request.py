"""A request: what to call, with which secrets by name, and until when."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airlock_spec.document import FormatError, is_seconds, match_names, moment, stamp
from airlock_spec.outbox.body import Body, sha256_of
from airlock_spec.outbox.credentials import literal_credentials
from airlock_spec.outbox.document import dump, load
from airlock_spec.outbox.layout import IDENTIFIER, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH")
REPEATABLE = METHODS[:5]  # idempotent by RFC 9110, section 9.2.2
MAX_BODY = 1 << 20  # bytes of a request's body, which is within the document
MAX_DOCUMENT = 3 << 20  # bytes of a request: escapes may make a body twice as long
MAX_RESPONSE = 64 << 20  # bytes that may be asked for; the function holds them in memory
MAX_TIMEOUT = 840  # seconds; a function runs for at most 900
NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token, RFC 9110, section 5.6.2
VALUE = re.compile(r"[\t\x20-\x7e]*")
URL = re.compile(r"[\x21-\x7e]+")
SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")  # what Secrets Manager allows in a name
NOT_ASKED_FOR = frozenset(  # set by who makes the call
    {"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "expect", "trailer"}
    | {"accept-encoding", "idempotency-key", "proxy-connection", "keep-alive"}
)


@dataclass(frozen=True)
class Secret:
    """The value of a header, by the name of a secret that the function reads: `prefix`, then the secret.

    `field` is a name in a secret that is a JSON object.
    """

    secret: str
    field: str = ""
    prefix: str = ""

    @classmethod
    def from_fields(cls, given: object) -> Secret:
        """Read {"secret": NAME, "field": …, "prefix": …}, the last two optional. Raises FormatError."""
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise FormatError('a header is a string or {"secret": NAME, "field": …, "prefix": …}')
        match_names({"field": "", "prefix": "", **given}, ("secret", "field", "prefix"), "a header's secret")
        return cls(**given)


@dataclass(frozen=True)
class Request:
    """One call of an API, to be made at most once. Raises FormatError with everything that is wrong.

    `repeatable` says that calling twice does no more than calling once. `timeout` is seconds for the call,
    which no one makes or waits for after `deadline`. `max_response` is bytes.
    """

    id: str
    origin: Origin
    created: datetime
    deadline: datetime
    method: str
    url: str
    headers: Mapping[str, str | Secret]
    body: Body | None
    idempotency_key: str
    repeatable: bool
    timeout: float
    max_response: int

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise FormatError("; ".join(problems))

    @property
    def fingerprint(self) -> str:
        """Return the sha256 of what is asked for; when it is asked, and how long one waits, has no part in it."""
        asked = (self.method, self.url, _header_fields(self.headers), self.body and self.body.sha256)
        return sha256_of(json.dumps(asked, sort_keys=True).encode())

    def _problems(self) -> Iterator[str]:
        if not IDENTIFIER.fullmatch(self.id):
            yield f"id must be 32 hexadecimal digits, - and a number, not {self.id!r}"
        if self.method not in METHODS:
            yield f"method must be one of {', '.join(METHODS)}, not {self.method!r}"
        malformed = list(_url_problems(self.url))
        yield from malformed
        yield from _header_problems(self.headers)
        yield from literal_credentials("" if malformed else self.url, self.headers)
        if self.body is not None and (self.body.data is None or self.body.size > MAX_BODY):
            yield f"body has {self.body.size} bytes; at most {MAX_BODY} can be sent"
        if not NAME.fullmatch(self.idempotency_key):
            yield "idempotency_key must be a token"
        if self.deadline <= self.created:
            yield "deadline must be after created"
        if not is_seconds(self.timeout, MAX_TIMEOUT):
            yield f"timeout must be seconds above 0 and up to {MAX_TIMEOUT}, not {self.timeout!r}"
        if not isinstance(self.max_response, int) or not 0 < self.max_response <= MAX_RESPONSE:
            yield f"max_response must be bytes up to {MAX_RESPONSE}, not {self.max_response!r}"

    def to_json(self) -> bytes:
        return dump(
            {field.name: getattr(self, field.name) for field in fields(self)}
            | {
                "origin": asdict(self.origin),
                "created": stamp(self.created),
                "deadline": stamp(self.deadline),
            }
            | {"headers": _header_fields(self.headers), "body": self.body.fields() if self.body else None}
        )

    @classmethod
    def from_json(cls, data: bytes) -> Request:
        """Read what `to_json` wrote. Raises FormatError for anything else."""
        given = load(data, "request", (field.name for field in fields(cls)))
        origin, headers = given["origin"], given["headers"]
        if not isinstance(origin, dict) or not isinstance(headers, dict):
            raise FormatError("origin and headers must be objects")
        match_names(origin, (field.name for field in fields(Origin)), "origin")
        texts = ("id", "method", "url", "idempotency_key")
        if wrong := [name for name in texts if not isinstance(given[name], str)]:
            raise FormatError(f"{', '.join(wrong)} must be strings")
        if not isinstance(given["repeatable"], bool):
            raise FormatError("repeatable must be true or false")
        given["origin"] = Origin(**origin)
        if not all(isinstance(value, int if name == "map_index" else str) for name, value in origin.items()):
            raise FormatError("origin must have strings and a number as map_index")
        given["headers"] = headers_from(headers)
        given["body"] = Body.from_fields(given["body"])
        for name in ("created", "deadline"):
            given[name] = moment(given[name], name)
        return cls(**given)


def headers_from(given: Mapping[str, Any]) -> dict[str, str | Secret]:
    """Read headers as a document or a DAG gives them. Raises FormatError."""
    return {
        name: value if isinstance(value, str | Secret) else Secret.from_fields(value)
        for name, value in given.items()
    }


def _header_fields(headers: Mapping[str, str | Secret]) -> dict[str, Any]:
    def field(value: str | Secret) -> Any:
        if isinstance(value, str):
            return value
        return {name: text for name, text in asdict(value).items() if text}

    return {name: field(value) for name, value in headers.items()}


def _url_problems(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        yield f"url: {error}"
        return
    if not URL.fullmatch(url):
        yield "url must be printable ASCII: encode what is not (urllib.parse.quote)"
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        yield f"url must be https://host… or http://host…, not {url!r}"
    if "#" in url:
        yield "url must have no fragment: no server gets one"


def _header_problems(headers: Mapping[str, str | Secret]) -> Iterator[str]:
    if len({name.lower() for name in headers}) != len(headers):
        yield "a header is given twice"
    for name, value in headers.items():
        if not NAME.fullmatch(name):
            yield f"{name!r} is not the name of a header"
        if name.lower() in NOT_ASKED_FOR:
            yield f"header {name} is set by who makes the call"
        literal = value if isinstance(value, str) else value.prefix
        if not VALUE.fullmatch(literal):
            yield f"header {name} must be printable ASCII on one line"
        if isinstance(value, Secret) and not SECRET.fullmatch(value.secret):
            yield f"header {name} names no secret: {value.secret!r}"
