"""A location of releases in memory, with S3's conditions; whatever was asked of it is recorded."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.releases.location import Held
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.objects import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass
class MemoryLocation:
    """`before` is called with each request (a word and a key) and may raise, as S3 that fails would let it."""

    objects: dict[str, bytes] = field(default_factory=dict)
    modified: dict[str, datetime] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str, str], object] = lambda *_: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, key: str, limit: int, unless: str = "") -> Stored | None:
        data = self._found("read", key)
        if len(data) > limit:
            raise RefusedError(f"{key} has {len(data)} bytes, more than {limit}")
        etag = etag_of(data)
        return None if etag == unless else Stored(data, etag)

    def stream(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        data = self._found("stream", key)[offset : offset + length]
        for start in range(0, len(data), 1 << 16):
            yield data[start : start + (1 << 16)]

    def put(self, key: str, content: bytes | Path) -> None:
        self._ask("put", key)
        self._store(key, content)

    def create(self, key: str, content: bytes | Path) -> bool:
        self._ask("create", key)
        with self._lock:
            if key in self.objects:
                return False
            self._store(key, content)
            return True

    def swap(self, key: str, data: bytes, etag: str) -> bool:
        self._ask("swap", key)
        with self._lock:
            there = self.objects.get(key)
            if (etag_of(there) if there is not None else "") != etag:
                return False
            self._store(key, data)
            return True

    def listing(self, prefix: str) -> dict[str, Held]:
        self._ask("list", prefix)
        found = ((key, data) for key, data in sorted(self.objects.items()) if key.startswith(prefix))
        return {key: Held(len(data), self.modified[key], etag_of(data)) for key, data in found}

    def delete(self, etags: Mapping[str, str]) -> list[str]:
        gone = []
        for key, etag in etags.items():
            self._ask("delete", key)
            if key not in self.objects or etag_of(self.objects[key]) == etag:
                self.objects.pop(key, None)
                gone.append(key)
        return gone

    def _found(self, doing: str, key: str) -> bytes:
        self._ask(doing, key)
        try:
            return self.objects[key]
        except KeyError as error:
            raise AbsentError(f"there is no {key}") from error

    def _ask(self, doing: str, key: str) -> None:
        self.asked.append((doing, key))
        self.before(doing, key)

    def _store(self, key: str, content: bytes | Path) -> None:
        self.objects[key] = content.read_bytes() if isinstance(content, Path) else content
        self.modified[key] = datetime.now(UTC)


def etag_of(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'
