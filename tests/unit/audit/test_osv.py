"""An advisory database either answers every question, or it is said that it does not."""

from __future__ import annotations

import json

import pytest

from airlock.audit import osv
from airlock.audit.advisory import Fix
from airlock.audit.osv import Database
from airlock.audit.pins import Pin
from airlock.audit.severity import Severity
from airlock.errors import FetchError
from fake_osv import CRITICAL, URL, FakeOsv, record

A, B = Pin("PyPI", "a", "1.0"), Pin("PyPI", "b", "2.0")
BATCH = "/v1/querybatch"


def test_all_pins_are_asked_about_in_one_request() -> None:
    server = FakeOsv([record("GHSA-1", "a", "1.0"), record("GHSA-2", "a", "2.0")])
    assert Database(server, URL).ids([A, B]) == {A: ["GHSA-1"]}
    assert server.asked == [BATCH]


def test_more_pins_than_one_request_may_have_are_asked_about_in_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(osv, "BATCH", 2)
    server = FakeOsv([record("GHSA-1", "p4", "1")])
    pins = [Pin("PyPI", f"p{number}", "1") for number in range(5)]
    assert Database(server, URL).ids(pins) == {pins[4]: ["GHSA-1"]}
    assert len(server.asked) == 3


def test_further_pages_are_read_to_the_end() -> None:
    server = FakeOsv([record(f"GHSA-{number}", "a", "1.0") for number in range(5)], page=2)
    assert Database(server, URL).ids([A, B]) == {A: [f"GHSA-{number}" for number in range(5)]}


def test_pages_without_an_end_are_refused() -> None:
    endless = json.dumps({"results": [{"vulns": [{"id": "X-1"}], "next_page_token": "t"}]}).encode()
    with pytest.raises(FetchError) as caught:
        Database(FakeOsv(odd={BATCH: (200, endless)}), URL).ids([A])
    assert "ever more pages for a" in caught.value.cause


def test_an_advisory_tells_severity_and_fixes() -> None:
    told = record("GHSA-1", "a", "1.0", fixed=["1.1"], severity=[{"type": "CVSS_V3", "score": CRITICAL}])
    (found,) = Database(FakeOsv([told]), URL).advisories(["GHSA-1", "GHSA-unknown"]).values()
    assert found.severity is Severity.CRITICAL
    assert found.fixes == (Fix("PyPI", "a", "1.1"),)
    assert found.summary == "GHSA-1 of a"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, b"busy"), "HTTP 503"),
        ((404, b"{}"), "HTTP 404"),
        ((200, b"<html>sign in</html>"), "sends no JSON: b'<html>sign in</html>'"),
        ((200, b"[" * 100_000), "sends no JSON: b'[[["),
        ((200, b"[]"), "sends no JSON object"),
        ((200, b"{}"), "does not answer each of 1 questions"),
        ((200, b'{"results": []}'), "does not answer each of 1 questions"),
        ((200, b'{"results": [7]}'), "something else than objects"),
        ((200, b'{"results": [{"vulns": [{"id": "../../etc"}]}]}'), "names an advisory '../../etc'"),
        ((200, b'{"results": [{"vulns": [7]}]}'), "names an advisory None"),
    ],
)
def test_an_answer_that_is_none_is_never_no_vulnerability(answer: tuple[int, bytes], said: str) -> None:
    with pytest.raises(FetchError, match="not known whether what is locked is vulnerable") as caught:
        Database(FakeOsv(odd={BATCH: answer}), URL).ids([A])
    assert said in caught.value.cause
    assert "audit-source" in caught.value.remedy


def test_a_database_that_does_not_answer_is_never_no_vulnerability() -> None:
    with pytest.raises(FetchError, match="not known whether") as caught:
        Database(FakeOsv(unreachable=True), URL).ids([A])
    assert "nobody answers" in caught.value.cause


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"id": 7}',
        b'{"id": "X", "aliases": [7]}',
        b'{"id": "X", "affected": [{"ranges": [{"events": []}]}]}',
        b'{"id": "X", "affected": 7}',
        b'{"id": "X", "affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1"}]}]}]}',
    ],
)
def test_an_advisory_that_cannot_be_read_is_an_error(body: bytes) -> None:
    with pytest.raises(FetchError) as caught:
        Database(FakeOsv(odd={"/v1/vulns/X": (200, body)}), URL).advisories(["X"])
    assert "its advisory X cannot be read" in caught.value.cause


def test_an_advisory_cannot_command_a_terminal() -> None:
    told = record("X-1", "a", "1.0", aliases=["CVE-\x1b[2J"], fixed=["1.1\x1b[2J"])
    told |= {"summary": "a\x1b[2J\nb"}
    (found,) = Database(FakeOsv([told]), URL).advisories(["X-1"]).values()
    assert found.ids == ("X-1", "CVE-\\x1b[2J")
    assert found.fixes[0].version == "1.1\\x1b[2J"
    assert found.summary == "a\\x1b[2J b"
