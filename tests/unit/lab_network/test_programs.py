"""The verdicts of the tests that run in the lab, and the states of DAGs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.lab import programs
from airlock.lab.programs import Answered, Ran, failing, text_of_dags, text_of_tests

if TYPE_CHECKING:
    from pathlib import Path

LOGS = Answered("logs describe-log-groups", "ADR-001", "logs", holds=False, seconds=3.4, said="no answer")
ECS = Answered("ecs list-clusters", "airlock", "ecs", holds=False, seconds=3.4, said="no answer")
CLAIM = Answered("public names do not resolve", "ADR-001 (claim)", "", holds=False, seconds=0, said="")


def test_the_decisions_own_tests_must_hold_whatever_endpoints_there_are() -> None:
    assert failing([LOGS], ("s3",)) == [LOGS]


def test_a_test_of_an_endpoint_that_is_left_out_need_not_hold() -> None:
    assert failing([ECS, CLAIM], ("s3",)) == []
    assert failing([ECS], ("s3", "ecs")) == [ECS]


def test_a_test_of_no_endpoint_must_hold_but_what_is_only_measured() -> None:
    leak = Answered("a public address is silent", "airlock", "", holds=False, seconds=0, said="it answers")
    measured = Answered("the same", "botocore's defaults", "", holds=False, seconds=180, said="no answer")

    assert failing([leak, measured, CLAIM], ("s3",)) == [leak]


def test_a_file_that_cannot_be_imported_is_told_with_its_reason() -> None:
    text = text_of_dags([Ran("broken.py", "import error", 0.0, "", "ModuleNotFoundError: No module")])

    assert text.splitlines()[-1] == "broken.py: ModuleNotFoundError: No module"


def test_modules_without_a_dag_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import airflow\n")
    (tmp_path / "one.py").write_text("from airflow.sdk import dag\n")

    assert [programs._holds_dag(tmp_path / f"{name}.py") for name in ("helper", "one")] == [False, True]


def test_the_table_says_which_endpoint_is_not_there() -> None:
    lines = text_of_tests([LOGS, ECS], ("logs",)).splitlines()

    assert lines[1].split("  ")[0] == "logs describe-log-groups"
    assert "no ecs" in lines[2]
    assert "does not hold" in lines[2]
    assert "no logs" not in lines[1]


def test_what_a_task_said_that_failed_stands_below_the_table() -> None:
    text = text_of_dags([Ran("a", "success", 1.25, "", ""), Ran("b", "failed", 2.0, "t", "no VPC endpoint")])

    assert text.splitlines()[-1] == "b, t: no VPC endpoint"
    assert "1.2" in text.splitlines()[1]


def test_where_nothing_failed_nothing_stands_there() -> None:
    assert text_of_dags([Ran("a", "success", 1.0, "", "")]).count("\n") == 1
