"""What the witness is shown: the locked wheels under their own names, checked, and pip-tools with its parts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock.errors import CommandError, CorruptError, LockError, UnsealedError
from airlock.witness.tree import closure, gather
from fake_web import store_file
from stores import filled

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = store_file("one-1.whl", b"one"), store_file("other-1.whl", b"other")


def test_wheels_stand_in_one_folder_under_their_own_names(tmp_path: Path) -> None:
    store = filled(tmp_path / "store", {"one-1.whl": b"one", "other-1.whl": b"other"})
    gather(store, [ONE, OTHER], tmp_path / "wheels")
    held = {path.name: path.read_bytes() for path in (tmp_path / "wheels").iterdir()}
    assert held == {"one-1.whl": b"one", "other-1.whl": b"other"}


def test_where_no_hard_links_can_be_made_files_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    gather(filled(tmp_path / "store", {"one-1.whl": b"one"}), [ONE], tmp_path / "wheels")
    assert (tmp_path / "wheels/one-1.whl").read_bytes() == b"one"


def test_two_files_of_one_name_are_refused_and_the_store_stays_as_it_is(tmp_path: Path) -> None:
    store = filled(tmp_path / "store", {"one-1.whl": b"one"})
    evil = store_file("one-1.whl", b"evil")
    store.add(evil, [b"evil"], "a test")
    with pytest.raises(LockError, match=r"airflow\.lock names one-1\.whl more than once"):
        gather(store, [ONE, evil], tmp_path / "wheels")
    assert (store.read(ONE), store.read(evil)) == (b"one", b"evil")


def test_an_altered_or_absent_file_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path / "store", {"one-1.whl": b"one"})
    with pytest.raises(UnsealedError):
        gather(store, [OTHER], tmp_path / "absent")
    store.path(ONE).write_bytes(b"eno")
    with pytest.raises(CorruptError):
        gather(store, [ONE], tmp_path / "altered")
    assert not (tmp_path / "altered" / "one-1.whl").exists()


def test_pip_tools_comes_with_all_that_it_needs_and_nothing_else() -> None:
    names = {one.metadata["Name"] for one in closure("pip-tools")}
    assert names == {
        "pip",
        "pip-tools",
        "click",
        "build",
        "packaging",
        "pyproject_hooks",
        "setuptools",
        "wheel",
    }


def test_a_missing_part_is_told_with_how_it_gets_there() -> None:
    with pytest.raises(CommandError, match="no-such-distribution is not installed beside airlock") as caught:
        closure("no-such-distribution")
    assert "constraints/toolchain.lock" in caught.value.remedy
