"""The store as one archive: an uncompressed tar of files named as in the store, in the order of their names.

The same files give the same bytes. It is read strictly: only what `export` writes is taken.
"""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from airlock.compose.tar import END, EPOCH
from airlock.errors import CorruptError, UnsafeArchiveError
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.store import Store
    from airlock.terminal import Progress

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20
_LONGEST_HEADER = 1 << 16  # bytes of a pax header, which holds a name of at most 64 + 1 + 255 bytes
_REMEDY = "make the archive again: airlock store export FILE"


@dataclass(frozen=True)
class Archived:
    """What was written: sizes in bytes, the archive's sha256 in hexadecimal."""

    files: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Imported:
    """What an archive held, and what of it the store had lacked, or had damaged (bytes)."""

    files: int
    bytes: int
    added: int
    added_bytes: int


def export(files: Iterable[StoreFile], store: Store, out: IO[bytes], progress: Progress) -> Archived:
    """Write the store's files as an archive, each checked against its hash on the way.

    Raises CorruptError and UnsealedError; what was written until then is no whole archive.
    """
    digest, size, chosen = hashlib.sha256(), 0, sorted(set(files), key=lambda file: file.name)
    for block in _archive(chosen, store, progress):
        digest.update(block)
        out.write(block)
        size += len(block)
    return Archived(len(chosen), size, digest.hexdigest())


def _archive(files: Iterable[StoreFile], store: Store, progress: Progress) -> Iterator[bytes]:
    for file in files:
        yield _header(file)
        yield from store.chunks(file)
        yield bytes(-file.size % _BLOCK)
        progress.advance(file.size, file.filename)
    yield END


def _header(file: StoreFile) -> bytes:
    member = tarfile.TarInfo(file.name)
    member.size, member.mtime, member.mode = file.size, EPOCH, 0o644
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def import_(stream: IO[bytes], store: Store, progress: Progress) -> Imported:
    """Add what an archive holds to the store; each file gets its name after its content matched its hash.

    Raises UnsafeArchiveError for what `export` does not write, CorruptError for an archive that is cut short or
    altered. Files until then are kept.
    """
    reader = _Reader(stream)
    files = total = added = added_bytes = 0
    for file in reader.files():
        files, total = files + 1, total + file.size
        if store.holds(file):
            _require_right(file, reader.content(file.size))
        else:  # or what is here is damaged
            store.add(file, reader.content(file.size), "the archive")
            added, added_bytes = added + 1, added_bytes + file.size
        progress.advance(file.size, file.filename)
    return Imported(files, total, added, added_bytes)


def _require_right(file: StoreFile, chunks: Iterable[bytes]) -> None:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        raise CorruptError(
            f"{file.filename} in the archive is not the file that its name promises",
            cause=f"its sha256 is {digest.hexdigest()}, not {file.sha256}",
            remedy=_REMEDY,
        )


class _Reader:
    """Reads a tar member by member (POSIX.1-2017, pax), from a stream that cannot be wound back.

    tarfile takes an archive that ends between two members for a whole one, and reads headers of any size.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def files(self) -> Iterator[StoreFile]:
        """Yield each file; its content must be read before the next is asked for."""
        path = ""
        while (member := self._member()) is not None:
            if member.type == tarfile.XHDTYPE and not path:
                path = self._long_path(member)
                continue
            name, path = path or member.name, ""
            if member.type != tarfile.REGTYPE:
                raise _unsafe(name, "it is no plain file")
            file = StoreFile.named(name, member.size)
            if file is None:
                raise _unsafe(name, "files of a store are named SHA256/FILENAME")
            yield file
        self._require_nothing_more()

    def content(self, size: int) -> Iterator[bytes]:
        """Yield a member's content in pieces of up to 1 MiB, and read over what fills its last block."""
        left = size
        while left:
            chunk = self._read(min(_CHUNK, left))
            left -= len(chunk)
            yield chunk
        self._read(-size % _BLOCK)

    def _member(self) -> tarfile.TarInfo | None:
        """Read a header; None for the first block of the archive's end."""
        block = self._read(_BLOCK)
        if block == bytes(_BLOCK):
            return None
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise UnsafeArchiveError(
                "this is no archive of a store",
                cause=f"a header of the tar cannot be read: {error}",
                remedy=f"if it is compressed, decompress it first; else {_REMEDY}",
            ) from error
        if member.size < 0:
            raise _unsafe(member.name, f"its size is {member.size}")
        return member

    def _long_path(self, member: tarfile.TarInfo) -> str:
        """Read a pax header, which may give the next member's path and nothing else."""
        if member.size > _LONGEST_HEADER:
            raise _unsafe(member.name, f"it is a header of {member.size:,} bytes")
        record = b"".join(self.content(member.size))
        length, _, rest = record.partition(b" ")
        keyword, _, value = rest.partition(b"=")
        if length != str(len(record)).encode() or keyword != b"path" or not value.endswith(b"\n"):
            raise _unsafe(member.name, "it is a header that says more than the next member's path")
        return value[:-1].decode("utf-8", "surrogateescape")

    def _require_nothing_more(self) -> None:
        """Read to the end, where tar(1) may have filled up with zeros."""
        self._read(_BLOCK)
        while rest := self._stream.read(_CHUNK):
            if rest.strip(b"\0"):
                raise UnsafeArchiveError(
                    "the archive goes on after its end", cause="something was added to it", remedy=_REMEDY
                )

    def _read(self, size: int) -> bytes:
        """Read exactly `size` bytes, at most 1 MiB; a pipe may give fewer at a time."""
        found = b""
        while len(found) < size and (more := self._stream.read(size - len(found))):
            found += more
        if len(found) < size:
            raise CorruptError(
                "the archive ends in the middle",
                cause="it was cut short on its way; the files before are in the store",
                remedy="copy it again, and import it again",
            )
        return found


def _unsafe(name: str, cause: str) -> UnsafeArchiveError:
    return UnsafeArchiveError(
        f"the archive has a member {name!r} that no store has", cause=cause, remedy=_REMEDY
    )
