"""The sha256s of files as they were when they were read last: what was not written to since is not read again."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.cache import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.cache import Cache

_KIND = "dag-hashes"
# A file system may tell times as coarsely as FAT does: what was written to in the last seconds may be so again, unseen.
_SETTLED = 3.0


@dataclass(frozen=True)
class Signature:
    """What changes when a file is written to (stat(2)); nobody sets the time of change but the kernel."""

    modified: int  # nanoseconds
    changed: int
    size: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Signature:
        return cls(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


class Hashes:
    """What is known of the files below a folder."""

    def __init__(self, cache: Cache, top: Path) -> None:
        self._cache, self._key = cache, key_of(os.path.realpath(top))
        self._begun = time.time()
        self._known = _read(cache.read(_KIND, self._key))

    def known(self, path: str, signature: Signature) -> str:
        """Return the sha256 of a file that is as it was, "" for any other."""
        before, sha256 = self._known.get(path, (None, ""))
        return sha256 if before == signature else ""

    def keep(self, found: Mapping[str, tuple[Signature, str]]) -> None:
        """Remember what was read, but for what had been written to just before."""
        limit = (self._begun - _SETTLED) * 1e9
        settled = {path: one for path, one in found.items() if max(one[0].modified, one[0].changed) < limit}
        if settled != self._known:
            rows = [
                [path, *vars(signature).values(), sha256] for path, (signature, sha256) in settled.items()
            ]
            self._cache.write(_KIND, self._key, json.dumps(rows).encode())


def _read(data: bytes | None) -> dict[str, tuple[Signature, str]]:
    return {row[0]: (Signature(*row[1:5]), row[5]) for row in json.loads(data or b"[]")}
