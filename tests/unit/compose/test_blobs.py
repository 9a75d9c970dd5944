"""A blob is read again when, and only when, somebody may have touched it."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

import pytest

from airlock.cache import Cache
from airlock.compose.blobs import Blobs

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"a layer"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path, cache: Cache) -> Path:
    """Return a folder whose one blob was hashed by a run before."""
    folder = tmp_path / "blobs"
    folder.mkdir()
    (folder / DIGEST).write_bytes(CONTENT)
    time.sleep(0.1)  # what was written this very moment is not relied on
    first = Blobs(folder, cache)
    assert first.holds(DIGEST, len(CONTENT))
    first.remember()
    return folder


def test_a_blob_that_nobody_touched_is_not_read(
    folder: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashlib, "file_digest", None)  # a call would fail
    assert Blobs(folder, cache).holds(DIGEST, len(CONTENT))


def test_a_flipped_bit_is_found_though_size_and_mtime_are_set_back(folder: Path, cache: Cache) -> None:
    path = folder / DIGEST
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"A")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not Blobs(folder, cache).holds(DIGEST, len(CONTENT))


def test_a_replaced_blob_is_found(folder: Path, cache: Cache) -> None:
    other = folder / "other"
    other.write_bytes(b"A layer")
    other.replace(folder / DIGEST)
    assert not Blobs(folder, cache).holds(DIGEST, len(CONTENT))


def test_a_missing_blob_is_not_held(folder: Path, cache: Cache) -> None:
    (folder / DIGEST).unlink()
    assert not Blobs(folder, cache).holds(DIGEST, len(CONTENT))


def test_what_was_written_this_very_moment_is_hashed_once_more(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / DIGEST).write_bytes(CONTENT)
    fresh = Blobs(tmp_path, cache)
    fresh.made(DIGEST)
    fresh.remember()
    assert not Blobs(tmp_path, cache)._before


def test_a_blob_is_read_again_after_a_day(
    folder: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    tomorrow = time.time() + 25 * 3600
    monkeypatch.setattr("airlock.compose.blobs.time.time", lambda: tomorrow)
    assert not Blobs(folder, cache)._before


def test_a_blob_of_two_platforms_is_read_once(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / DIGEST).write_bytes(CONTENT)
    both = Blobs(tmp_path, cache)
    assert both.holds(DIGEST, len(CONTENT))
    monkeypatch.setattr(hashlib, "file_digest", None)  # a call would fail
    assert both.holds(DIGEST, len(CONTENT))
