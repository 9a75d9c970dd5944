"""What comes into a release, and what cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock.errors import PublishError
from airlock.releases import tree

if TYPE_CHECKING:
    from pathlib import Path


def make(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"# {path}\n")
    return folder


def paths(found: tree.Tree) -> list[str]:
    return [file.path for file in found.files]


def test_a_release_holds_all_files_in_the_order_of_their_paths(tmp_path: Path) -> None:
    top = make(tmp_path, "b.py", "a/x.sql", "a-b.py", "a/.airflowignore", "é.py", "a/y/z.py")
    assert paths(tree.read(top)) == ["a-b.py", "a/.airflowignore", "a/x.sql", "a/y/z.py", "b.py", "é.py"]


def test_bytecode_hidden_folders_and_virtual_environments_at_the_top_stay_out(tmp_path: Path) -> None:
    top = make(
        tmp_path, "a.py", "__pycache__/a.cpython-313.pyc", "b.pyc", ".git/HEAD", "env/pyvenv.cfg", "env/x.py"
    )
    assert paths(tree.read(top)) == ["a.py"]


def test_what_is_ignored_stays_out_with_all_that_is_below_it(tmp_path: Path) -> None:
    found = tree.read(make(tmp_path, "a.py", "data/big.csv", "secret.env"), ("data", "secret.env"))
    assert paths(found) == ["a.py"]
    assert found.left_out == ("data", "secret.env")


def test_only_that_the_owner_may_execute_a_file_is_kept_of_its_mode(tmp_path: Path) -> None:
    top = make(tmp_path, "run.sh", "a.py")
    (top / "run.sh").chmod(0o700)
    (top / "a.py").chmod(0o600)
    assert {file.path: file.executable for file in tree.read(top).files} == {"run.sh": True, "a.py": False}


def test_links_to_what_is_inside_are_published_as_what_they_lead_to(tmp_path: Path) -> None:
    top = make(tmp_path / "dags", "a.py", "team/b.py")
    (top / "link.py").symlink_to("a.py")
    (top / "other").symlink_to("team")
    (top / "team" / "up").symlink_to("..")  # without an end, if it were followed
    found = tree.read(top)
    assert paths(found) == ["a.py", "link.py", "other/b.py", "team/b.py"]
    assert found.files[0].sha256 == found.files[1].sha256


def test_all_that_cannot_be_published_is_told_at_once(tmp_path: Path) -> None:
    top = make(tmp_path / "dags", "a.py")
    outside = make(tmp_path, "secret.py") / "secret.py"
    (top / "out.py").symlink_to(outside)
    (top / "nowhere.py").symlink_to("none.py")
    (top / "folder").symlink_to(tmp_path)
    os.mkfifo(top / "pipe")
    with pytest.raises(PublishError) as told:
        tree.read(top)
    assert f"out.py: a link that leads out, to {outside}" in told.value.cause
    assert f"folder: a link that leads out, to {tmp_path}" in told.value.cause
    assert "nowhere.py: a link that leads nowhere" in told.value.cause
    assert "pipe: it is no file" in told.value.cause


def test_a_file_that_cannot_be_read_is_an_error_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = make(tmp_path, "a.py")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("not you")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(PublishError, match="cannot be read"):
        tree.read(top)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="there is no folder of DAGs"):
        tree.read(tmp_path / "none")


@pytest.mark.parametrize("change", ["content", "same size", "removed"])
def test_what_changes_after_it_was_read_is_noticed(tmp_path: Path, change: str) -> None:
    top = make(tmp_path, "a.py")
    found = tree.read(top)
    found.require_unchanged()
    old = found.files[0].sha256
    if change == "removed":
        (top / "a.py").unlink()
    else:
        (top / "a.py").write_text("# b.py\n" if change == "same size" else "# other\n")
    with pytest.raises(PublishError, match="was changed while it was being published"):
        found.require_unchanged()
    with pytest.raises(PublishError, match="was changed while it was being published"):
        found.content(old)
