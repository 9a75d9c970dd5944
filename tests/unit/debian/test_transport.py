from __future__ import annotations

import io
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from airlock.debian.transport import Http
from airlock.errors import FetchError

URL = "https://user:secret@mirror.invalid/debian/dists/trixie/InRelease"


class Answer(BaseAdapter):
    """Answers every request alike, or fails."""

    def __init__(self, content: bytes, status: int = 200, failure: Exception | None = None) -> None:
        super().__init__()
        self.content, self.status, self.failure = content, status, failure

    def send(self, request: requests.PreparedRequest, *_args: Any, **_settings: Any) -> requests.Response:
        if self.failure:
            raise self.failure
        answer = requests.Response()
        answer.status_code, answer.reason, answer.url = self.status, "Reason", request.url or ""
        answer.raw = io.BytesIO(self.content)
        return answer

    def close(self) -> None:
        pass


def read(adapter: Answer, limit: int = 100) -> bytes:
    return Http({}, adapter).read(URL, limit)


def test_the_content_comes_back_up_to_the_limit() -> None:
    assert read(Answer(b"x" * 100)) == b"x" * 100


def test_what_is_longer_is_an_error() -> None:
    with pytest.raises(FetchError, match="longer than it should be"):
        read(Answer(b"x" * 101))


def test_a_refusal_names_the_status() -> None:
    with pytest.raises(FetchError) as refusal:
        read(Answer(b"", status=404))
    assert refusal.value.cause == "the mirror answers 404 Reason"


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError(f"HTTPSConnectionPool: Max retries exceeded with url: {URL}"),
        requests.exceptions.ProxyError(f"Cannot connect to proxy {URL}"),
        requests.exceptions.ChunkedEncodingError("Connection broken"),
    ],
)
def test_no_failure_shows_credentials(failure: Exception) -> None:
    with pytest.raises(FetchError) as refusal:
        read(Answer(b"", failure=failure))
    assert "secret" not in str(refusal.value)
    assert type(failure).__name__ in refusal.value.cause
