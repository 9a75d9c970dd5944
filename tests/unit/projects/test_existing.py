from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import InitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.projects.findings import Findings

    Read = Callable[..., Findings]


def test_an_empty_folder_has_nothing(found: Read) -> None:
    findings = found({})
    assert (findings.requirements, findings.debian, findings.left, findings.kinds) == ([], [], [], [])


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        ({"requirements.txt": "a\n"}, ["a requirements file"]),
        (
            {"Dockerfile": "FROM registry.example/astro-runtime:12.0.0\n", "requirements.txt": "a\n"},
            ["an Astro project"],
        ),
        ({"requirements.txt": "--find-links /usr/local/airflow/plugins\n"}, ["requirements for MWAA"]),
        ({"Dockerfile": "FROM apache/airflow:3.1.5\n"}, ["an image of its own FROM the official one"]),
    ],
)
def test_the_kind_of_a_project_is_told(found: Read, files: dict[str, str], kinds: list[str]) -> None:
    assert found(files).kinds == kinds


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements/requirements.txt", "dags/requirements.txt"]
)
def test_requirements_are_found_where_projects_keep_them(found: Read, name: str) -> None:
    assert [str(one.line) for one in found({name: "pandas\n"}).requirements] == [f"{name}:1"]


def test_other_files_are_read_where_they_are_asked_for(found: Read) -> None:
    findings = found(
        {"requirements.txt": "a\n", "prod.txt": "b\n", "more.txt": "c\n"}, "prod.txt", "more.txt"
    )
    assert [one.text for one in findings.requirements] == ["b", "c"]


def test_dependencies_of_a_pyproject_are_taken_where_there_are_no_requirements(found: Read) -> None:
    text = (
        '[project]\nname = "x"\ndependencies = [\n  "pandas >=2",\n  "apache-airflow==3.1.5",\n  "./x",\n]\n'
    )
    findings = found({"pyproject.toml": text})
    assert [f"{one.line}: {one.text}" for one in findings.requirements] == ["pyproject.toml:4: pandas>=2"]
    assert [pin.version for pin in findings.pins] == ["3.1.5"]
    assert findings.kinds == ["a pyproject.toml with dependencies"]
    assert [str(one.line) for one in findings.left] == ["pyproject.toml:6"]


def test_debian_packages_are_taken_by_name(found: Read) -> None:
    findings = found({"packages.txt": "git\n# comment\nlibgomp1 unixodbc=2.3\n\nNo_Name\n--force\x1b[2J\n"})
    assert [f"{one.line}: {one.text}" for one in findings.debian] == [
        "packages.txt:1: git",
        "packages.txt:3: libgomp1",
        "packages.txt:3: unixodbc=2.3",
    ]
    assert [str(one.line) for one in findings.left] == ["packages.txt:5", "packages.txt:6"]


def test_what_has_no_place_in_an_image_is_told(found: Read) -> None:
    findings = found({"include/q.py": "", "plugins/.gitkeep": "", "airflow_settings.yaml": "", ".env": "A=1"})
    assert [one.line.source for one in findings.left] == ["include", "airflow_settings.yaml", ".env"]


def test_all_files_that_cannot_be_read_are_told_at_once(found: Read, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").mkdir()
    (tmp_path / "Dockerfile").symlink_to("Dockerfile")
    (tmp_path / "packages.txt").symlink_to(tmp_path.parent / "elsewhere")

    with pytest.raises(InitError) as caught:
        found({})

    assert caught.value.cause.splitlines() == [
        "requirements.txt: it is not a file",
        "Dockerfile: Too many levels of symbolic links",
        "packages.txt: it lies outside the project's folder",
    ]


def test_a_file_asked_for_has_to_be_there(found: Read) -> None:
    with pytest.raises(InitError, match="cannot be read") as caught:
        found({}, "prod.txt", "../x.txt")
    assert "prod.txt: No such file or directory" in caught.value.cause
