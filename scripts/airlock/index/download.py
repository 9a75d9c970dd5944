"""One file into the store: resumed where it was cut, checked by hash before it gets its name."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import random
import re
import time
from typing import IO, TYPE_CHECKING

from airlock import writing
from airlock.errors import CorruptError, FetchError
from airlock.index.failures import CutError, GoneError
from airlock.index.locations import redact
from airlock.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airlock.index.web import Response, Session
    from airlock.places import Places
    from airlock.store import StoreFile
    from airlock.terminal import Progress

OK, PARTIAL, NOT_SATISFIABLE = 200, 206, 416
GONE = (404, 410)
FRUITLESS = 4  # attempts in a row without a byte before a server is given up


def download(
    session: Session,
    url: str,
    file: StoreFile,
    places: Places,
    progress: Progress,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch a file into the store unless another process has just done so; `progress` counts bytes.

    Raises FetchError where it cannot be had and CorruptError where the server has another file; a partial
    file is kept in the first case and removed in the second.
    """
    target = Store(places.store).path(file)
    with _Part.opened(places.downloads / f"{file.sha256}.part", file, progress) as part:
        if not Store(places.store).missing([file]):
            part.discard()
            progress.advance(file.size, file.filename)
            return
        resumed = part.size > 0
        _fill(session, url, part, pause)
        if resumed and not part.is_right():  # the first half may be to blame: once more, from the start
            part.restart()
            _fill(session, url, part, pause)
        if not part.is_right():
            part.discard()
            raise CorruptError(
                f"{file.filename} is not the file that the lock names",
                cause=f"{redact(url)} has sha256 {part.digest.hexdigest()}, the lock names {file.sha256}",
                remedy="the index or a proxy altered it; fetch it from another index",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        part.path.chmod(0o644)
        writing.give_name(part.path, target)


def _fill(session: Session, url: str, part: _Part, pause: Callable[[float], None]) -> None:
    fruitless = 0
    while part.size < part.file.size:
        before = part.size
        try:
            _receive(session, url, part)
            reason = f"{redact(url)} ends after {part.size:,} of {part.file.size:,} bytes"
        except CutError as error:
            reason = f"{error.fact}: {error.cause}"
        if part.size > before:
            fruitless = 0
        elif part.size < part.file.size:
            fruitless += 1
            if fruitless == FRUITLESS:
                raise FetchError(
                    f"{part.file.filename} cannot be fetched", cause=reason, remedy="airlock fetch"
                )
            pause(0.5 * 2**fruitless * random.uniform(0.8, 1.2))  # noqa: S311 - spreads threads, guards nothing


def _receive(session: Session, url: str, part: _Part) -> None:
    headers = {"Accept-Encoding": "identity"}  # the hash is of the file, not of what gzip makes of it
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
    with session.get(url, headers) as response:
        if response.status == NOT_SATISFIABLE and part.size:
            part.restart()  # the next attempt asks for all of it
            return
        if response.status not in (OK, PARTIAL):
            error = GoneError if response.status in GONE else FetchError
            raise error(
                f"{part.file.filename} cannot be fetched",
                cause=f"HTTP {response.status} for {redact(url)}",
                remedy="airlock fetch",
            )
        start, total = _extent(response)
        if start != part.size:
            part.restart()
            if start:
                return
        if total is not None and total != part.file.size:
            raise part.wrong_size(f"{redact(url)} has {total:,} bytes")
        for chunk in response.chunks():
            if part.size + len(chunk) > part.file.size:
                raise part.wrong_size(f"{redact(url)} sends more")
            part.append(chunk)


def _extent(response: Response) -> tuple[int, int | None]:
    """Return where a body starts in the file, and the file's size where the server says it (RFC 9110 14.4)."""
    if response.status == PARTIAL:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        if not match:
            return -1, None
        return int(match[1]), int(match[2]) if match[2] != "*" else None
    length = response.headers.get("Content-Length", "")
    encoded = response.headers.get("Content-Encoding", "identity") != "identity"
    return 0, int(length) if length.isdecimal() and not encoded else None


class _Part:
    """A partial file, locked against other processes; it survives a cut, a Ctrl-C and a kill."""

    def __init__(self, path: Path, handle: IO[bytes], file: StoreFile, progress: Progress) -> None:
        self.path, self.file = path, file
        self._handle, self._progress = handle, progress
        self.size, self.digest = 0, hashlib.sha256()
        while chunk := handle.read(1 << 20):
            self._count(chunk)
        if self.size > file.size:
            self.restart()

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path, file: StoreFile, progress: Progress) -> Iterator[_Part]:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            with path.open("a+b", buffering=0) as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if not _is_still(path, handle):
                    continue  # another process had it, and has finished with it
                handle.seek(0)
                part = cls(path, handle, file, progress)
                try:
                    yield part
                finally:
                    if not part.size and _is_still(path, handle):
                        path.unlink()
                return

    def append(self, chunk: bytes) -> None:
        self._handle.write(chunk)
        self._count(chunk)

    def restart(self) -> None:
        self._handle.truncate(0)
        self._progress.advance(-self.size, self.file.filename)
        self.size, self.digest = 0, hashlib.sha256()

    def discard(self) -> None:
        self._progress.advance(-self.size, self.file.filename)
        self.path.unlink(missing_ok=True)

    def is_right(self) -> bool:
        return self.digest.hexdigest() == self.file.sha256

    def wrong_size(self, what: str) -> CorruptError:
        self.discard()
        return CorruptError(
            f"{self.file.filename} is not the file that the lock names",
            cause=f"{what}, the lock names a file of {self.file.size:,} bytes",
            remedy="the index or a proxy altered it; fetch it from another index",
        )

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.digest.update(chunk)
        self._progress.advance(len(chunk), self.file.filename)


def _is_still(path: Path, handle: IO[bytes]) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle.fileno()).st_ino
    except FileNotFoundError:
        return False
