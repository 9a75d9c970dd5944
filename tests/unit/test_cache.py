from __future__ import annotations

from typing import TYPE_CHECKING

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
