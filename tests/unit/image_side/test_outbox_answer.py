from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from airlock_operators.outbox_answer import encoded, passed_on, readings
from airlock_operators.waiting import delays
from airlock_spec.outbox.body import Body
from airlock_spec.outbox.response import Outcome, Response
from requests_made import a_request


def answered(body: Body | None, kind: str) -> Response:
    name, headers = a_request().id, {"content-type": kind}
    return Response(name, "0" * 64, Outcome.ANSWERED, status=200, headers=headers, body=body)


@pytest.mark.parametrize(
    ("data", "kind", "value"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "application/problem+json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b"no JSON", "application/json", "no JSON"),
        (b"[" * 60_000, "application/json", "[" * 60_000),
        ("ü".encode(), "text/plain", "ü"),
        (b"", "application/json", None),
        (None, "application/json", None),
    ],
)
def test_a_body_is_passed_on_as_what_it_is(data: bytes | None, kind: str, value: Any) -> None:
    body = None if data is None else Body.of(data)

    assert passed_on(answered(body, kind), "bucket") == value


def test_a_body_that_is_no_text_is_base64() -> None:
    value = passed_on(answered(Body.of(b"\xff"), "application/json"), "bucket")

    assert (value["base64"], value["size"]) == ("/w==", 1)


def test_a_large_body_stays_where_it_is() -> None:
    body = Body.of(b"large").at("airflow/bodies/x/y")

    assert passed_on(answered(body, "text/plain"), "bucket") == {
        "s3": "s3://bucket/airflow/bodies/x/y",
        "size": 5,
        "sha256": body.sha256,
    }


@pytest.mark.parametrize(
    ("body", "data", "kind"),
    [
        (None, None, ""),
        ("ü", "ü".encode(), ""),
        (b"\xff", b"\xff", ""),
        ({"b": 1, "a": [None]}, b'{"a": [null], "b": 1}', "application/json"),
        ([], b"[]", "application/json"),
        (0, b"0", "application/json"),
    ],
)
def test_a_body_that_is_no_text_is_sent_as_json(body: Any, data: bytes | None, kind: str) -> None:
    assert encoded(body) == (data, kind)


def test_one_looks_soon_and_then_less_and_less_often() -> None:
    waits = list(itertools.islice(delays(10, draw=random.Random(7)), 40))  # noqa: S311

    assert 0.4 <= waits[0] <= 0.6
    assert all(8 <= wait <= 12 for wait in waits[8:])
    assert len(set(waits)) == 40
    # An answer after a second costs three looks, one after an hour a look every ten seconds.
    assert sum(waits[:2]) > 1


def test_nobody_waits_longer_than_told() -> None:
    assert max(itertools.islice(delays(0.2), 20)) <= 0.24


@pytest.mark.parametrize(
    "text",
    [
        'pä"ss\\word',
        encoded({"a": [{"b": 'pä"ss\\word'}]})[0].decode(),  # type: ignore[union-attr]
        encoded({'pä"ss\\word': None})[0].decode(),  # type: ignore[union-attr]
        "https://api.example.com/?q=p%C3%A4%22ss%5Cword",
        "a=1&b=p%C3%A4%22ss%5Cword",
    ],
)
def test_a_value_is_found_however_it_is_written(text: str) -> None:
    assert any('pä"ss\\word' in one for one in readings(text))


def test_what_is_no_json_is_read_as_it_is() -> None:
    assert set(readings("[" * 60_000)) == {"[" * 60_000}
    assert set(readings("plain")) == {"plain"}
