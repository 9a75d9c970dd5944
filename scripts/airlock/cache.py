"""The cache: what can be made again, under a key of all that determines it.

Every entry begins with the sha256 of the rest, which is checked when it is read: a truncated or altered
entry is as good as none. Any entry may vanish at any time (`airlock cache prune`): what reads one can make it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock import last_use, writing

if TYPE_CHECKING:
    from pathlib import Path


def key_of(*parts: object) -> str:
    """Return the sha256, in hexadecimal, of values that JSON can express."""
    return hashlib.sha256(json.dumps(parts, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Cache:
    """A folder of entries, each `<kind>/<key>`."""

    folder: Path

    def read(self, kind: str, key: str) -> bytes | None:
        path = self._path(kind, key)
        try:
            with path.open("rb") as file:
                entry = file.read()
                last_use.note(file.fileno(), os.fstat(file.fileno()).st_mtime)
        except FileNotFoundError:
            return None
        digest, _, content = entry.partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            path.unlink(missing_ok=True)
            return None
        return content

    def write(self, kind: str, key: str, content: bytes) -> None:
        with writing.replacing(self._path(kind, key)) as file:
            file.write(hashlib.sha256(content).hexdigest().encode() + b"\n")
            file.write(content)

    def holds(self, kind: str, key: str) -> bool:
        """Whether there is an entry, which may yet turn out to be damaged."""
        return self._path(kind, key).exists()

    def is_due(self, kind: str, key: str) -> bool:
        """Whether an entry's use was not noted in the last day, or there is none."""
        try:
            return last_use.is_due(self._path(kind, key).stat().st_mtime)
        except OSError:
            return True

    def touch(self, kind: str, key: str) -> None:
        """Note the use of an entry that need not be read, if there is one and it can be noted."""
        with contextlib.suppress(OSError):
            os.utime(self._path(kind, key))

    def read_json(self, kind: str, key: str) -> Any:
        content = self.read(kind, key)
        return None if content is None else json.loads(content)

    def write_json(self, kind: str, key: str, value: object) -> None:
        self.write(kind, key, json.dumps(value, separators=(",", ":")).encode())

    def _path(self, kind: str, key: str) -> Path:
        return self.folder / kind / key[:2] / key
