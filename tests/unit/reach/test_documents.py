"""Reports as JSON, and as marked lines of a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock_spec.check.finding import Severity
from airlock_spec.check.reports import FORMATS, render
from airlock_spec.reach import carried, observed
from airlock_spec.reach.observed import Attempt, Kind, Observed, Outcome, Sight
from airlock_spec.reach.report import Report

if TYPE_CHECKING:
    import random

SIGHT = Sight(
    "logs.eu-west-1.amazonaws.com",
    Kind.ENDPOINT,
    "every Fargate task",
    "logs",
    ("10.0.1.7",),
    resolving=0.01,
    attempts=(Attempt("10.0.1.7", Outcome.SILENT, "timed out", 5.0),),
)
SEEN = Observed((SIGHT,), 5.1, 20.0, "airflow-scheduler", "eu-west-1a", "eu-west-1", ("unknown",))


def test_what_was_seen_is_read_as_it_was_written_alone_and_in_a_report() -> None:
    assert observed.parse(json.dumps(SEEN.plain())) == SEEN
    assert observed.parse(render(Report(SEEN), "json")) == SEEN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "no report"),
        ('{"findings": []}', "no report"),
        ('{"observed": {"sights": [], "version": 2}}', "version 2"),
        ('{"sights": [{"destination": 1, "kind": "endpoint"}], "version": 1}', "no str"),
        ('{"sights": [{"destination": "a", "kind": "planet"}], "version": 1}', "planet"),
        ("{", "Expecting"),
    ],
)
def test_what_is_no_report_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        observed.parse(text)


def test_a_report_says_of_every_destination_how_it_looked_in_every_format() -> None:
    report = Report(SEEN)
    shown = {form: render(report, form) for form in FORMATS}

    assert all("AL903" in text for text in shown.values())
    assert (
        "endpoint logs.eu-west-1.amazonaws.com does not answer: 10.0.1.7: timed out, 5.0 s" in shown["text"]
    )
    assert json.loads(shown["json"])["summary"]["blocking"] == 1
    assert 'tests="2" failures="1"' in shown["junit"]  # the destination, and what is unknown
    assert report.exit_code == 1


def test_findings_block_from_the_severity_that_was_asked_for() -> None:
    seen = Observed(unknown=("unknown",))

    assert Report(seen).exit_code == 0
    assert Report(seen, Severity.INFO).exit_code == 1


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30_000), st.randoms())
def test_a_document_is_read_from_lines_in_any_order_among_others(text: str, chance: random.Random) -> None:
    told = [f"2026-11-26T00:00:00 {line}" for line in carried.lines(text)]
    lines = ["airlock: hello", *told, *told[:1], "airlock-verify 1/2 00000000 {"]
    chance.shuffle(lines)

    assert carried.document(lines) == text


def test_a_document_with_a_missing_or_altered_line_is_none() -> None:
    lines = carried.lines("x" * 20_000)

    assert len(lines) == 3
    assert carried.document(lines[:2]) == ""
    assert carried.document([*lines[:2], lines[2].replace("x", "y", 1)]) == ""
