"""What tasks saw in a report of `airlock verify`: findings by task, and how every destination looked."""

from __future__ import annotations

import json

from airlock.release_settings import Verify
from airlock.verify.task.told import report
from airlock_spec.check.reports import FORMATS, render
from airlock_spec.reach.observed import Attempt, Kind, Observed, Outcome, Sight

LOST = Sight("sqs.eu-west-1.amazonaws.com", Kind.ENDPOINT, unresolved="does not resolve: not known")
SEEN = (
    Observed((LOST,), 2.0, task="api", unknown=("a setting",)),
    Observed(task="worker", stopped=("task 1: CannotPullContainerError", "why")),
)


def test_findings_are_of_the_task_that_saw_them() -> None:
    made = report(SEEN, Verify())

    assert [(one.resource, one.code) for one in made.findings] == [
        ("api", "AL901"),
        ("api", "AL910"),
        ("worker", "AL911"),
    ]
    assert (made.exit_code, report(SEEN[:1], Verify(select=("AL9",))).exit_code, report(()).exit_code) == (
        1,
        1,
        0,
    )
    assert made.summary == "2 errors, 1 note; looked at 1 destination from api, worker in 2.0 s"
    assert made.notes == ("api: endpoint sqs.eu-west-1.amazonaws.com does not resolve: not known",)


def test_it_is_shown_in_every_format() -> None:
    shown = {form: render(report(SEEN, Verify()), form) for form in FORMATS}

    assert all("AL911" in text for text in shown.values())
    assert json.loads(shown["json"])["source"] == "task"
    assert "worker\n     -  error    AL911  task 1: CannotPullContainerError\n        | why" in shown["text"]


def state(seen: tuple[Observed, ...], promise: str) -> str:
    made = report(seen, Verify())
    return next(str(one.state) for one in made.verdicts if one.promise.name == promise)


ANSWERED = Attempt("52.218.0.1", Outcome.ANSWERED, "TLSv1.3, HTTP 403", 0.01)
OUTSIDE = Sight("1.1.1.1:443", Kind.OUTSIDE, attempts=(Attempt("1.1.1.1", Outcome.SILENT, "timed out", 5.0),))


def test_a_place_that_nothing_was_seen_from_promises_nothing() -> None:
    answers = Sight("s3.eu-west-1.amazonaws.com", Kind.GATEWAY, attempts=(ANSWERED,))
    seen = Observed((OUTSIDE, answers), task="api")
    assert state((seen,), "connectivity") == "holds"
    for unseen in (Observed(task="worker", stopped=("no",)), Observed(task="worker", untold=("no",))):
        assert state((seen, unseen), "connectivity") != "holds"


def test_what_was_not_looked_at_promises_nothing() -> None:
    assert state((Observed(task="api"),), "connectivity") == "cannot be known here"
    assert state((Observed((OUTSIDE,)),), "connectivity") == "cannot be known here"
    answers = Sight("s3.eu-west-1.amazonaws.com", Kind.GATEWAY, attempts=(ANSWERED,))
    assert state((Observed((answers,)),), "connectivity") == "holds"


def test_what_is_so_on_purpose_is_accepted() -> None:
    made = report(SEEN, Verify(accept=("AL911 worker: it is being built", "AL901 a*: known")))
    assert ([one.code for one in made.findings], made.accepted, made.exit_code) == (["AL910"], 2, 0)
