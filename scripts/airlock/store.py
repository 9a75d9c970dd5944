"""The store: the files that the locks name, at `<sha256>/<file name>`; sealed when none is missing."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import CorruptError, UnsealedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, order=True)
class StoreFile:
    """A file that a lock names: `size` in bytes, `sha256` in hexadecimal."""

    filename: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Store:
    """A folder of files; one gets its name only after its content matched its hash."""

    folder: Path

    def path(self, file: StoreFile) -> Path:
        return self.folder / file.sha256 / file.filename

    def missing(self, files: Iterable[StoreFile]) -> list[StoreFile]:
        """Return the files that are not here with their full size."""
        return [file for file in files if not self._holds(file)]

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
            remedy="airlock fetch",
        )

    def read(self, file: StoreFile) -> bytes:
        """Return a file's content, checked against its hash.

        Raises CorruptError where it differs, and moves the file aside so that the next fetch replaces it.
        """
        path = self.path(file)
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != file.sha256:
            with contextlib.suppress(OSError):  # a store may be read-only
                path.unlink()
            raise CorruptError(
                f"{file.filename} in the store is not the file that the lock names",
                cause=f"its sha256 is not {file.sha256}; it has been removed",
                remedy="airlock fetch",
            )
        return content

    def _holds(self, file: StoreFile) -> bool:
        try:
            return self.path(file).stat().st_size == file.size
        except OSError:
            return False
