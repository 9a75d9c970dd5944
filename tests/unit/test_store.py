from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from airlock.errors import CorruptError, UnsealedError
from airlock.store import Store, StoreFile

if TYPE_CHECKING:
    from pathlib import Path


def put(store: Store, name: str, content: bytes) -> StoreFile:
    file = StoreFile(name, len(content), hashlib.sha256(content).hexdigest())
    store.path(file).parent.mkdir(parents=True)
    store.path(file).write_bytes(content)
    return file


def test_a_sealed_store_says_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = put(store, "a.whl", b"content")
    store.require_sealed([file])
    assert store.read(file) == b"content"


def test_what_is_missing_is_named_with_the_command_that_gets_it(tmp_path: Path) -> None:
    with pytest.raises(UnsealedError) as caught:
        Store(tmp_path).require_sealed([StoreFile("gone.whl", 5, "0" * 64)])
    assert "gone.whl (5 bytes) is missing" in caught.value.cause
    assert caught.value.remedy.splitlines()[0] == "airlock fetch"
    assert "airlock store import FILE" in caught.value.remedy


def test_a_truncated_file_is_missing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = put(store, "a.whl", b"content")
    store.path(file).write_bytes(b"con")
    assert store.missing([file]) == [file]


def test_an_altered_file_is_refused_and_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = put(store, "a.whl", b"content")
    store.path(file).write_bytes(b"c0ntent")
    with pytest.raises(CorruptError, match=r"a\.whl"):
        store.read(file)
    assert store.missing([file]) == [file]


def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsealedError, match=r"lost gone\.whl"):
        Store(tmp_path).read(StoreFile("gone.whl", 5, "0" * 64))


def test_asking_for_files_takes_note_of_their_use(tmp_path: Path) -> None:
    store = Store(tmp_path)
    file = put(store, "a.whl", b"content")
    os.utime(store.path(file), (0, 0))
    store.require_sealed([file])
    assert store.path(file).stat().st_mtime > 0


@pytest.mark.parametrize("content", [b"c0ntent", b"conten", b"contents"])
def test_nothing_is_kept_of_other_content_than_was_promised(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path / "store")
    file = StoreFile("a.whl", 7, hashlib.sha256(b"content").hexdigest())
    with pytest.raises(CorruptError, match=r"a\.whl in the mail"):
        store.add(file, [content[:3], content[3:]], "the mail")
    assert list(store.folder.iterdir()) == []


def test_what_is_added_is_kept_under_its_name(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    file = StoreFile("a.whl", 7, hashlib.sha256(b"content").hexdigest())
    store.add(file, [b"con", b"tent"], "the mail")
    assert store.read(file) == b"".join(store.chunks(file)) == b"content"
    assert store.path(file).stat().st_mode & 0o777 == 0o644
