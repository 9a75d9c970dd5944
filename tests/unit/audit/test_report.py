"""The result as people, pull requests and programs read it."""

from __future__ import annotations

from datetime import date

from airlock.audit import report
from airlock.audit.findings import find
from airlock.audit.osv import Database
from airlock.audit.pins import Pin
from airlock.audit.policy import Ignored, Policy
from airlock.audit.report import Report
from airlock.audit.severity import Severity
from fake_osv import URL, FakeOsv, record

PINS = (Pin("Debian:13", "glibc", "2.41-12"), Pin("PyPI", "a", "1.9", ("a",)), Pin("PyPI", "b", "1"))
IGNORED = (
    Ignored("GHSA-y", date(2027, 1, 31), "only on Windows"),
    Ignored("GHSA-old", date(2026, 1, 1), "was so"),
    Ignored("GHSA-gone", date(2027, 1, 1), "no more"),
)
POLICY = Policy(Severity.HIGH, IGNORED, date(2026, 11, 26))


def made(*records: dict[str, object]) -> Report:
    found = find(PINS, Database(FakeOsv(list(records)), URL), POLICY)
    return Report(PINS, tuple(found), POLICY, "https://me:secret@osv.example.invalid")


BAD = record(
    "GHSA-x", "a", "1.9", fixed=["2.0"], database_specific={"severity": "HIGH"}, summary="a | b `c`\x1b[31m"
)
FINE = record("GHSA-y", "b", "1")


def test_the_table_says_what_blocks_and_what_no_longer_holds() -> None:
    assert report.table(made(BAD, FINE)).splitlines() == [
        "severity  package  version  advisory  fixed in    verdict",
        "high      a        1.9      GHSA-x    2.0         blocks",
        "unknown   b        1        GHSA-y    no version  ignored until 2027-01-31: only on Windows",
        "2 Python packages, 1 Debian source: 2 known vulnerabilities, blocking: 1 (audit-block: high)",
        "GHSA-old is ignored no longer, since 2026-01-01: was so",
        "GHSA-gone is ignored, but nothing locked has it: no more",
    ]


def test_no_vulnerability_is_said_with_how_much_was_asked_about() -> None:
    assert report.table(made()).splitlines()[0] == (
        "2 Python packages, 1 Debian source: 0 known vulnerabilities"
    )


def test_markdown_folds_away_what_does_not_block_and_keeps_texts_in_their_cells() -> None:
    text = report.markdown(made(BAD, FINE))
    assert text.startswith("### Audit: 2 Python packages, 1 Debian source: 2 known vulnerabilities")
    assert "| **high** | `a` | `1.9` | `GHSA-x` | `2.0` | `blocks` | `` a \\| b `c`\\x1b[31m `` |" in text
    assert "<summary>1 do not block</summary>" in text
    assert "\x1b" not in text


def test_the_document_has_everything_but_credentials() -> None:
    document = report.document(made(BAD, FINE))
    assert document["source"] == "https://osv.example.invalid"
    assert (document["block"], document["blocking"]) == ("high", 1)
    assert document["vulnerabilities"] == [
        {
            "ecosystem": "PyPI",
            "name": "a",
            "version": "1.9",
            "packages": ["a"],
            "id": "GHSA-x",
            "aliases": [],
            "severity": "high",
            "fixed": "2.0",
            "summary": "a | b `c`\\x1b[31m",
            "blocks": True,
            "ignored": None,
        },
        {
            "ecosystem": "PyPI",
            "name": "b",
            "version": "1",
            "packages": [],
            "id": "GHSA-y",
            "aliases": [],
            "severity": "unknown",
            "fixed": None,
            "summary": "GHSA-y of b",
            "blocks": False,
            "ignored": {"id": "GHSA-y", "until": "2027-01-31", "reason": "only on Windows"},
        },
    ]
    assert document["expired"] == [{"id": "GHSA-old", "until": "2026-01-01", "reason": "was so"}]
