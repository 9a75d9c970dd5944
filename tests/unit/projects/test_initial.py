from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.errors import InitError, StorageError
from airlock.locks import pip_constraints
from airlock.projects import initial
from airlock.projects.initial import How
from airlock.projects.template import Wishes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.projects.initial import Planned

WISHES = Wishes("x/airflow", "3.3.2", "linux/amd64")


def planned(root: Path) -> dict[str, Planned]:
    return {file.path: file for file in initial.plan(root, WISHES)}


def refused(root: Path) -> list[str]:
    with pytest.raises(InitError, match="has no place for a project") as caught:
        initial.plan(root, WISHES)
    return caught.value.cause.splitlines()


def check_and_plan(root: Path) -> list[Planned]:
    initial.refuse_a_project(root)
    return initial.plan(root, WISHES)


def everything(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_an_empty_or_missing_folder_gets_every_file(tmp_path: Path) -> None:
    initial.write(tmp_path / "new", initial.plan(tmp_path / "new", WISHES))

    library = "image/rootfs/opt/airlock/"  # as long as it is: the image of every project has the same
    assert {path for path in everything(tmp_path / "new") if not path.startswith(library)} == {
        ".github/workflows/airlock.yml",
        ".gitignore",
        "constraints/airflow.in",
        "constraints/debian.in",
        "dags/hello.py",
        "image/image.toml",
        "image/rootfs/entrypoint",
        "image/rootfs/opt/airflow/airflow.cfg",
        "image/rootfs/usr/local/bin/airlock-check",
        "image/rootfs/usr/local/bin/airlock-health",
        "image/rootfs/usr/local/bin/airlock-verify",
        "pyproject.toml",
    }
    assert f"{library}lib/airlock_runtime/settings.py" in everything(tmp_path / "new")


def test_what_is_there_stays_as_it_is_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "constraints").mkdir()
    (tmp_path / "constraints" / "airflow.in").write_text("mine\n")
    plan = planned(tmp_path)
    initial.write(tmp_path, list(plan.values()))

    assert plan["constraints/airflow.in"].how is How.KEPT
    assert "dags/hello.py" not in plan
    assert (tmp_path / "constraints" / "airflow.in").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'[project]\nname = "x"\n', b'[project]\nname = "x"\n\n[tool.airlock]\n'),
        (b'[project]\r\nname = "x"\r\n', b'[project]\r\nname = "x"\r\n\r\n[tool.airlock]\r\n'),
        (b"[tool.ruff] # no end of line", b"[tool.ruff] # no end of line\n\n[tool.airlock]\n"),
    ],
)
def test_a_table_is_added_to_pyproject_and_nothing_before_it_changes(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(before)
    path.chmod(0o600)

    initial.write(tmp_path, initial.plan(tmp_path, WISHES))

    assert path.read_bytes().startswith(after)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "before", ["tool = {}\n", "[tool]\nruff = {}\n[tool.ruff]\n", "not toml", "\x00", "[[tool]]\n"]
)
def test_a_pyproject_that_no_table_can_be_added_to_is_refused(tmp_path: Path, before: str) -> None:
    (tmp_path / "pyproject.toml").write_text(before)
    with pytest.raises(InitError, match=r"cannot be (read|added to)"):
        check_and_plan(tmp_path)
    assert everything(tmp_path) == {"pyproject.toml": before.encode()}


def test_a_project_is_not_made_twice(tmp_path: Path) -> None:
    initial.write(tmp_path, initial.plan(tmp_path, WISHES))
    with pytest.raises(InitError, match="is an airlock project already"):
        initial.refuse_a_project(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InitError, match="is not a folder"):
        initial.refuse_a_project(tmp_path / "file")


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b"/build/\n/.toolchain/\n"), (b"*.pyc\nbuild/", b"*.pyc\nbuild/\n/.toolchain/\n")],
)
def test_gitignore_gets_the_lines_that_it_lacks(tmp_path: Path, before: bytes, after: bytes) -> None:
    (tmp_path / ".gitignore").write_bytes(before)
    initial.write(tmp_path, initial.plan(tmp_path, WISHES))
    assert (tmp_path / ".gitignore").read_bytes() == after


def test_all_that_stands_in_the_way_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "constraints").write_text("")
    (tmp_path / "image" / "image.toml").mkdir(parents=True)
    (tmp_path / ".gitignore").symlink_to("elsewhere")
    (tmp_path / ".github").symlink_to(tmp_path.parent)
    before = everything(tmp_path)

    assert refused(tmp_path) == [
        "constraints is in the place of a folder",
        "image/image.toml is in the place of a file",
        ".github leads outside the project's folder",
        ".gitignore is in the place of a file",
    ]
    assert everything(tmp_path) == before


def test_a_file_that_locking_would_overwrite_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "constraints").mkdir()
    (tmp_path / "constraints" / "constraints.txt").write_text("pandas==2\n")
    assert refused(tmp_path) == [
        "constraints/constraints.txt is a file that `airlock lock` writes, over what is there"
    ]


def test_the_file_that_locking_writes_has_the_name_that_is_guarded(tmp_path: Path) -> None:
    initial.write(tmp_path, initial.plan(tmp_path, WISHES))
    found = config.load(tmp_path, environ={})
    assert pip_constraints.path(found) == tmp_path / initial._LOCKS_OWN


def test_lines_are_not_added_to_what_a_symlink_names(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("")
    (tmp_path / "pyproject.toml").symlink_to("other.toml")
    assert refused(tmp_path) == ["pyproject.toml is a symlink, and lines would be added to it"]


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "image").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).name != "image")  # root may write anywhere
    assert refused(tmp_path) == ["image cannot be written to"]


def test_what_was_written_before_a_failure_is_removed(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    files: Sequence[Planned] = initial.plan(tmp_path, WISHES)
    (tmp_path / "pyproject.toml").mkdir()  # meanwhile

    with pytest.raises(StorageError, match="cannot be written to") as caught:
        initial.write(tmp_path, files)

    assert "pyproject.toml" in caught.value.cause
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["image", "pyproject.toml"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    files = initial.plan(tmp_path / "new", WISHES)
    (tmp_path / "new").write_text("meanwhile")
    with pytest.raises(StorageError, match="new cannot be written to"):
        initial.write(tmp_path / "new", files)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    initial.write_nothing(tmp_path, initial.plan(tmp_path, WISHES))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Shop", "shop/airflow"), ("My_Shop (2)", "my-shop-2/airflow"), ("\x1b", ""), ("é", "")],
)
def test_the_image_is_named_after_the_folder(folder: str, name: str) -> None:
    assert initial.image_name(Path("/srv") / folder) == name
