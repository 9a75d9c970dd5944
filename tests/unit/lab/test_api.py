"""The partner's API, which the outbox is tried with."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from airlock_lab.api import Handler


class Connection:
    """In the place of a socket: what is asked, and what is answered."""

    def __init__(self, asked: bytes) -> None:
        self.asked, self.answered = io.BytesIO(asked), b""

    def makefile(self, *_: Any) -> io.BytesIO:
        return self.asked

    def settimeout(self, _: float) -> None: ...

    def sendall(self, content: bytes) -> None:
        self.answered += content


@pytest.fixture(autouse=True)
def no_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "orders", {})


def ask(method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any]:
    given = {"Host": "api", "Content_Length": str(len(body)), "Connection": "close", **headers}
    lines = [
        f"{method} {path} HTTP/1.1",
        *(f"{name.replace('_', '-')}: {value}" for name, value in given.items()),
    ]
    connection = Connection("\r\n".join((*lines, "", body)).encode())
    Handler(connection, ("127.0.0.1", 1), None)  # type: ignore[arg-type]
    head, _, content = connection.answered.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def test_an_order_is_taken_from_who_has_a_token() -> None:
    status, order = ask("POST", "/v1/orders", '{"run": 1}', Authorization="Bearer x")

    assert (status, order) == (201, {"number": 1, "received": '{"run": 1}'})


def test_the_same_order_is_taken_once() -> None:
    first = ask("POST", "/v1/orders", "a", Authorization="Bearer x", Idempotency_Key="k")
    again = ask("POST", "/v1/orders", "a", Authorization="Bearer x", Idempotency_Key="k")

    assert first == again
    assert ask("GET", "/v1/orders") == (200, {"orders": 1})


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic x"}])
def test_nothing_is_taken_without_a_token(headers: dict[str, str]) -> None:
    assert ask("POST", "/v1/orders", "a", **headers) == (401, {"error": "no token"})
    assert ask("GET", "/v1/orders") == (200, {"orders": 0})


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/v2/orders")])
def test_it_has_no_other_paths(method: str, path: str) -> None:
    assert ask(method, path)[0] == 404


def test_what_is_too_long_is_not_read() -> None:
    assert ask("POST", "/v1/orders", Content_Length=str(2 << 20))[0] == 413
