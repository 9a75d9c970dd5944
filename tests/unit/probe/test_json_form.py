"""Facts and requests on their way between processes."""

from __future__ import annotations

import pytest

from airlock_spec.check import json_form
from airlock_spec.check.facts import Dependencies, File, Isolation, Kind, Place, Problem, Run
from airlock_spec.check.request import Limits, Request


def test_what_is_written_is_read_back() -> None:
    problem = Problem(Kind.CRASH, "gone", Place("a.py", 3))
    file = File("a.py", 1, problems=(problem,), dependencies=Dependencies({"a.py": "00"}))
    run = Run("3.3.2", "3.13.5", Isolation(namespace=True, seccomp=True, notified=False), (file,))
    assert json_form.loads(Run, json_form.dumps(run)) == run
    request = Request(only=("a",), pools=("x",), limits=Limits(seconds=2.5))
    assert json_form.loads(Request, json_form.dumps(request)) == request


def test_defaults_are_left_out() -> None:
    assert json_form.dumps(Request()) == "{}"


@pytest.mark.parametrize(
    "text",
    [
        '{"unknown": 1}',
        '{"only": "a"}',
        '{"limits": []}',
        '{"processes": "2"}',
        "[]",
        '{"limits": {"memory": null}}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is no"):
        json_form.loads(Request, text)
