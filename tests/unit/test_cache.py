from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from airlock.cache import Cache, key_of

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write_json("kind", "abcd", {"a": [1]})
    assert cache.read_json("kind", "abcd") == {"a": [1]}
    assert cache.read("kind", "other") is None


def test_an_altered_entry_is_none_and_gone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", "abcd", b"content")
    path = tmp_path / "kind" / "ab" / "abcd"
    path.write_bytes(path.read_bytes().replace(b"content", b"c0ntent"))
    assert cache.read("kind", "abcd") is None
    assert not path.exists()


def test_a_key_tells_its_parts_apart() -> None:
    assert len({key_of("a", "b"), key_of("ab"), key_of("a", ["b"]), key_of("b", "a")}) == 4
    assert key_of({"x": 1, "y": 2}) == key_of({"y": 2, "x": 1})


@pytest.mark.parametrize(("age", "moved"), [(3600, False), (90_000, True)])
def test_reading_takes_note_of_the_use_once_a_day(tmp_path: Path, age: int, *, moved: bool) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", "abcd", b"content")
    path = tmp_path / "kind" / "ab" / "abcd"
    before = time.time() - age
    os.utime(path, (before, before))
    assert cache.read("kind", "abcd") == b"content"
    assert (path.stat().st_mtime > before + 1) == moved


def test_an_entry_whose_use_cannot_be_noted_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.write("kind", "abcd", b"content")
    os.utime(tmp_path / "kind" / "ab" / "abcd", (0, 0))

    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "utime", read_only)
    assert cache.read("kind", "abcd") == b"content"
