"""The body of an upload: read as it is sent, counted, and begun anew where it has to go again."""

from __future__ import annotations

import hashlib
import io
import os
from typing import IO, TYPE_CHECKING

from airlock.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.registry.registry import Blob


class SentBody:
    """Opens a blob for each attempt to send it; `counted` is what was told to `sent` of the last, in bytes."""

    def __init__(self, blob: Blob, sent: Callable[[int], None]) -> None:
        self._blob, self._sent = blob, sent
        self.counted = 0

    def again(self) -> IO[bytes]:
        """Return the content from its beginning; what went before counts no more.

        Raises CorruptError where it is not as long as promised: a registry would wait for the rest.
        """
        self._sent(-self.counted)
        self.counted = 0
        opened = self._open()
        size = opened.seek(0, os.SEEK_END)
        if size != self._blob.size:
            opened.close()
            raise self._damaged(f"it has {size:,} bytes, not {self._blob.size:,}")
        opened.seek(0)
        return _Counting(opened, self._count)  # type: ignore[return-value]  # read and close are all that is used

    def require_intact(self) -> None:
        """Raise CorruptError where what is to be sent is itself not what its digest promises."""
        with self._open() as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if f"sha256:{found}" != self._blob.digest:
            raise self._damaged("its sha256 differs from its name")

    def _open(self) -> io.BytesIO | io.BufferedReader:
        source = self._blob.source
        try:
            return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        except OSError as error:  # which would be taken for the network's
            raise self._damaged(str(error)) from error

    def _damaged(self, cause: str) -> CorruptError:
        return CorruptError(f"the blob {self._blob.digest} is damaged", cause=cause, remedy="airlock image")

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
