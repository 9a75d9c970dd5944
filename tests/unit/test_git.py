"""A project's place in git: its commit, what is not in it, and where it came from without credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import committing
from airlock import git
from airlock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "project"
    (folder / "image").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.airlock]\n")
    (folder / "image" / "image.toml").write_text("")
    (folder.parent / ".gitignore").write_text("__pycache__\n*.secret\n/ignored/\n")
    committing.git(folder.parent, "init", "--quiet")
    committing.git(folder.parent, "add", "--all")
    committing.git(folder.parent, "commit", "--quiet", "-m", "one")
    return folder


def test_a_clean_project_has_its_commit_alone(project: Path) -> None:
    assert git.state(project) == git.State(committing.git(project, "rev-parse", "HEAD"), (), "", "project")
    assert git.state(project.parent).folder == ""


def test_what_is_changed_staged_removed_or_untracked_is_dirty(project: Path) -> None:
    (project / "new file").write_text("")
    (project / "pyproject.toml").write_text("[tool]\n")
    (project / "image" / "image.toml").unlink()
    (project / "staged").write_text("")
    committing.git(project, "add", "staged")
    assert git.state(project).dirty == ("image/image.toml", "new file", "pyproject.toml", "staged")


def test_what_was_composed_is_no_dirt_though_nothing_ignores_it(project: Path) -> None:
    (project / "build" / "image").mkdir(parents=True)
    (project / "build" / "image" / "index.json").write_text("")
    assert git.state(project).dirty == ()
    committing.git(project, "add", "--all")
    assert git.state(project).dirty == ("build/image/index.json",)


def test_what_lies_beside_the_project_is_not_its_dirt(project: Path) -> None:
    (project.parent / "other").write_text("")
    assert git.state(project).dirty == ()


def test_of_ignored_files_those_that_come_into_the_image_are_dirty(project: Path) -> None:
    for name in ("image/a.secret", "image/__pycache__/m.pyc", "notes.secret"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("")
    assert git.state(project).dirty == ("image/a.secret",)


def test_of_ignored_files_those_that_a_distribution_is_built_from_are_dirty(project: Path) -> None:
    (project.parent / ".gitignore").write_text("*.secret\n__pycache__\nbuild/\n.cache/\n/project/whole/\n")
    committing.git(project, "commit", "--quiet", "-am", "two")
    for name in (
        "operators/src/build/m.py",
        "operators/src/a.secret",
        "operators/src/__pycache__/m.pyc",
        "operators/build/m.py",
        "operators/.cache/m.py",
        "others/a.secret",
        "whole/inner/m.py",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / "operators" / "m.py").write_text("")
    committing.git(project, "add", "--all")
    committing.git(project, "commit", "--quiet", "-m", "three")
    folders = [project / "operators", project / "whole" / "inner"]
    assert git.state(project, folders).dirty == ("operators/src/a.secret", "operators/src/build/", "whole/")
    assert git.state(project).dirty == ()


def test_a_project_that_the_repository_around_it_ignores_is_not_clean(project: Path) -> None:
    folder = project.parent / "ignored" / "inner"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("")
    assert git.state(folder).dirty == (".",)


@pytest.mark.parametrize(
    ("told", "remote"),
    [
        ("https://someone:hunter2@git.example.org/team/airflow.git?token=hunter2", "https://git.example.org/team/airflow.git"),
        ("https://hunter2@git.example.org/team/airflow.git", "https://git.example.org/team/airflow.git"),
        ("git@git.example.org:team/airflow.git", "ssh://git.example.org/team/airflow.git"),
        ("someone:hunter2@git.example.org:team/airflow.git", "ssh://git.example.org/team/airflow.git"),
        ("ssh://git@git.example.org:2222/airflow.git", "ssh://git.example.org:2222/airflow.git"),
        ("/srv/git/airflow.git", ""),
        ("../airflow", ""),
        ("file:///srv/git/airflow.git", ""),
    ],
)  # fmt: skip
def test_the_remote_is_told_without_credentials(project: Path, told: str, remote: str) -> None:
    committing.git(project, "remote", "add", "origin", told)
    assert git.state(project).remote == remote


def test_a_hook_s_variables_do_not_mislead(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = git.state(project)
    monkeypatch.setenv("GIT_DIR", str(project / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project / "elsewhere"))
    assert git.state(project) == before


def test_a_revision_is_a_commit_or_nothing(project: Path) -> None:
    head = committing.git(project, "rev-parse", "HEAD")
    committing.git(project, "tag", "v1")
    assert [git.commit(project, name) for name in ("v1", head, "0" * 40, "-x", "")] == [
        head,
        head,
        None,
        None,
        None,
    ]


def test_a_file_is_had_as_a_commit_has_it(project: Path) -> None:
    (project / "pyproject.toml").write_text("changed")
    assert git.blob(project, "HEAD", "project/pyproject.toml") == b"[tool.airlock]\n"
    assert git.blob(project, "HEAD", "none") is None


def test_outside_of_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="git finds no repository around"):
        git.state(tmp_path)


def test_a_repository_without_a_commit_is_refused(tmp_path: Path) -> None:
    committing.git(tmp_path, "init", "--quiet")
    with pytest.raises(ConfigError, match="has no commit"):
        git.state(tmp_path)


def test_what_git_says_of_a_folder_counts_that_folder_alone(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "dags" / "team").mkdir(parents=True)
    (top / ".gitignore").write_text("*.env\n/dags/data/\n")
    (top / "dags" / "with space.py").write_text("1")
    (top / "dags" / "gone.py").write_text("1")
    committing.git(top, "init", "--quiet")
    committing.git(top, "add", "--all")
    committing.git(top, "commit", "--quiet", "--message", "one")
    (top / "other.py").write_text("1")
    for path in ("team/new.py", "team/secret.env", "data/x.csv", "with space.py"):
        (top / "dags" / path).parent.mkdir(exist_ok=True)
        (top / "dags" / path).write_text("2")
    (top / "dags" / "gone.py").unlink()
    found = git.content(top / "dags")
    assert found.commit == committing.git(top, "rev-parse", "HEAD")
    assert found.dirty == ("gone.py", "team/new.py", "with space.py")
    assert found.ignored == ("data", "team/secret.env")


def test_outside_of_git_nothing_is_known_of_a_folder_and_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "ask", None)
    assert git.content(tmp_path) == git.Content("", (), ())


def test_a_repository_that_git_refuses_to_read_is_an_error_and_not_none(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(ConfigError, match="what git knows of"):
        git.content(tmp_path)
