"""The store: the files that the locks name, at `<sha256>/<file name>`; sealed when none is missing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import last_use, writing
from airlock.errors import CorruptError, UnsealedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_NAME = re.compile(r"([0-9a-f]{64})/([^./\0][^/\0]*)", re.ASCII)
_REMEDY = (
    "airlock fetch\nin a closed network: airlock store import FILE, or: airlock store pull s3://BUCKET/PREFIX"
)
_LONGEST = 255  # bytes of a file name, on every file system in use


@dataclass(frozen=True, order=True)
class StoreFile:
    """A file that a lock names: `size` in bytes, `sha256` in hexadecimal."""

    filename: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Where it is below the folder of a store, and in whatever carries stores about."""
        return f"{self.sha256}/{self.filename}"

    @classmethod
    def named(cls, name: str, size: int) -> StoreFile | None:
        """Read what `name` gives, or None for a text that names no file of a store."""
        match = _NAME.fullmatch(name)
        if match is None or len(match[2].encode(errors="surrogateescape")) > _LONGEST:
            return None
        return cls(match[2], size, match[1])


@dataclass(frozen=True)
class Store:
    """A folder of files; one gets its name only after its content matched its hash."""

    folder: Path

    def path(self, file: StoreFile) -> Path:
        return self.folder / file.sha256 / file.filename

    def missing(self, files: Iterable[StoreFile]) -> list[StoreFile]:
        """Return the files that are not here with their full size; the others count as used now."""
        return [file for file in files if not self._seems_here(file)]

    def holds(self, file: StoreFile) -> bool:
        """Whether a file is here with exactly its content, which is read."""
        try:
            with self.path(file).open("rb") as opened:
                right_size = os.fstat(opened.fileno()).st_size == file.size
                return right_size and hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
        except OSError:
            return False

    def require_sealed(self, files: Iterable[StoreFile]) -> None:
        """Raise UnsealedError, naming what is missing, unless every file is here."""
        missing = self.missing(files)
        if not missing:
            return
        shown = [f"{file.filename} ({file.size:,} bytes) is missing" for file in missing[:10]]
        shown += [f"… and {len(missing) - 10} more"] if len(missing) > 10 else []  # noqa: PLR2004
        total = sum(file.size for file in missing)
        raise UnsealedError(
            f"the store is not sealed: {len(missing)} files, {total / 1e6:,.1f} MB, are not in {self.folder}",
            cause="\n".join(shown),
            remedy=_REMEDY,
        )

    def read(self, file: StoreFile) -> bytes:
        """Return a file's content, checked against its hash.

        Raises CorruptError where it differs, and removes the file so that what brings it again replaces it;
        UnsealedError where it is not here.
        """
        try:
            content = self.path(file).read_bytes()
        except FileNotFoundError as error:
            raise self._gone(file) from error
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise self._corrupt(file)
        return content

    def chunks(self, file: StoreFile) -> Iterator[bytes]:
        """Yield a file's content in pieces of up to 1 MiB; raises as `read` does, CorruptError after the last.

        Never more than the file's size is given, so that it can be announced.
        """
        digest, left = hashlib.sha256(), file.size
        try:
            with self.path(file).open("rb") as opened:
                while left and (chunk := opened.read(min(_CHUNK, left))):
                    left -= len(chunk)
                    digest.update(chunk)
                    yield chunk
        except FileNotFoundError as error:
            raise self._gone(file) from error
        if left or digest.hexdigest() != file.sha256:
            raise self._corrupt(file)

    def add(self, file: StoreFile, chunks: Iterable[bytes], origin: str) -> None:
        """Keep a file whose content comes in pieces from `origin`, as an error names it.

        Raises CorruptError where it is not what the hash promises, and what `chunks` raises; nothing of it is
        kept then.
        """
        digest, size = hashlib.sha256(), 0
        with writing.new(self.folder) as (out, name):
            for chunk in chunks:
                size += len(chunk)
                if size > file.size:
                    break
                digest.update(chunk)
                out.write(chunk)
            if size != file.size or digest.hexdigest() != file.sha256:
                raise CorruptError(
                    f"{file.filename} in {origin} is not the file that its name promises",
                    cause=_how_it_differs(file, size, digest.hexdigest()),
                    remedy="do not use it; make it again from a store that is sealed",
                )
            self.path(file).parent.mkdir(exist_ok=True)
            name(file.name)

    def _seems_here(self, file: StoreFile) -> bool:
        path = self.path(file)
        try:
            status = path.stat()
        except OSError:
            return False
        if status.st_size != file.size:
            return False
        last_use.note(path, status.st_mtime)
        return True

    def _corrupt(self, file: StoreFile) -> CorruptError:
        with contextlib.suppress(OSError):  # a store may be read-only
            self.path(file).unlink()
        return CorruptError(
            f"{file.filename} in the store is not the file that the lock names",
            cause=f"its sha256 is not {file.sha256}; it has been removed",
            remedy=_REMEDY,
        )

    def _gone(self, file: StoreFile) -> UnsealedError:
        return UnsealedError(
            f"the store has lost {file.filename}",
            cause=f"{self.path(file)} was removed meanwhile",
            remedy=_REMEDY,
        )


def _how_it_differs(file: StoreFile, size: int, sha256: str) -> str:
    if size > file.size:
        return f"it has more than {file.size:,} bytes"
    if size < file.size:
        return f"it has {size:,} of {file.size:,} bytes"
    return f"its sha256 is {sha256}, not {file.sha256}"
