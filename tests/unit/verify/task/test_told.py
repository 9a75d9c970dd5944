"""What tasks saw in a report of `airlock verify`: findings by task, and how every destination looked."""

from __future__ import annotations

import json

from airlock.verify.task.told import report
from airlock_spec.check.finding import Severity
from airlock_spec.check.reports import FORMATS, render
from airlock_spec.reach.observed import Kind, Observed, Sight

LOST = Sight("sqs.eu-west-1.amazonaws.com", Kind.ENDPOINT, unresolved="does not resolve: not known")
SEEN = (
    Observed((LOST,), 2.0, task="api", unknown=("a setting",)),
    Observed(task="worker", stopped=("task 1: CannotPullContainerError", "why")),
)


def test_findings_are_of_the_task_that_saw_them() -> None:
    made = report(SEEN)

    assert [(one.resource, one.code) for one in made.findings] == [
        ("api", "AL901"),
        ("api", "AL910"),
        ("worker", "AL911"),
    ]
    assert (made.exit_code, report(SEEN[:1], Severity.ERROR).exit_code, report(()).exit_code) == (1, 1, 0)
    assert made.summary == "2 errors, 1 note; looked at 1 destination from api, worker in 2.0 s"
    assert made.notes == ("api: endpoint sqs.eu-west-1.amazonaws.com does not resolve: not known",)


def test_it_is_shown_in_every_format() -> None:
    shown = {form: render(report(SEEN), form) for form in FORMATS}

    assert all("AL911" in text for text in shown.values())
    assert json.loads(shown["json"])["source"] == "task"
    assert "worker\n     -  error    AL911  task 1: CannotPullContainerError\n        | why" in shown["text"]
