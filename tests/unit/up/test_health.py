"""When `airlock up` says that Airflow is healthy, and what it says where it is not."""

from __future__ import annotations

import http.client
import io
import json
from typing import Any

import pytest

from airlock.up import health
from airlock.up.health import COMPONENTS, Health

ALL = {name: {"status": "healthy"} for name in COMPONENTS}


class Answer:
    """In the place of http.client.HTTPConnection."""

    status, content = 200, b""

    def __init__(self, host: str, port: int, **_: float) -> None:
        assert (host, port) == ("127.0.0.1", 8080)

    def request(self, method: str, path: str) -> None:
        assert (method, path) == ("GET", "/api/v2/monitor/health")

    def getresponse(self) -> Any:
        stream = io.BytesIO(self.content)
        stream.status = self.status  # type: ignore[attr-defined]
        return stream

    def close(self) -> None: ...


def ask(monkeypatch: pytest.MonkeyPatch, status: int, content: object) -> Health:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    monkeypatch.setattr(
        http.client, "HTTPConnection", type("Given", (Answer,), {"status": status, "content": text})
    )
    return Health.ask(8080)


def test_it_is_healthy_when_every_component_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, 200, ALL).healthy


@pytest.mark.parametrize("name", COMPONENTS)
@pytest.mark.parametrize("status", [{"status": "unhealthy"}, {"status": None}, None])
def test_it_is_not_while_one_is_not(monkeypatch: pytest.MonkeyPatch, name: str, status: object) -> None:
    found = ask(monkeypatch, 200, ALL | {name: status})

    assert not found.healthy
    assert f"{name} " in str(found)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"null"])
def test_an_answer_that_is_none_is_silence(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    found = ask(monkeypatch, 200, content)

    assert not found.healthy
    assert "does not answer" in str(found)


def test_another_status_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(ask(monkeypatch, 503, ALL)) == "the API server answers 503"


def test_waiting_ends_with_health(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PAUSE", 0.0)
    answers = iter([Health(silent="not yet"), Health((("scheduler", "healthy"),))])

    assert health.wait(lambda: next(answers), 10, lambda: "").healthy


def test_waiting_ends_when_it_has_ended() -> None:
    found = health.wait(lambda: Health(silent="refused"), 10, lambda: "airflow ended with exit code 1")

    assert str(found) == "airflow ended with exit code 1"


def test_waiting_ends_with_its_time() -> None:
    found = health.wait(lambda: Health((("scheduler", "unhealthy"),)), 0, lambda: "")

    assert not found.healthy
    assert str(found) == "after 0 s: scheduler unhealthy"
