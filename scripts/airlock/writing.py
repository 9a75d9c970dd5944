"""Every file is written beside its place and renamed, so that a reader never sees half of one.

Whoever writes a temporary file holds it locked. What is there unlocked was left by a process that was killed,
and is removed by whoever writes to the same folder next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREFIX = ".airlock-"  # begins all names that are ours alone: a result may be written to anybody's folder
_SUFFIX = ".part"


@contextlib.contextmanager
def new(folder: Path, mode: int = 0o644) -> Iterator[tuple[IO[bytes], Callable[[str], None]]]:
    """Open a temporary file in `folder` whose name is told before the block ends, or which vanishes.

    For files that are named by their content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    descriptor, temporary = _locked_file(folder)
    lock = os.dup(descriptor)  # the file is closed, which may fail, before it gets its name
    names: list[str] = []
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, names.append
        temporary.chmod(mode)
        give_name(temporary, folder / names[0])
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(lock)


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes the name `path` when the block ends, or vanishes when it raises."""
    with new(path.parent, mode) as (file, name):
        yield file
        name(path.name)


def write(path: Path, content: str | bytes) -> None:
    """Replace the content of `path`, at once or not at all."""
    with replacing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def give_name(temporary: Path, path: Path) -> None:
    """Rename a file; its folder is made again where it was pruned for being empty."""
    try:
        temporary.replace(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(path)


def is_opened(path: Path) -> bool:
    """Whether a path is written through: a pipe, a device or a descriptor must not be replaced by a file."""
    named = any(path.absolute().match(pattern) for pattern in ("/dev/*", "/dev/fd/*", "/proc/*/fd/*"))
    return named or (path.exists() and not path.is_file())


def is_temporary(name: str) -> bool:
    """Whether a file has not yet been given its name."""
    return name.startswith(PREFIX) and name.endswith(_SUFFIX)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files that nobody writes to any more."""
    with os.scandir(folder) as found:
        names = [item.name for item in found if is_temporary(item.name)]
    for name in names:
        if_unlocked(folder / name, (folder / name).unlink)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Hold the lock of a file that is there; say whether that could be had at once. Writes nothing."""
    descriptor = _open(path)
    try:
        yield descriptor is not None and _lock(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def if_unlocked(path: Path, then: Callable[[], object]) -> bool:
    """Do something to a file that nobody holds locked; say whether it was done and did not say False."""
    with alone(path) as free:
        try:
            return free and then() is not False
        except OSError:  # renamed or removed meanwhile, or not ours to change
            return False


def _open(path: Path) -> int | None:
    for how in (os.O_RDWR, os.O_RDONLY):  # to be locked, NFS wants it writable; a cache may be read-only
        with contextlib.suppress(OSError):
            return os.open(path, how | os.O_NOFOLLOW | os.O_NONBLOCK)
    return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody holds it, or there are no locks here
        return False
    return True


def _locked_file(folder: Path) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=_SUFFIX, dir=folder)
        with contextlib.suppress(OSError):  # a file system without locks: see remove_abandoned
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(name)
        os.close(descriptor)  # it was taken for abandoned before it was locked
