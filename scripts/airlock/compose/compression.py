"""Compression of one frame: its bytes depend on its content, the level and one library's version alone.

Frames join: decompressing a concatenation gives the concatenation, for zstd (RFC 8878, section 3) and for
gzip (RFC 1952, section 2.2) alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import deflate
import zstandard

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_GZIP_LEVELS, _ZSTD_LEVELS = range(1, 13), range(1, 23)


class Compression(Protocol):
    """How layers are compressed."""

    @property
    def identity(self) -> str:
        """What determines the bytes besides the content, for cache keys."""
        ...

    @property
    def media_type(self) -> str: ...

    def frame(self, content: bytes) -> bytes: ...

    def read(self, frame: bytes) -> bytes:
        """Return the content of one frame written by `frame`."""
        ...


@dataclass(frozen=True)
class Zstd:
    """One-shot compression on one thread: streaming, or another thread count, would write other bytes."""

    level: int = 3

    @property
    def identity(self) -> str:
        version = ".".join(str(part) for part in zstandard.ZSTD_VERSION)
        return f"zstd {version} level {self.level}"

    @property
    def media_type(self) -> str:
        return f"{_LAYER}+zstd"

    def frame(self, content: bytes) -> bytes:
        return zstandard.ZstdCompressor(level=self.level, write_checksum=False).compress(content)

    def read(self, frame: bytes) -> bytes:
        return zstandard.ZstdDecompressor().decompress(frame)


@dataclass(frozen=True)
class Gzip:
    """One gzip member a frame, without a time or a name, by libdeflate.

    Python's own zlib is whatever this machine has (zlib, zlib-ng, …), each of which writes other bytes.
    """

    level: int = 6

    @property
    def identity(self) -> str:
        return f"deflate {deflate.__version__} level {self.level}"  # its wheel holds libdeflate itself

    @property
    def media_type(self) -> str:
        return f"{_LAYER}+gzip"

    def frame(self, content: bytes) -> bytes:
        return bytes(deflate.gzip_compress(content, self.level))

    def read(self, frame: bytes) -> bytes:
        return bytes(deflate.gzip_decompress(frame))


def problem(name: str, level: int | None) -> str:
    """Say what is wrong with a choice of compression, nothing where it can be made."""
    levels = {"zstd": _ZSTD_LEVELS, "gzip": _GZIP_LEVELS}.get(name)
    if levels is None:
        return f'must be "zstd" or "gzip", not {name!r}'
    if level is not None and level not in levels:
        return f"has levels from {levels[0]} to {levels[-1]}, not {level}"
    return ""


def chosen(name: str, level: int | None) -> Compression:
    """Return the compression of image.toml; `level` None means the one that is worth its time."""
    if name == "gzip":
        return Gzip() if level is None else Gzip(level)
    return Zstd() if level is None else Zstd(level)
