"""Where reports go: paths that GitHub finds in the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.report_output import Output, from_checkout
from airlock_spec.check.finding import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path


def paths(project: Path, form: str, *given: str) -> list[str]:
    found = tuple(Finding("AL701", Severity.ERROR, one, 1, "x", "mend it") for one in given)
    return [one.path for one in from_checkout(found, project, Output(form, None))]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "inner" / "dags").mkdir(parents=True)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return tmp_path / "inner"


@pytest.mark.parametrize("form", ["sarif", "github"])
def test_github_reads_paths_from_the_checkout(project: Path, form: str) -> None:
    beside = str(project.parent / "infra" / "main.tf")  # Terraform beside the project, as verify names it

    assert paths(project, form, "dags/a.py", beside) == ["inner/dags/a.py", "infra/main.tf"]


def test_a_resource_without_a_file_and_what_is_elsewhere_keep_their_paths(project: Path) -> None:
    elsewhere = str(project.parent.parent / "main.tf")

    assert paths(project, "sarif", "", elsewhere, "other/a.py") == ["", elsewhere, "other/a.py"]


def test_people_read_paths_from_the_project(project: Path) -> None:
    assert paths(project, "text", "dags/a.py") == ["dags/a.py"]


def test_without_a_checkout_paths_are_the_projects(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE")

    assert paths(project, "github", "dags/a.py") == ["dags/a.py"]
