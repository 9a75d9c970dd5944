"""ruff's rules for Airflow are part of the report, under their own codes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock.check import ruff
from airlock.check.bundle import Bundle
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from pathlib import Path

OLD = "from airflow import DAG\n\nDAG(dag_id='a', schedule_interval='@daily')\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".gitignore").write_text("*.py")
    (tmp_path / "ruff.toml").write_text("[lint]\nignore = ['AIR']\n")
    (tmp_path / "old.py").write_text(OLD)
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/fine.py").write_text("import os\n")
    return tmp_path


def test_a_removed_argument_is_found_at_its_line(folder: Path) -> None:
    found = [one for one in ruff.findings(Bundle(folder), "dags/") if one.code == "AIR301"]
    assert [(one.path, one.line, one.severity) for one in found] == [("dags/old.py", 3, Severity.WARNING)]
    assert "schedule_interval" in found[0].message
    assert "\n" not in found[0].message
    assert found[0].fix


def test_a_bundle_behind_a_link_is_named_by_the_link(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("other") / "link"
    link.symlink_to(folder)
    assert {one.path for one in ruff.findings(Bundle(link), "dags/")} == {"dags/old.py"}


def test_what_is_style_alone_is_a_note(folder: Path) -> None:
    source = "from airflow.providers.standard.operators.empty import EmptyOperator\n"
    (folder / "old.py").write_text(f"{source}\na = EmptyOperator(task_id='b')\n")
    (found,) = ruff.findings(Bundle(folder), "")
    assert (found.code, found.severity) == ("AIR001", Severity.INFO)


def test_only_what_is_selected_is_looked_at(folder: Path) -> None:
    assert ruff.findings(Bundle(folder, ("sub", "broken.py")), "") == []
    assert ruff.findings(Bundle(folder, ()), "") == []
    assert {one.path for one in ruff.findings(Bundle(folder, ("old.py",)), "")} == {"old.py"}


def test_a_file_that_is_broken_is_left_to_the_parse(folder: Path) -> None:
    assert {one.path for one in ruff.findings(Bundle(folder), "")} == {"old.py"}


def test_a_pipe_that_is_named_as_a_source_is_left_out(folder: Path) -> None:
    os.mkfifo(folder / "sub/pipe.py")
    assert {one.path for one in ruff.findings(Bundle(folder), "")} == {"old.py"}
