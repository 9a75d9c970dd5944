"""A location to which nothing is written: what a dry run publishes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from airlock.releases.location import Held, Location
    from airlock_spec.releases.objects import Stored


@dataclass(frozen=True)
class Rehearsal:
    """Reads from a location, and says of each write that it was done."""

    location: Location

    def __str__(self) -> str:
        return str(self.location)

    def read(self, key: str, limit: int, unless: str = "") -> Stored | None:
        return self.location.read(key, limit, unless)

    def stream(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        return self.location.stream(key, offset, length)

    def put(self, key: str, content: bytes | Path) -> None:
        """Write nothing."""

    def create(self, key: str, content: bytes | Path) -> bool:  # noqa: ARG002 - the seam's
        return True

    def swap(self, key: str, data: bytes, etag: str) -> bool:  # noqa: ARG002 - as above
        return True

    def listing(self, prefix: str) -> dict[str, Held]:
        return self.location.listing(prefix)

    def delete(self, etags: Mapping[str, str]) -> list[str]:
        """Delete nothing."""
        return list(etags)
