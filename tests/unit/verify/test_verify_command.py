"""`airlock verify` as it is typed: what it refuses before it looks, and how settings and options go together."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from airlock import cli
from airlock.errors import ConfigError, TerraformError
from airlock_spec.reach.observed import Kind, Observed, Sight

if TYPE_CHECKING:
    from pathlib import Path

LOST = Sight("sqs.eu-west-1.amazonaws.com", Kind.ENDPOINT, unresolved="does not resolve: not known")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project with a folder of Terraform, a plan that nobody gets to read, and what a task said."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text('variable "executor" {\n  type = string\n}\n')
    (tmp_path / "plan.json").write_text("{}")
    seen = Observed((LOST,), 2.0, task="api")
    (tmp_path / "seen.json").write_text(json.dumps({"observed": seen.plain()}))
    configure(tmp_path)
    return tmp_path


def configure(project: Path, *lines: str) -> None:
    (project / "pyproject.toml").write_text("\n".join(["[tool.airlock.verify]", *lines, ""]))


def run(project: Path, *arguments: str) -> int:
    whole = [argument.replace("PROJECT", str(project)) for argument in arguments]
    argv = ["airlock", "--project", str(project), "verify", *whole]
    with patch.object(sys, "argv", argv), pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code or 0
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "one of --terraform DIR, --live and --from-task"),
        ("--terraform PROJECT/infra --live", "of --terraform and --live only one"),
        ("--live --from-task -", "of --live and --from-task only one"),
        ("--policy", "airlock verify --live --policy"),
        ("--terraform PROJECT/infra --policy", "airlock verify --live --policy"),
        ("--live --var a=1", "--var is for --terraform, and this looks by --live"),
        ("--terraform PROJECT/infra --vpc vpc-1", "--vpc is for --live"),
        ("--from-task - --cluster prod", "--cluster is for --live, and this looks by --from-task"),
        ("--live --service api", "--service is for --from-task"),
        ("--terraform PROJECT/infra --dry-run", "--dry-run is for --from-task"),
        ("--from-task PROJECT/seen.json --dags", "--dags is for --terraform or --live"),
        ("--from-task PROJECT/seen.json --dry-run", "a report is only read"),
        ("--from-task PROJECT/seen.json --service api", "a report is only read"),
        ("--terraform PROJECT/infra --var executor", "'executor' is not NAME=VALUE"),
        ("--terraform PROJECT/infra --var =1", "'=1' is not NAME=VALUE"),
        ("--terraform PROJECT/plan.json --var executor=a", "has its values in it"),
        ("--live --select AL1", "--select names AL1, with which no code of a rule begins"),
        ("--live --ignore AL799", "perhaps you meant AL7"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_looked_at(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert run(project, *arguments.split()) == 2

    told = capsys.readouterr()
    assert said in " ".join(told.err.split())
    assert told.out == ""


def test_a_variable_that_the_folder_does_not_have_is_refused_with_the_nearest(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "--terraform", "PROJECT/infra", "--var", "executer=a") == TerraformError.exit_code

    told = capsys.readouterr().err
    assert "has no variable executer" in told
    assert "--var executor=…" in told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('terraform = "nowhere"', "there is no nowhere to look at"),
        ('terraform = "infra"\nselect = ["AL1"]', "select names AL1"),
        ('terraform = "infra"\naccept = ["AL799 *: on purpose"]', "accept names AL799"),
    ],
)
def test_a_configuration_that_names_what_is_not_there_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    configure(project, line)

    assert run(project) == ConfigError.exit_code
    assert said in capsys.readouterr().err


def test_what_a_task_saw_blocks_unless_it_is_accepted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "--from-task", "PROJECT/seen.json", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in document["findings"]] == ["AL901"]
    assert document["duration"] == 2.0  # the task's, not that of reading its report

    configure(project, 'accept = ["AL901 api: no queues yet", "AL903 api: slow", "AL701 aws_x.y: elsewhere"]')
    assert run(project, "--from-task", "PROJECT/seen.json", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["findings"], document["summary"]["accepted"]) == ([], 1)
    assert [one for one in document["notes"] if "accepted" in one] == [
        "accepted, and not found: AL903 api: slow"  # AL701 is none that a task could tell
    ]
    verdicts = {one["promise"]: one["verdict"] for one in document["verdicts"]}
    assert verdicts["calls"] == "does not hold"


@pytest.mark.parametrize(("arguments", "code"), [(["--fail-on", "none"], 0), (["--ignore", "AL901"], 0)])
def test_options_decide_what_blocks(project: Path, arguments: list[str], code: int) -> None:
    assert run(project, "--from-task", "PROJECT/seen.json", *arguments) == code
