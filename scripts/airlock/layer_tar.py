"""The members of a layer's tar, read in their order without trusting it (OCI image specification, layer.md)."""

from __future__ import annotations

import contextlib
import tarfile
from typing import IO, TYPE_CHECKING, TypeVar, cast

from airlock.errors import CorruptError
from airlock.uncompressed import damaged, uncompressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airlock.uncompressed import Hashed

_BLOCK = 1 << 16  # tarfile copies what it has buffered for each member: with 1 MiB it takes twice the time
_LATEST = 1 << 40  # seconds since 1970; no file system keeps a later time
# what tarfile lets through of a header that makes no sense
_MALFORMED = (ValueError, ArithmeticError, LookupError, RecursionError)

Read = TypeVar("Read")


class LayerTar:
    """The members of an open layer; each content is to be read before the next member is asked for.

    After the last member, the layer is known to hold nothing else, and to be the one of its diff id.
    """

    def __init__(self, blob: Path, stream: Hashed, archive: tarfile.TarFile, diff_id: str) -> None:
        self._blob = blob
        self._stream = stream
        self._archive = archive
        self._diff_id = diff_id

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        members = iter(self._archive)
        while member := _parsed(lambda: next(members, None)):
            if member.issparse():  # its size need not have anything to do with the bytes that are there
                raise tarfile.ReadError(f"{member.name} is a sparse file, which no layer may hold")
            if not abs(member.mtime) < _LATEST:
                raise tarfile.ReadError(f"{member.name} is of no time: {member.mtime}")
            yield member
        self._require_end()

    def content(self, member: tarfile.TarInfo) -> IO[bytes]:
        """Return the content of a regular file."""
        source = self._archive.extractfile(member)
        assert source is not None
        return source

    def _require_end(self) -> None:
        """Refuse what tarfile takes for the end: a header that is none, or zeros with more members behind."""
        self._stream.read_to_end()
        if self._stream.last > self._archive.offset:
            raise tarfile.ReadError(
                f"something that is no member follows its last, at {self._archive.offset:,}"
            )
        if self._diff_id not in {"", self._stream.digest}:
            raise CorruptError(
                f"the layer {self._blob} is not what the image's configuration names",
                cause=f"its diff id is {self._stream.digest}, not {self._diff_id}",
                remedy="airlock image",
            )


@contextlib.contextmanager
def opened(blob: Path, media_type: str, diff_id: str = "") -> Iterator[LayerTar]:
    """Open a layer; `diff_id` (`sha256:…`) is what its tar must be, where that is known.

    Raises CorruptError where it is damaged, of no known media type, or another than the one of the diff id.
    """
    with uncompressed(blob, media_type) as stream:
        try:
            with _parsed(
                lambda: tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=_BLOCK)
            ) as archive:
                yield LayerTar(blob, stream, archive, diff_id)
        except tarfile.TarError as error:
            raise damaged(blob, error) from error


def _parsed(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except _MALFORMED as error:
        raise tarfile.ReadError(f"a header of its tar makes no sense: {error}") from error
