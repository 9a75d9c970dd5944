from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.errors import ConfigError
from airlock.locks import intent

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.config import Config


def test_comments_go_and_requirements_get_one_spelling(project: Config) -> None:
    asked = intent.read(project).airflow[0]
    assert (asked.source, asked.line) == ("constraints/airflow.in", 2)
    assert asked.requirement == "apache-airflow[a,b]==3.3.2"


def test_what_the_distributions_of_the_image_require_is_locked_but_not_themselves(project: Config) -> None:
    wanted = intent.read(project).airflow[1:]
    assert intent.pairs(wanted) == (("operators/pyproject.toml", "boto3>=1"),)
    assert wanted[0].line == 5


def test_debian_lines_are_left_as_they_are(project: Config) -> None:
    assert [one.requirement for one in intent.read(project).debian] == ["python3", "libc6 [amd64]"]


def test_the_toolchain_is_what_runs_tests_and_builds_airlock(project: Config) -> None:
    wanted = [one.requirement for one in intent.read(project).toolchain]
    assert wanted == ["click>=3", "pytest", "types-requests", "hatchling", "hatchling"]


def test_any_other_project_has_no_toolchain(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "dags"\ndependencies = ["apache-airflow"]\n')
    (tmp_path / "constraints").mkdir()
    (tmp_path / "constraints/airflow.in").write_text("apache-airflow\n")
    (tmp_path / "constraints/debian.in").write_text("python3\n")
    found = intent.read(config.load(tmp_path, environ={}))
    assert found.toolchain == ()
    assert intent.pairs(found.airflow) == (("constraints/airflow.in", "apache-airflow"),)


def test_all_problems_are_said_at_once(project: Config) -> None:
    (project.constraints / "airflow.in").write_text(
        "--index-url https://index.example.invalid\n-r more.txt\nfoo @ https://example.invalid/foo.whl\n!bad\nok\n"
        "long \\\n"
    )
    (project.constraints / "debian.in").unlink()
    (project.project / "operators/pyproject.toml").write_text(
        '[project]\nname = "o"\ndynamic = ["dependencies"]\n'
    )
    with pytest.raises(ConfigError) as caught:
        intent.read(project)
    problems = caught.value.cause.splitlines()
    assert [problem.partition(" ")[0] for problem in problems] == [
        "constraints/airflow.in:1:",
        "constraints/airflow.in:2:",
        "constraints/airflow.in:3:",
        "constraints/airflow.in:4:",
        "constraints/airflow.in:6:",
        "operators/pyproject.toml:",
        "constraints/debian.in",
    ]
    assert "airlock takes packages from indexes only" in problems[2]


def test_an_empty_intent_is_refused(project: Config) -> None:
    (project.constraints / "airflow.in").write_text("# nothing yet\n")
    with pytest.raises(ConfigError, match="does not say clearly") as caught:
        intent.read(dataclasses.replace(project, distributions=()))
    assert "asks for nothing" in caught.value.cause
