"""The seam to where releases are published: what a bucket offers beyond reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airlock_spec.releases.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True)
class Held:
    """An object as a listing tells it: `size` in bytes, `modified` by the clock of S3, `etag` of its content."""

    size: int
    modified: datetime
    etag: str


class Location(Objects, Protocol):
    """Objects below a location, which can be written; every method raises as those of `Objects` do."""

    def put(self, key: str, content: bytes | Path) -> None:
        """Write an object, whose SHA-256 S3 checks, whether there is one or not."""

    def create(self, key: str, content: bytes | Path) -> bool:
        """Write an object where there is none; return False where there is one."""

    def swap(self, key: str, data: bytes, etag: str) -> bool:
        """Write an object in place of the one with this ETag, "" for none; return False where it is another."""

    def listing(self, prefix: str) -> dict[str, Held]:
        """Return all objects whose keys begin so."""

    def delete(self, etags: Mapping[str, str]) -> list[str]:
        """Delete those of these keys whose objects still have these ETags; return the keys that are gone."""
