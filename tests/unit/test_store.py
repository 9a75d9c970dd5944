from __future__ import annotations

import hashlib
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
    assert caught.value.remedy == "airlock fetch"


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
