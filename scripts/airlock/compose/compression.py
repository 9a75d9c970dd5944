"""Compression of one frame: a frame's bytes depend on its content, the level and libzstd's version alone.

Frames join: decompressing a concatenation gives the concatenation (RFC 8878, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import zstandard


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
        return "application/vnd.oci.image.layer.v1.tar+zstd"

    def frame(self, content: bytes) -> bytes:
        return zstandard.ZstdCompressor(level=self.level, write_checksum=False).compress(content)

    def read(self, frame: bytes) -> bytes:
        """Return the content of one frame written by `frame`."""
        return zstandard.ZstdDecompressor().decompress(frame)
