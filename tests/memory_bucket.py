"""A bucket in memory, with S3's conditions, for both sides of the outbox."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.outbox.layout import Layout


@dataclass(frozen=True)
class Stored:
    data: bytes
    etag: str


@dataclass(frozen=True)
class About:
    size: int
    etag: str


@dataclass
class MemoryBucket:
    """Its methods are those of the task's side; `outside` gives the function's."""

    objects: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)

    def exists(self, key: str) -> bool:
        return key in self.objects

    def create(self, key: str, data: bytes) -> bool:
        return key not in self.objects and self.put(key, data)

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        return key in self.objects and etag_of(self.objects[key]) == etag and self.put(key, data)

    def put(self, key: str, data: bytes) -> bool:
        self.objects[key] = data
        self.writes.append(key)
        return True

    def names(self, layout: Layout, folder: str) -> Iterator[str]:
        for key in sorted(self.objects):
            if key.startswith(f"{layout.prefix}{folder}/") and (name := layout.name(key)):
                yield name


def etag_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
