from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from airlock import writing

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_content_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    writing.write(path, "old")
    with writing.replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert (path.read_text(), names(path.parent)) == ("new", ["file"])
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    writing.write(tmp_path / "file", "old")

    def interrupted() -> None:
        with writing.replacing(tmp_path / "file") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ((tmp_path / "file").read_text(), names(tmp_path)) == ("old", ["file"])


def test_what_a_killed_process_left_is_removed_by_the_next_writer(tmp_path: Path) -> None:
    (tmp_path / ".airlock-abandoned.part").write_text("half")
    writing.write(tmp_path / "file", "x")
    assert names(tmp_path) == ["file"]


def test_what_another_process_writes_is_left_alone(tmp_path: Path) -> None:
    with writing.replacing(tmp_path / "one") as one:
        one.write(b"1")
        writing.write(tmp_path / "two", "2")
    assert names(tmp_path) == ["one", "two"]


def test_a_file_that_is_taken_for_abandoned_before_it_is_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    taken: list[str] = []

    def late(descriptor: int, how: int) -> None:
        if not taken:
            taken.extend(names(tmp_path))
            (tmp_path / taken[0]).unlink()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    writing.write(tmp_path / "file", "x")
    assert (names(tmp_path), len(taken)) == (["file"], 1)


def test_a_symlink_of_such_a_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / ".airlock-link.part").symlink_to("target")
    writing.remove_abandoned(tmp_path)
    assert names(tmp_path) == [".airlock-link.part", "target"]


def test_a_temporary_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".download.part").write_text("theirs")
    writing.write(tmp_path / "file", "x")
    assert names(tmp_path) == [".download.part", "file"]


def test_a_folder_that_was_pruned_for_being_empty_is_made_again(tmp_path: Path) -> None:
    with writing.new(tmp_path) as (_, name):
        name("pruned/file")
    assert names(tmp_path / "pruned") == ["file"]


def test_a_lock_is_told_without_being_made(tmp_path: Path) -> None:
    with writing.alone(tmp_path / "lock") as alone:
        assert not alone
    assert names(tmp_path) == []
    (tmp_path / "lock").touch(0o444)
    with writing.alone(tmp_path / "lock") as alone, writing.alone(tmp_path / "lock") as another:
        assert (alone, another) == (True, False)
