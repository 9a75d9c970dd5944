"""The body of an upload: read as it is sent, counted, and begun anew where it has to go again."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.registry.registry import Blob


class SentBody:
    """Opens a blob for each attempt to send it; `counted` is what was told to `sent` of the last, in bytes."""

    def __init__(self, blob: Blob, sent: Callable[[int], None]) -> None:
        self._blob, self._sent = blob, sent
        self.counted = 0

    def again(self) -> IO[bytes]:
        """Return the content from its beginning; what went before counts no more."""
        self._sent(-self.counted)
        self.counted = 0
        source = self._blob.source
        opened = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        return _Counting(opened, self._count)  # type: ignore[return-value]  # read and close are all that is used

    def _count(self, size: int) -> None:
        self.counted += size
        self._sent(size)


class _Counting:
    def __init__(self, file: IO[bytes], count: Callable[[int], None]) -> None:
        self._file, self._count = file, count

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._count(len(chunk))
        return chunk

    def close(self) -> None:
        self._file.close()
