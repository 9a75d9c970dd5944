"""A layer's tar, read through whatever compression its media type names (OCI image specification, layer.md)."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import zstandard

from airlock.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_DAMAGED = (zstandard.ZstdError, zlib.error, EOFError, gzip.BadGzipFile)


class Hashed:
    """A stream that hashes what is read from it; behind `last` (bytes) it has had nothing but zeros."""

    def __init__(self, stream: Any) -> None:
        self.last = 0
        self._stream = stream
        self._read = 0
        self._sha256 = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._sha256.update(data)
        if filled := len(data.rstrip(b"\0")):
            self.last = self._read + filled
        self._read += len(data)
        return data

    def read_to_end(self) -> None:
        """Read what follows the end of the archive: it belongs to the diff id, too."""
        while self.read(_CHUNK):
            pass

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"


@contextlib.contextmanager
def uncompressed(blob: Path, media_type: str) -> Iterator[Hashed]:
    """Open the tar of a layer. Raises CorruptError where it is damaged or of no known media type."""
    try:
        with blob.open("rb") as file:
            yield Hashed(_stream(blob, file, media_type))
    except _DAMAGED as error:
        raise damaged(blob, error) from error


def damaged(blob: Path, error: Exception) -> CorruptError:
    return CorruptError(f"the layer {blob} is damaged", cause=str(error), remedy="airlock image")


def _stream(blob: Path, file: Any, media_type: str) -> Any:
    if media_type.endswith(("+zstd", ".zstd")):  # the latter is BuildKit's, among Docker's media types
        # a layer is many frames, and the reader stops after the first unless told otherwise
        return zstandard.ZstdDecompressor().stream_reader(file, read_size=_CHUNK, read_across_frames=True)
    if media_type.endswith("gzip"):
        return gzip.GzipFile(fileobj=file)
    if media_type.endswith(".tar"):
        return file
    raise CorruptError(
        f"the layer {blob} has an unknown media type", cause=media_type, remedy="airlock image"
    )
