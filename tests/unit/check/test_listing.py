"""What is in a bundle, and whether facts still hold for it."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from airlock.check import listing
from airlock_spec.check.facts import Dependencies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.py").write_text("1")
    (tmp_path / "sub/data.sql").write_text("select")
    (tmp_path / "sub/.airflowignore").write_text("x")
    return tmp_path


def test_every_file_is_known_by_its_content(folder: Path) -> None:
    found = listing.read(folder)
    assert found.files["one.py"] == sha256(b"1").hexdigest()
    assert found.folders == {"": ("one.py", "sub"), "sub": (".airflowignore", "data.sql")}
    assert sorted(found.data) == ["sub/.airflowignore", "sub/data.sql"]


def test_the_digest_knows_contents_and_names(folder: Path) -> None:
    first = listing.read(folder).digest
    assert listing.read(folder).digest == first
    (folder / "one.py").write_text("2")
    second = listing.read(folder).digest
    (folder / "empty").mkdir()
    assert len({first, second, listing.read(folder).digest}) == 3


def test_what_no_deployment_carries_counts_as_empty(folder: Path) -> None:
    for name in (".git/config", "env/pyvenv.cfg", "env/lib/x.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    assert listing.hidden(folder) == [".git", "env"]
    found = listing.read(folder)
    assert found.folders[""] == (".git", "env", "one.py", "sub")
    assert found.folders[".git"] == found.folders["env"] == ()
    assert not any(path.startswith((".git", "env")) for path in found.files)


def test_links_are_followed_and_loops_end(folder: Path) -> None:
    (folder / "sub/up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "sub")
    found = listing.read(folder)
    assert "again/data.sql" in found.files
    assert "sub/up/one.py" not in found.files


def test_what_cannot_be_read_never_equals_anything(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "nowhere").symlink_to("gone")
    found = listing.read(folder)
    assert found.files["pipe"] == found.files["nowhere"] == listing.UNREADABLE


def depend(changes: dict[str, str]) -> Dependencies:
    return Dependencies({"one.py": sha256(b"1").hexdigest()} | changes)


def test_facts_hold_while_all_they_depend_on_does(folder: Path) -> None:
    assert listing.read(folder).holds(depend({}))


def test_facts_do_not_hold_after_a_change(folder: Path) -> None:
    (folder / "one.py").write_text("2")
    assert not listing.read(folder).holds(depend({}))


def test_facts_do_not_hold_where_a_file_is_gone(folder: Path) -> None:
    assert not listing.read(folder).holds(depend({"gone.py": "0"}))


@pytest.mark.parametrize("path", ["two.py", "sub/more"])
def test_a_new_path_changes_the_names(folder: Path, path: str) -> None:
    before = listing.read(folder).names
    (folder / path).write_text("")
    assert listing.read(folder).names != before


def test_only_links_to_what_is_outside_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    (folder / "sub").mkdir(parents=True)
    (folder / ".venv").mkdir()
    (tmp_path / "x.py").write_text("")
    (folder / ".venv/python").symlink_to(tmp_path / "x.py")
    (folder / "within").symlink_to("sub")
    (folder / "dangling").symlink_to("nowhere")
    assert not listing.leads_out(folder)
    (folder / "sub/out.py").symlink_to("../../x.py")
    assert listing.leads_out(folder)
