"""The blobs of a layout: which of them are whole, told without reading those that nobody touched since.

A blob that was hashed is known by its inode, size and times for a day, as git's index knows files: a write to
it, and a replacement, changes its ctime, which no program can set back. After that day it is hashed again, for
disks forget.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

from airlock.cache import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.cache import Cache

_KIND = "intact"
_DAY = 24 * 3600  # seconds
_TICK = 50_000_000  # ns: a write in the same tick of the kernel's clock would leave the ctime as it was


class Blobs:
    """The folder of the blobs, each named by its sha256 in hexadecimal; used by several threads."""

    def __init__(self, folder: Path, cache: Cache) -> None:
        self.folder = folder
        self._cache = cache
        self._key = key_of("intact blobs 2", str(folder))
        known = cache.read_json(_KIND, self._key) or {"since": 0, "blobs": {}}
        fresh = time.time() - known["since"] < _DAY
        self._since: float = known["since"] if fresh else time.time()
        self._before: dict[str, list[int]] = known["blobs"] if fresh else {}
        self._now: dict[str, list[int]] = {}

    def holds(self, digest: str, size: int) -> bool:
        """Whether the blob of this digest is there with exactly its content."""
        path = self.folder / digest
        try:
            seen = fingerprint(path)
        except OSError:
            return False
        known = seen in (self._now.get(digest), self._before.get(digest))
        if known or is_intact(path, digest, size):
            self._now[digest] = seen
            return True
        return False

    def made(self, digest: str) -> None:
        """Take note of a blob that was just written."""
        self._now[digest] = fingerprint(self.folder / digest)

    def remember(self) -> None:
        """Keep what was seen for the next run."""
        known = {digest: seen for digest, seen in self._now.items() if is_settled([seen])}
        if known != self._before:
            self._cache.write_json(_KIND, self._key, {"since": self._since, "blobs": known})


def is_intact(path: Path, digest: str, size: int) -> bool:
    """Whether a file holds exactly the content that its digest names."""
    try:
        with path.open("rb") as file:
            return (
                os.fstat(file.fileno()).st_size == size
                and hashlib.file_digest(file, "sha256").hexdigest() == digest
            )
    except OSError:
        return False


def is_settled(fingerprints: Iterable[list[int]]) -> bool:
    """Whether the files were written long enough ago that a later write cannot look the same."""
    latest = max((max(mtime, ctime) for _, _, mtime, ctime in fingerprints), default=0)
    return latest < time.time_ns() - _TICK


def fingerprint(path: Path) -> list[int]:
    """Return what changes with any write to a file: its inode, size and times."""
    status = path.stat()
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
