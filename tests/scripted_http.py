"""HTTP without a network: an adapter of requests that a test's function answers."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Reply:
    """An answer; a `failure` is raised in its place."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: Exception | None = None


def errors(code: str, message: str = "") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


@dataclass(frozen=True)
class Heard:
    """A request as it came."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Scripted(BaseAdapter):
    """Asks a function for the answer to each request, and remembers what was asked."""

    def __init__(self, answer: Callable[[Heard], Reply]) -> None:
        super().__init__()
        self._answer = answer
        self.heard: list[Heard] = []
        self.settings: Mapping[str, Any] = {}  # of the last request: proxies, verify, timeout

    def send(self, request: PreparedRequest, *_: Any, **settings: Any) -> Response:
        self.settings = settings
        body: Any = request.body or b""
        heard = Heard(
            str(request.method),
            str(request.url),
            request.headers,
            body.read() if hasattr(body, "read") else bytes(body),
        )
        self.heard.append(heard)
        reply = self._answer(heard)
        if reply.failure:
            raise reply.failure
        made = Response()
        made.status_code, made.headers = reply.status, CaseInsensitiveDict(reply.headers)
        made.raw, made.url, made.request = io.BytesIO(reply.body), str(request.url), request
        return made

    def close(self) -> None:
        pass
