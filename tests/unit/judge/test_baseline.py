from __future__ import annotations

import json
from dataclasses import replace

import pytest

from airlock_spec.check import baseline
from airlock_spec.check.finding import Finding, Severity

ONE = Finding(
    "AL201", Severity.ERROR, "dags/a.py", 3, "connects to 10.0.0.1:80 while it is parsed", "move it"
)
OTHER = Finding("AL302", Severity.WARNING, "dags/b.py", 0, "takes 6.0 s to import", "less", dag_id="b")


def test_what_was_written_hides_the_same_findings() -> None:
    applied = baseline.apply(baseline.read(baseline.write([ONE, OTHER])), [ONE, OTHER])

    assert (applied.new, applied.known, applied.gone) == ((), 2, ())


@pytest.mark.parametrize(
    "moved",
    [
        replace(ONE, line=30),
        replace(ONE, message="connects to 10.0.0.9:8080 while it is parsed"),
        replace(ONE, detail="x"),
    ],
)
def test_lines_and_numbers_may_move(moved: Finding) -> None:
    assert baseline.apply(baseline.read(baseline.write([ONE])), [moved]).new == ()


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, path="dags/b.py"),
        replace(ONE, code="AL202"),
        replace(ONE, message="connects to db:80 while it is parsed"),
        replace(ONE, dag_id="b"),
        replace(ONE, task_id="b"),
    ],
)
def test_all_else_makes_a_new_finding(other: Finding) -> None:
    applied = baseline.apply(baseline.read(baseline.write([ONE])), [other])

    assert applied.new == (other,)
    assert [one.path for one in applied.gone] == ["dags/a.py"]


def test_one_more_of_the_same_is_new() -> None:
    again = replace(ONE, line=40)

    applied = baseline.apply(baseline.read(baseline.write([ONE])), [ONE, again])

    assert (applied.new, applied.known) == ((again,), 1)


def test_what_was_not_looked_at_is_not_gone() -> None:
    known = baseline.read(baseline.write([ONE, OTHER]))

    assert [one.path for one in baseline.apply(known, [], {"dags/b.py"}).gone] == ["dags/b.py"]


def test_the_file_is_the_same_for_the_same_findings_and_has_a_line_for_each() -> None:
    text = baseline.write([OTHER, ONE, replace(ONE, line=9)])

    assert text == baseline.write([replace(ONE, line=1), OTHER, ONE])
    assert json.loads(text)["findings"][0]["count"] == 2
    assert len(text.splitlines()) == 4


def test_a_baseline_of_nothing_is_one() -> None:
    assert not baseline.read(baseline.write([]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 2, "findings": []}',
        '{"version": 1}',
        '{"version": 1, "findings": [3]}',
        '{"version": 1, "findings": [{"code": "AL201"}]}',
        baseline.write([ONE]).replace('"count": 1', '"count": 0'),
        baseline.write([ONE]).replace('"count": 1', '"count": true'),
        baseline.write([ONE]).replace('"dag_id": ""', '"dag_id": 3'),
        baseline.write([ONE]).replace('"dag_id"', '"dag-id"'),
    ],
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        baseline.read(text)
