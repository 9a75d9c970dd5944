"""What goes into a request's body, and what a task gets of an accepted answer."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airlock_operators.outbox_exchange import Exchange
    from airlock_spec.outbox.response import Response

JSON = "application/json"


@dataclass(frozen=True)
class ApiAnswer:
    """An accepted answer, as `response_check` and `response_filter` get it; `body` is read when first asked for."""

    status: int
    headers: Mapping[str, str]
    read: Callable[[], bytes]

    @property
    def body(self) -> bytes:
        return self.read()

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


def answer_of(exchange: Exchange, response: Response) -> ApiAnswer:
    return ApiAnswer(response.status or 0, response.headers, lambda: exchange.body(response))


def encoded(body: Any) -> tuple[bytes | None, str]:
    """Return the bytes of a body, and its content type where that follows from what it is."""
    if body is None or isinstance(body, bytes):
        return body, ""
    if isinstance(body, str):
        return body.encode(), ""
    return json.dumps(body, sort_keys=True).encode(), JSON


def passed_on(response: Response, bucket: str) -> Any:
    """Return the body as XCom is to have it: what is large stays where it is."""
    body = response.body
    if body is None or body.size == 0:
        return None
    about = {"size": body.size, "sha256": body.sha256}
    if body.data is None:
        return {"s3": f"s3://{bucket}/{body.key}", **about}
    try:
        text = body.data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body.data).decode(), **about}
    is_json = response.headers.get("content-type", "").partition(";")[0].strip().endswith("json")
    try:
        return json.loads(text) if is_json else text
    except (ValueError, RecursionError):  # it says that it is JSON, or is nested without end
        return text


def readings(text: str) -> Iterator[str]:
    """Give a text, and what it says where it is percent-encoded, or JSON: both write quotes in their own way."""
    yield text
    yield unquote_plus(text)
    try:
        yield from _strings(json.loads(text))
    except (ValueError, RecursionError):
        return


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _strings(one)
