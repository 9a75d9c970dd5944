"""A release in a folder is its tree, whole, wherever its files come from; nothing else is ever changed."""

from __future__ import annotations

import contextlib as context
import errno
import hashlib
import json
import os
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock_spec.releases import staging
from airlock_spec.releases.failures import RefusedError, UnreachableError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.manifest import File
from airlock_spec.releases.pulling import Packs
from memory_location import MemoryLocation
from published_releases import manifest_of, store
from release_folders import contents, found
from release_strategies import nearly, releases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from airlock_spec.releases.manifest import Manifest

FILES = {
    "one.py": b"1",
    "same.py": b"1",
    "run": b"#!/bin/sh\n",
    "package/two.py": b"two",
    "package/__init__.py": b"",
}


class Counted(Packs):
    """Contents out of a location; `wanted` is what was asked for."""

    def __init__(self, location: MemoryLocation, manifest: Manifest) -> None:
        super().__init__(location, manifest)
        self.wanted: list[str] = []

    def fetch(
        self, wanted: Mapping[str, int], opened: Callable[[str], AbstractContextManager[BinaryIO]]
    ) -> None:
        self.wanted += wanted
        super().fetch(wanted, opened)


def expected(files: Mapping[str, bytes], manifest: Manifest) -> dict[str, tuple[bytes, int]]:
    return {file.path: (files[file.path], 0o555 if file.executable else 0o444) for file in manifest.files}


def take(folder: Folder, files: Mapping[str, bytes], manifest: Manifest) -> list[str]:
    """Let a release serve; return the sha256s that had to be fetched."""
    location = MemoryLocation()
    store(location, manifest, files)
    source = Counted(location, manifest)
    with folder.lock():
        staging.take(folder, manifest, source)
        folder.serve(manifest.id)
    return source.wanted


def outside(top: Path, folder: Folder) -> dict[str, tuple[bytes, int]]:
    inside = folder.root.relative_to(top).as_posix()
    return {path: one for path, one in found(top).items() if not path.startswith(f"{inside}/")}


@given(st.lists(releases(), min_size=1, max_size=4))
def test_every_release_is_its_tree_whatever_served_before(
    tmp_path: Path, drawn: list[tuple[dict[str, bytes], Manifest]]
) -> None:
    folder = Folder(tmp_path / uuid.uuid4().hex)
    before: set[str] = set()
    for files, manifest in drawn:
        fetched = take(folder, files, manifest)
        assert found(folder.place(manifest.id)) == expected(files, manifest)
        assert contents(folder.link) == files
        assert not before & set(fetched)
        before = set(manifest.blobs)
    for files, manifest in drawn:
        assert found(folder.place(manifest.id)) == expected(files, manifest)
        assert not staging.damaged(folder, manifest)


@given(st.data())
def test_nothing_is_written_outside_the_folder_whatever_the_manifest_says(
    tmp_path: Path, data: st.DataObject
) -> None:
    top = tmp_path / uuid.uuid4().hex
    (top / "a" / "b").mkdir(parents=True)
    (top / "precious").write_bytes(b"precious")
    folder = Folder(top / "a" / "b" / "folder")
    path = data.draw(
        st.text("./\\a\0:", max_size=12) | st.sampled_from(["../precious", "/precious", "a/../../x"])
    )
    good = manifest_of(FILES)
    spoiled = data.draw(nearly(good.data)).replace(b"one.py", json.dumps(path)[1:-1].encode())
    there = outside(top, folder)
    by_sha256 = {hashlib.sha256(content).hexdigest(): content for content in FILES.values()}
    try:
        manifest = type(good).from_data(spoiled, hashlib.sha256(spoiled).hexdigest())
    except RefusedError:
        manifest = None
    if manifest and all(file.sha256 in by_sha256 for file in manifest.files):
        files = {file.path: by_sha256[file.sha256] for file in manifest.files}
        with context.suppress(RefusedError):  # of a size that is not the content's
            take(folder, files, manifest)
            assert contents(folder.link) == files
    assert outside(top, folder) == there


def test_files_that_did_not_change_are_links_and_the_rest_is_fetched(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "folder")
    one = manifest_of(FILES)
    assert len(take(folder, FILES, one)) == len(one.blobs)
    later = {**FILES, "one.py": b"3", "moved/run": FILES["run"]}
    two = manifest_of(later)
    assert take(folder, later, two) == [hashlib.sha256(b"3").hexdigest()]
    for path in ("same.py", "package/two.py", "run"):
        assert (folder.place(one.id) / path).samefile(folder.place(two.id) / path)
    assert (folder.place(two.id) / "moved/run").samefile(folder.place(one.id) / "run")


def test_a_file_that_can_be_executed_now_is_no_link(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "folder")
    take(folder, FILES, one := manifest_of(FILES))
    assert take(folder, FILES, two := manifest_of(FILES, executable=("run",))) == []
    assert found(folder.place(one.id)) == expected(FILES, one)
    assert found(folder.place(two.id)) == expected(FILES, two)


@pytest.mark.parametrize("number", [errno.EMLINK, errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_where_no_link_can_be_made_it_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    folder = Folder(tmp_path / "folder")
    take(folder, FILES, manifest_of(FILES))
    monkeypatch.setattr(os, "link", refuse)
    later = {**FILES, "one.py": b"3"}
    take(folder, later, two := manifest_of(later))
    assert found(folder.place(two.id)) == expected(later, two)


def test_what_is_gone_from_the_release_before_is_fetched(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "folder")
    take(folder, FILES, one := manifest_of(FILES))
    (folder.place(one.id) / "package/two.py").unlink()
    (folder.place(one.id) / "run").unlink()
    (folder.place(one.id) / "run").mkdir()
    later = {**FILES, "one.py": b"3"}
    fetched = take(folder, later, two := manifest_of(later))
    assert set(fetched) == {hashlib.sha256(data).hexdigest() for data in (b"3", b"two", FILES["run"])}
    assert found(folder.place(two.id)) == expected(later, two)


def test_a_folder_without_its_earlier_release_is_filled_from_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "folder")
    take(folder, FILES, one := manifest_of(FILES))
    folder.remove(one.id)
    later = {**FILES, "one.py": b"3"}
    assert len(take(folder, later, two := manifest_of(later))) == len(two.blobs)
    assert contents(folder.link) == later


@pytest.mark.parametrize(
    "failure",
    [UnreachableError("no"), RefusedError("no"), OSError(errno.ENOSPC, "full"), KeyboardInterrupt()],
)
def test_whatever_fails_the_folder_is_as_it_was(tmp_path: Path, failure: BaseException) -> None:
    folder = Folder(tmp_path / "folder")
    take(folder, FILES, manifest_of(FILES))
    there = found(folder.root)
    later = {**FILES, "one.py": b"3", "four.py": b"4"}
    location, manifest = MemoryLocation(), manifest_of(later)
    store(location, manifest, later)

    def fail(doing: str, _: str) -> None:
        if doing == "stream":
            raise failure

    location.before = fail
    with folder.lock(), pytest.raises(type(failure)):
        staging.take(folder, manifest, Packs(location, manifest))
    assert found(folder.root) == there
    assert take(folder, later, manifest)
    assert contents(folder.link) == later


def test_a_release_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    folder, manifest = Folder(tmp_path / "folder"), manifest_of(FILES)
    take(folder, FILES, manifest)
    with folder.lock():
        assert not staging.take(folder, manifest, Packs(MemoryLocation(), manifest))


def test_each_damage_is_found(tmp_path: Path) -> None:
    folder, manifest = Folder(tmp_path / "folder"), manifest_of(FILES)
    take(folder, FILES, manifest)
    top = folder.place(manifest.id)
    (top / "run").chmod(0o644)
    (top / "run").write_bytes(b"#!/bin/SH\n")
    (top / "same.py").unlink()
    (top / "more.py").write_bytes(b"")
    (top / "package/__pycache__").mkdir()
    (top / "package/__pycache__/two.pyc").write_bytes(b"")
    (top / "linked").symlink_to(top / "package")
    assert staging.damaged(folder, manifest) == ["linked", "more.py", "run", "same.py"]


FEW = [File(f"{number:03}", "0" * 64, 0) for number in range(200)]


def test_where_one_file_is_quick_no_threads_are_used() -> None:
    seen = set()
    staging.for_each(lambda _: seen.add(threading.get_ident()), FEW)
    assert seen == {threading.get_ident()}


def test_where_one_file_takes_its_time_several_are_made_at_once() -> None:
    seen: list[File] = []
    begun = time.monotonic()

    def work(file: File) -> None:
        time.sleep(0.005)
        seen.append(file)

    staging.for_each(work, FEW)
    assert sorted(seen, key=lambda file: file.path) == FEW
    assert time.monotonic() - begun < 0.8  # a second, one after another


def test_what_fails_in_a_thread_is_raised() -> None:
    def work(file: File) -> None:
        time.sleep(0.001)
        if file.path == "150":
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        staging.for_each(work, FEW)
