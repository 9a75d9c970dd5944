"""The image's interpreter, unpacked from its Debian packages to compile bytecode on this machine.

It is started through its own dynamic loader from a folder that holds just it, which needs no sandbox and so
works where namespaces are forbidden.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import writing, written
from airlock.cache import key_of
from airlock.compose import blobs, bytecode
from airlock.compose.entry import Entry, Kind
from airlock.debian import deb
from airlock.errors import LockError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.locks.debian import DebianLock, LockedDeb
    from airlock.platforms import Platform
    from airlock.store import Store

_PYTHON = re.compile(r"python(3\.\d+)-minimal")
SUMS, _SEEN = ".sums", ".seen"
LOCK = ".interpreter"  # held alone while one is made, or removed
NEW = f"{writing.PREFIX}interpreter-"  # begins the name of a folder that is being made, or removed
_SUPPORT = ("libc6", "libexpat1", "zlib1g")


def python_version(lock: DebianLock) -> str:
    """Return the image's Python, as 3.13. Raises LockError where the lock holds none."""
    found = (_PYTHON.fullmatch(item.package) for item in lock.debs)
    version = next((match[1] for match in found if match), None)
    if version is None:
        raise LockError(
            "debian.lock holds no Python", remedy="add python3 to constraints/debian.in, then: airlock lock"
        )
    return version


def packages(lock: DebianLock, platform: Platform) -> tuple[LockedDeb, ...]:
    """Return the packages that the interpreter needs to compile, for the platform it is to run on.

    Raises LockError where the lock is not for that platform, or lacks one.
    """
    found = held(lock, platform)
    if absent := _names(python_version(lock)) - {item.package for item in found}:
        raise LockError(
            f"debian.lock holds no Python that this machine ({platform}) can compile bytecode with",
            cause=f"for {platform} it lacks {', '.join(sorted(absent))}",
            remedy=f"add {platform} to [tool.airlock] lock-platforms, then: airlock lock && airlock fetch",
        )
    return found


def held(lock: DebianLock, platform: Platform) -> tuple[LockedDeb, ...]:
    """Return what the lock holds of them: perhaps not all."""
    names = {
        name for item in lock.debs if (match := _PYTHON.fullmatch(item.package)) for name in _names(match[1])
    }
    return tuple(item for item in lock.for_platform(platform) if item.package in names)


def _names(version: str) -> set[str]:
    own = {f"python{version}-minimal", f"libpython{version}-minimal", f"libpython{version}-stdlib"}
    return own | set(_SUPPORT)


class ImageInterpreter:
    """The image's interpreter as a `bytecode.Compiler`, unpacked below `folder` when it is first needed."""

    def __init__(self, lock: DebianLock, platform: Platform, store: Store, folder: Path) -> None:
        self._packages = packages(lock, platform)
        self._platform, self._store, self._folder = platform, store, folder
        self._version = python_version(lock)
        self._one_at_a_time = threading.Lock()
        self._processes: bytecode.Processes | None = None
        self.identity = bytecode.identity(item.sha256 for item in self._packages)
        self.tag = f"cpython-{self._version.replace('.', '')}"

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
        with self._one_at_a_time:
            self._processes = self._processes or bytecode.Processes(self._command())
        return self._processes.compile(sources)

    def _command(self) -> list[str]:
        """Return the command that starts it through its own dynamic loader."""
        root = self.root()
        libraries = root / "usr/lib" / self._platform.multiarch
        loader = libraries / self._platform.loader.rpartition("/")[2]
        return [str(loader), "--library-path", str(libraries), str(root / f"usr/bin/python{self._version}")]

    def root(self) -> Path:
        """Return the folder that it is unpacked in, which is made where it is not there or damaged."""
        root = self._folder / key_of(
            "interpreter 2", self._platform.name, [item.sha256 for item in self._packages]
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder):
            if not _is_intact(root):
                self._unpack(root)
            with contextlib.suppress(OSError):
                os.utime(root)  # when it was last used (airlock.cached)
        return root

    def _unpack(self, root: Path) -> None:
        for abandoned in self._folder.glob(f"{NEW}*"):  # by a process that was killed
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=NEW, dir=self._folder) as temporary:
            fresh = Path(temporary) / "root"
            for item in self._packages:
                unpacked = deb.read(item.filename, self._store.read(item.file), deb.Selection())
                written.write(fresh, [item for item in unpacked.entries if not _leads_out(item)])
            (fresh / SUMS).write_text(json.dumps(_sums(fresh)))
            if root.exists():
                root.rename(Path(temporary) / "damaged")
            fresh.rename(root)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other composers waiting: one would move away the interpreter that another starts."""
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_intact(root: Path) -> bool:
    """Whether every file is what was unpacked: a machine that lost power may have kept the names alone.

    Files that nobody touched since they were found to be so are not read again (airlock.compose.blobs).
    """
    try:
        seen = {str(path): blobs.fingerprint(path) for path in _files(root)}
        if (root / _SEEN).is_file() and json.loads((root / _SEEN).read_text()) == seen:
            return True
        if json.loads((root / SUMS).read_text()) != _sums(root):
            return False
        if blobs.is_settled(seen.values()):
            writing.write(root / _SEEN, json.dumps(seen))
    except (OSError, ValueError):
        return False
    return True


def _leads_out(item: Entry) -> bool:
    """Whether a link would lead out of a folder that nobody's root is."""
    return item.kind is Kind.SYMLINK and item.target.startswith("/")


def _files(root: Path) -> list[Path]:
    folders = ((Path(folder), names) for folder, _, names in os.walk(root))
    files = (folder / name for folder, names in folders for name in names)
    ours = {root / SUMS, root / _SEEN}
    return [path for path in files if path.is_file() and path not in ours]  # links may lead nowhere


def _sums(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in _files(root)
    }
