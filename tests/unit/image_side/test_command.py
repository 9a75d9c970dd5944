"""What the words of `docker run IMAGE …` are."""

from __future__ import annotations

import pytest

from airlock_runtime.command import Command


def command(text: str) -> Command:
    return Command.of(text.split(), {"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("scheduler", "scheduler"),
        ("airflow scheduler -n 5", "scheduler"),
        ("api-server --port 1", "api-server"),
        ("celery worker -q a", "celery worker"),
        ("airflow celery worker", "celery worker"),
        ("celery flower", None),
        ("celery", None),
        ("standalone", "standalone"),
        ("scheduler --help", None),
        ("dags list", None),
        ("sh -c scheduler", None),
    ],
)
def test_a_component_is_known_with_and_without_airflow_before_it(text: str, component: str | None) -> None:
    assert command(text).component == component


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("db migrate", True),
        ("dags list", True),
        ("celery worker", True),
        ("version", False),
        ("airflow info", False),
        ("--help", False),
        ("dags --help", False),
        ("sh", False),
        ("", False),
    ],
)
def test_commands_that_say_something_of_the_image_want_no_database(text: str, *, uses: bool) -> None:
    assert command(text).uses_database is uses


@pytest.mark.parametrize(
    ("words", "team"),
    [
        ("celery worker", ""),
        ("celery worker -q a --team blue", "blue"),
        ("celery worker --team=blue", "blue"),
        ("airflow celery worker -t blue", "blue"),
        ("triggerer --team-name blue", ""),
    ],
)
def test_a_worker_may_be_of_a_team(words: str, team: str) -> None:
    assert Command.of(words.split(), {}).team == team
