from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airlock_spec.document import FormatError
from airlock_spec.outbox import request as request_module
from airlock_spec.outbox.body import Body
from airlock_spec.outbox.claim import Claim, State
from airlock_spec.outbox.credentials import literal_credentials
from airlock_spec.outbox.document import dump
from airlock_spec.outbox.layout import Layout, Origin, identifier
from airlock_spec.outbox.request import Request, Secret, headers_from
from airlock_spec.outbox.response import INLINE, Outcome, Response
from requests_made import ORIGIN, a_request

GOLDEN = (
    '{"body":{"sha256":"1299f00f92b6a3e6cbcb0d0f1ef67e7c8ba1fc2c45da1d0ea3ca6ebd0f1a9ae5","size":20,'
    '"text":"{\\"day\\":\\"2026-01-01\\"}"},"created":"2026-01-01T00:00:00.000Z",'
    '"deadline":"2026-01-01T00:05:00.000Z","format":"airlock-outbox/1",'
    '"headers":{"Authorization":{"prefix":"Bearer ","secret":"airflow-outside/api-token"},'
    '"Content-Type":"application/json"},"id":"ID-0","idempotency_key":"ID","max_response":1000,'
    '"method":"POST","origin":{"dag_id":"orders","map_index":3,"run_id":"manual__2026-01-01","task_id":"ask"},'
    '"repeatable":false,"timeout":5.0,"url":"https://api.example.com/v1/orders?day=2026-01-01"}\n'
)


def golden_request() -> Request:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return a_request(created=start, deadline=start + timedelta(minutes=5))


def test_a_request_has_one_form() -> None:
    body = golden_request().body
    assert body is not None
    expected = GOLDEN.replace("ID", ORIGIN.base()).replace(
        "1299f00f92b6a3e6cbcb0d0f1ef67e7c8ba1fc2c45da1d0ea3ca6ebd0f1a9ae5", body.sha256
    )
    assert golden_request().to_json().decode() == expected


@pytest.mark.parametrize("body", [None, b"", b"text", "ü".encode(), b"\xff\x00"])
def test_what_is_written_is_read_back_and_written_the_same(body: bytes | None) -> None:
    written = a_request(body=None if body is None else Body.of(body)).to_json()

    assert Request.from_json(written).to_json() == written


def test_a_retried_task_asks_by_the_same_name_and_another_task_by_another() -> None:
    others = [
        Origin("orders", "manual__2026-01-01", "ask", 4),
        Origin("orders", "manual__2026-01-02", "ask", 3),
        Origin("orders", "manual__2026-01-01", "ask2", 3),
        Origin("order", "smanual__2026-01-01", "ask", 3),
    ]
    assert Origin(*("orders", "manual__2026-01-01", "ask", 3)).base() == ORIGIN.base()
    assert len({ORIGIN.base(), ORIGIN.base("key"), *(other.base() for other in others)}) == 6


def test_when_a_request_was_made_is_no_part_of_what_it_asks() -> None:
    earlier = golden_request()
    later = replace(
        earlier, id=identifier(ORIGIN.base(), 1), deadline=earlier.deadline + timedelta(1), timeout=9.0
    )
    assert earlier.fingerprint == later.fingerprint
    changes: list[dict[str, Any]] = [
        {"method": "PUT"},
        {"url": "https://a.example/"},
        {"headers": {}},
        {"body": None},
    ]
    for change in changes:
        assert replace(earlier, **change).fingerprint != earlier.fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "../../etc/passwd"}, "id must be 32 hexadecimal digits"),
        ({"method": "TRACE"}, "method must be one of GET, "),
        ({"method": "get"}, "method must be one of GET, "),
        ({"url": "ftp://api.example.com/"}, "url must be https://host"),
        ({"url": "https:///v1"}, "url must be https://host"),
        ({"url": "https://api.example.com/v1 orders"}, "printable ASCII"),
        ({"url": "https://api.example.com/v1\r\nHost: evil"}, "printable ASCII"),
        ({"url": "https://api.example.com/#top"}, "no fragment"),
        ({"url": "https://api.example.com:99999/"}, "url: Port out of range"),
        ({"url": "https://[::1/"}, "url: "),
        ({"headers": {"Host": "other"}}, "header Host is set by who makes the call"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "is set by who makes the call"),
        ({"headers": {"A b": "c"}}, "'A b' is not the name of a header"),
        ({"headers": {"A": "b\r\nC: d"}}, "printable ASCII on one line"),
        ({"headers": {"A": Secret("x", prefix="\r\n")}}, "printable ASCII on one line"),
        ({"headers": {"A": "b", "a": "c"}}, "given twice"),
        ({"headers": {"A": Secret("no such name")}}, "names no secret"),
        ({"body": Body.of(bytes((1 << 20) + 1))}, "at most 1048576 can be sent"),
        ({"timeout": 0}, "timeout must be seconds"),
        ({"timeout": float("nan")}, "timeout must be seconds"),
        ({"timeout": 841}, "timeout must be seconds"),
        ({"max_response": 1 << 30}, "max_response must be bytes"),
        ({"deadline": datetime(2020, 1, 1, tzinfo=UTC)}, "deadline must be after created"),
    ],
)
def test_a_request_that_cannot_be_made_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        a_request(**changes)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://user:pass@api.example.com/", {}),
        ("https://user@api.example.com/", {}),
        ("https://api.example.com/?access_token=abc", {}),
        ("https://api.example.com/?a=1&api_key=abc", {}),
        ("https://api.example.com/?X-Amz-Signature=abc", {}),
        ("https://api.example.com/?key=abc", {}),
        ("https://api.example.com/?q=Bearer%20abcdefghijkl", {}),
        ("https://api.example.com/eyJhbGciOiJI.eyJzdWIiOiIx.sig", {}),
        ("", {"Authorization": "Bearer abc"}),
        ("", {"authorization": ""}),
        ("", {"Proxy-Authorization": "Basic YTpi"}),
        ("", {"Cookie": "sid=1"}),
        ("", {"X-Api-Key": "abc"}),
        ("", {"X-Auth-Token": "abc"}),
        ("", {"X-Vault-Token": "abc"}),
        ("", {"Ocp-Apim-Subscription-Key": "abc"}),
        ("", {"X-Amz-Security-Token": "abc"}),
        ("", {"X-Custom": "Bearer abcdefghijkl"}),
        ("", {"X-Custom": "AKIAIOSFODNN7EXAMPLE"}),
        ("", {"X-Custom": "ghp_abcdefghijklmnop"}),
        ("", {"X-AuthToken": "abc"}),
        ("", {"Authorization": Secret("a", prefix="Bearer abcdefghijkl ")}),
        ("https://api.example.com/?accessToken=abc", {}),
        ("https://api.example.com/?passphrase=abc", {}),
        ("https://api.example.com/?user=me&pass=abc", {}),
    ],
)
def test_what_looks_like_a_credential_is_found(url: str, headers: dict[str, Any]) -> None:
    assert len(list(literal_credentials(url, headers))) == 1
    with pytest.raises(FormatError):
        a_request(url=url or "https://api.example.com/", headers=headers)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (
            "https://api.example.com/tokens?page_token=abc&nextToken=x&cursorToken=y&sort_key=day&compass=n",
            {},
        ),
        ("https://api.example.com/v1/keys/7?author=me&monkey=1", {}),
        ("", {"Content-Type": "application/json", "Accept": "*/*", "X-Request-Id": "abc", "X-Signed": "no"}),
        ("", {"Authorization": Secret("airflow-outside/api-token", prefix="Bearer "), "Cookie": Secret("a")}),
    ],
)
def test_what_does_not_is_let_through(url: str, headers: dict[str, Any]) -> None:
    assert list(literal_credentials(url, headers)) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(
        FormatError, match=r"^method .*; url must have no fragment.*; header Cookie .*; timeout "
    ):
        a_request(method="X", url="https://a.example/#", headers={"Cookie": "a"}, timeout=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("airlock-outbox/1", "airlock-outbox/2"),
            "must be of format airlock-outbox/1, not 'airlock-outbox/2'",
        ),
        (('"repeatable":false', '"repeatable":0'), "repeatable must be true or false"),
        (('"repeatable":false', '"repeatable":false,"repeatable":true'), "given twice"),
        (('"repeatable":false', '"repeats":false'), "repeatable is missing; repeats is not known"),
        (('"method":"POST"', '"method":1'), "method must be strings"),
        (('"size":20', '"size":21'), "does not have the sha256 and size"),
        (('"text":', '"base64":'), "body is not base64"),
        (('"map_index":3', '"map_index":"3"'), "origin must have strings and a number"),
        (('"2026-01-01T00:00:00.000Z"', '"2026-01-01"'), "created must be a time with its offset"),
        (('"prefix":"Bearer "', '"value":"abc"'), "value is not known"),
        (("{", "["), "must be JSON"),
        (("{", "[" * 100_000), "must be JSON"),
    ],
)
def test_a_document_that_is_another_is_refused(change: tuple[str, str], message: str) -> None:
    text = golden_request().to_json().decode()
    assert change[0] in text

    with pytest.raises(FormatError, match=message):
        Request.from_json(text.replace(*change, 1).encode())


def test_no_bytes_at_all_make_anything_but_a_format_error() -> None:
    text = golden_request().to_json()
    for position in range(0, len(text), 3):
        for byte in (b"\xff", b"0", b'"', b"}"):
            changed = text[:position] + byte + text[position + 1 :]
            for kind in (Request, Claim, Response):
                try:
                    kind.from_json(changed)
                except FormatError:
                    continue


def test_a_body_is_text_where_people_can_read_it_and_base64_where_not() -> None:
    assert Body.of("ü".encode()).fields()["text"] == "ü"
    assert Body.of(b"\xff").fields()["base64"] == "/w=="


def test_a_body_elsewhere_is_known_by_its_hash() -> None:
    body = Body.of(b"large").at("bodies/x/y")

    assert Body.from_fields(body.fields()) == body
    assert body.verified(b"large") == b"large"
    with pytest.raises(FormatError, match="does not have the sha256"):
        body.verified(b"Large")


def test_responses_and_claims_are_read_back() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    response = Response(
        *(a_request().id, "0" * 64, Outcome.ANSWERED, "", 404, "https://a.example/", {"a": "b"}),
        body=Body.of(b"no"),
        started=now,
        finished=now,
    )
    claim = Claim(a_request().id, State.TAKEN, "lambda:1", now)
    assert claim.attempt != Claim(a_request().id, State.TAKEN, "lambda:1", now).attempt

    assert Response.from_json(response.to_json()) == response
    assert Claim.from_json(claim.to_json()) == claim
    assert Claim.from_json(claim.abandoned().to_json()).state is State.ABANDONED


@pytest.mark.parametrize(("outcome", "status"), [(Outcome.ANSWERED, None), (Outcome.EXPIRED, 200)])
def test_a_response_that_contradicts_itself_is_none(outcome: Outcome, status: int | None) -> None:
    with pytest.raises(FormatError, match="is none"):
        Response(a_request().id, "0" * 64, outcome, status=status)


def test_every_object_of_a_request_has_a_key_below_the_prefix() -> None:
    layout, name = Layout("team/airflow/"), a_request().id

    assert layout.request(name) == f"team/airflow/requests/{name}.json"
    assert layout.name(layout.request(name)) == layout.name(layout.response(name)) == name
    assert layout.name(layout.claim(name)) is None
    assert layout.name(f"team/airflow/requests/{name}.json.json") is None
    assert layout.name(f"requests/{name}.json") is None
    assert layout.name("team/airflow/requests/../x.json") is None


@pytest.mark.parametrize("prefix", ["team", "/team/", "a//b/", "../x y/"])
def test_a_prefix_is_a_folder(prefix: str) -> None:
    with pytest.raises(ValueError, match="ends in a slash"):
        Layout(prefix)


def test_a_response_of_the_largest_inline_body_is_within_its_limit() -> None:
    worst = Response(
        *(a_request().id, "0" * 64, Outcome.ANSWERED, "", 200, "https://a.example/", {}),
        body=Body.of(b"\x01" * INLINE),
    )
    assert len(worst.to_json()) < 1 << 20


@pytest.mark.parametrize("byte", [b"\xff", b'"', b"\n", b"\x01"])
def test_a_request_of_the_largest_body_is_within_its_limit(byte: bytes) -> None:
    worst = a_request(body=Body.of(byte * request_module.MAX_BODY))

    assert len(worst.to_json()) < request_module.MAX_DOCUMENT


def test_a_header_names_a_secret_or_is_a_text() -> None:
    assert headers_from({"A": "b", "C": {"secret": "d", "field": "e"}}) == {"A": "b", "C": Secret("d", "e")}
    for wrong in ({"value": "x"}, {"secret": 3}, 3, None, {"secret": "a", "sekret": "b"}):
        with pytest.raises(FormatError):
            headers_from({"A": wrong})


def test_half_a_pair_in_a_message_can_be_written() -> None:
    assert json.loads(dump({"reason": "\ud800 is not known"}))["reason"] == "\ud800 is not known"
