"""What comes into a release, and what cannot."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from airlock.cache import Cache
from airlock.errors import PublishError
from airlock.releases import tree
from airlock.releases.hashed import Hashes, Signature

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
    found = tree.read(top)
    assert paths(found) == ["a.py"]
    assert found.left_out == ("b.pyc",)  # Python would import it, where the tree itself is checked


def test_a_repository_within_the_tree_keeps_its_settings_which_hold_passwords(tmp_path: Path) -> None:
    top = make(tmp_path, "a.py", "team/b.py", "team/.git/config", "vendored/.hg/hgrc", "submodule/.git")
    assert paths(tree.read(top)) == ["a.py", "team/b.py"]


@pytest.mark.parametrize("target", [".hidden/x.py", "secret.env", "data/deep/y.csv", "team/.git/config"])
def test_a_link_does_not_bring_in_what_is_left_out(tmp_path: Path, target: str) -> None:
    top = make(tmp_path, "a.py", ".hidden/x.py", "secret.env", "data/deep/y.csv", "team/.git/config")
    (top / "link").symlink_to(target)
    with pytest.raises(PublishError) as told:
        tree.read(top, ("secret.env", "data"))
    assert f"link: a link to what is left out, {target}" in told.value.cause


def test_a_folder_that_cannot_be_read_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = make(tmp_path, "a.py", "team/b.py")
    scan = os.scandir

    def refuse(path: Path) -> object:
        if str(path).rstrip("/").endswith("team"):
            raise PermissionError("not you")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PublishError, match=r"team.* cannot be read"):
        tree.read(top)


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


@pytest.mark.parametrize("path", ["b.py", "team/b.py", "b.pyc"])
def test_a_file_that_is_new_after_the_tree_was_read_is_noticed(tmp_path: Path, path: str) -> None:
    found = tree.read(make(tmp_path, "a.py", "c.pyc", "data/x.csv"), ("data",))
    found.require_unchanged()
    make(tmp_path, path)
    with pytest.raises(PublishError, match="was changed while it was being published"):
        found.require_unchanged()


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
        b"".join(found.content(old))


def aged(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is there have been written to some time ago."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)


def test_what_was_not_written_to_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top, cache = make(tmp_path / "dags", "a.py", "b.py"), Cache(tmp_path / "cache")
    aged(top, monkeypatch)
    first = tree.read(top, hashes=Hashes(cache, top))
    (top / "b.py").write_text("# b, another\n")
    opened: list[object] = []
    real = open

    def noting(place: object, *words: object, **more: object) -> object:
        opened.append(place)
        return real(place, *words, **more)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", noting)
    again = tree.read(top, hashes=Hashes(cache, top))
    assert [str(place) for place in opened if str(place).startswith(str(top))] == [str(top / "b.py")]
    assert again.files[0] == first.files[0]
    assert again.files[1] == tree.read(top).files[1] != first.files[1]


@pytest.mark.parametrize("times", ["kept", "now"])
def test_a_change_of_the_same_size_is_read_whatever_its_time_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: str
) -> None:
    top, cache = make(tmp_path / "dags", "a.py"), Cache(tmp_path / "cache")
    aged(top, monkeypatch)
    first = tree.read(top, hashes=Hashes(cache, top))
    before = (top / "a.py").stat()
    (top / "a.py").write_text("# A.py\n")
    if times == "kept":
        os.utime(top / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    again = tree.read(top, hashes=Hashes(cache, top))
    assert again.files[0].size == first.files[0].size
    assert again.files[0].sha256 != first.files[0].sha256


def test_what_was_written_to_just_now_is_read_again_as_its_time_may_not_change(tmp_path: Path) -> None:
    top, cache = make(tmp_path / "dags", "a.py"), Cache(tmp_path / "cache")
    tree.read(top, hashes=Hashes(cache, top))
    assert Hashes(cache, top).known("a.py", Signature.of((top / "a.py").stat())) == ""
