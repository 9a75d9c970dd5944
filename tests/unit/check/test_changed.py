"""What a change can affect: importers, what read it before, and everything where it decides everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import config, process
from airlock.check import changed, listing
from airlock.check.bundle import Bundle
from airlock.errors import CheckError
from airlock_spec.check.facts import Dependencies, File

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "dags/one.py": "import lib.helper",
        "dags/two.py": "import os",
        "dags/lib/helper.py": "",
        "dags/sql/q.sql": "",
        "plugins/p.py": "",
        "docs/x.md": "",
        "pyproject.toml": '[tool.airlock]\ndistributions = ["own"]\n',
        "own/pyproject.toml": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def affected(project: Path, *names: str, known: tuple[File, ...] = ()) -> tuple[str, ...] | None:
    folder = project / "dags"
    return changed.affected(
        [project / name for name in names],
        Bundle(folder),
        listing.read(folder),
        known,
        config.load(project, environ={}),
    )


def known(**dependencies: Dependencies) -> tuple[File, ...]:
    return tuple(File(f"{name}.py", 0.1, dependencies=one) for name, one in dependencies.items())


def test_a_helper_concerns_who_imports_it(project: Path) -> None:
    assert affected(project, "dags/lib/helper.py") == ("lib/helper.py", "one.py")


def test_a_removed_module_concerns_who_imports_it(project: Path) -> None:
    (project / "dags/lib/helper.py").unlink()
    assert affected(project, "dags/lib/helper.py") == ("one.py",)


def test_a_file_outside_concerns_the_links_that_lead_to_it(project: Path) -> None:
    (project / "shared").mkdir()
    (project / "shared/three.py").write_text("")
    (project / "dags/link").symlink_to("../shared")
    (project / "dags/two.py").unlink()
    (project / "dags/two.py").symlink_to("link/three.py")
    assert affected(project, "shared/three.py") == ("link/three.py", "two.py")


def test_what_is_outside_concerns_nobody(project: Path) -> None:
    assert affected(project, "docs/x.md") == ()


@pytest.mark.parametrize(
    "name",
    [
        "pyproject.toml",
        "constraints/airflow.lock",
        "image/image.toml",
        "plugins/p.py",
        "own/module.py",
        "dags/lib/.airflowignore",
    ],
)
def test_what_decides_the_image_or_the_dag_files_concerns_all(project: Path, name: str) -> None:
    assert affected(project, name) is None


def test_data_concerns_those_that_read_it_and_those_of_which_nothing_is_known(project: Path) -> None:
    reads, other = Dependencies({"one.py": "", "sql/q.sql": ""}), Dependencies({"two.py": ""})
    assert affected(project, "dags/sql/q.sql", known=known(one=reads, two=other)) == (
        "lib/helper.py",
        "one.py",
        "sql/q.sql",
    )
    assert affected(project, "dags/sql/q.sql", known=known(one=other)) == (
        "lib/helper.py",
        "sql/q.sql",
        "two.py",
    )


def git(folder: Path, *arguments: str) -> None:
    process.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.invalid", *arguments])


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "first")
    return project


def test_what_changed_is_committed_staged_unstaged_or_new(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "topic")
    (repository / "dags/one.py").write_text("1")
    git(repository, "commit", "-q", "-a", "-m", "second")
    (repository / "dags/two.py").write_text("2")
    (repository / "dags/lib/helper.py").unlink()
    git(repository, "add", "dags/lib/helper.py")
    (repository / "dags/ü new.py").write_text("")
    found = {path.relative_to(repository).as_posix() for path in changed.since("main", repository)}
    assert found == {"dags/one.py", "dags/two.py", "dags/lib/helper.py", "dags/ü new.py"}


def test_in_a_hook_of_git_the_same_has_changed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    (repository / "dags/two.py").write_text("import sys")
    assert changed.since("main", repository / "dags") == {repository / "dags/two.py"}


def test_what_the_other_branch_changed_since_does_not_count(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "topic")
    git(repository, "checkout", "-q", "main")
    (repository / "dags/one.py").write_text("1")
    git(repository, "commit", "-q", "-a", "-m", "second")
    git(repository, "checkout", "-q", "topic")
    assert changed.since("main", repository) == set()


@pytest.mark.parametrize("revision", ["nowhere", "--output=/tmp/x"])
def test_an_unknown_revision_is_an_error(repository: Path, revision: str) -> None:
    with pytest.raises(CheckError, match="is not known"):
        changed.since(revision, repository)


def test_without_a_repository_it_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    with pytest.raises(CheckError) as caught:
        changed.since("main", project)
    assert "not a git repository" in caught.value.cause
