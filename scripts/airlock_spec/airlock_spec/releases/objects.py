"""The seam to whoever holds releases: S3, or a fake. boto3 is on its other side, once in each of the two worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stored(NamedTuple):
    """An object's content, and the ETag that names this state of it."""

    data: bytes
    etag: str


class Objects(Protocol):
    """Objects below a location, by the rest of their keys.

    Every method raises AbsentError where there is none of this name, UnreachableError where S3 does not answer,
    refuses, or breaks off, and RefusedError for an answer that cannot be.
    """

    def read(self, key: str, limit: int, unless: str = "") -> Stored | None:
        """Return an object of at most so many bytes; None where its ETag still is `unless` (one request)."""

    def stream(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """Yield exactly these bytes of an object, or raise."""
