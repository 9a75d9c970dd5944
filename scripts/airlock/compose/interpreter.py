"""The image's interpreter, unpacked from its Debian packages to compile bytecode on this machine.

It is started through its own dynamic loader from a folder that holds just it, which needs no sandbox and so
works where namespaces are forbidden.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.cache import key_of
from airlock.compose import bytecode, entry
from airlock.compose.entry import Entry, Kind
from airlock.debian import deb
from airlock.errors import LockError, UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.locks.debian import DebianLock, LockedDeb
    from airlock.platforms import Platform
    from airlock.store import Store

_PYTHON = re.compile(r"python(3\.\d+)-minimal")
_SUMS = ".sums"
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
    version = python_version(lock)
    names = {
        f"python{version}-minimal",
        f"libpython{version}-minimal",
        f"libpython{version}-stdlib",
        *_SUPPORT,
    }
    found = tuple(item for item in lock.for_platform(platform) if item.package in names)
    if absent := names - {item.package for item in found}:
        raise LockError(
            f"debian.lock holds no Python that this machine ({platform}) can compile bytecode with",
            cause=f"for {platform} it lacks {', '.join(sorted(absent))}",
            remedy=f"add {platform} to [tool.airlock] platforms, then: airlock lock && airlock fetch",
        )
    return found


class ImageInterpreter:
    """The image's interpreter as a `bytecode.Compiler`, unpacked below `folder` when it is first needed."""

    def __init__(self, lock: DebianLock, platform: Platform, store: Store, folder: Path) -> None:
        self._packages = packages(lock, platform)
        self._platform, self._store, self._folder = platform, store, folder
        self._version = python_version(lock)
        self._one_at_a_time = threading.Lock()
        self._command: list[str] = []
        self.identity = bytecode.identity(item.sha256 for item in self._packages)
        self.tag = f"cpython-{self._version.replace('.', '')}"

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
        with self._one_at_a_time:
            self._command = self._command or self._start()
        return bytecode.compile_with(self._command, sources)

    def _start(self) -> list[str]:
        """Return the command that starts it through its own dynamic loader."""
        root = self._root()
        libraries = root / "usr/lib" / self._platform.multiarch
        loader = libraries / self._platform.loader.rpartition("/")[2]
        return [str(loader), "--library-path", str(libraries), str(root / f"usr/bin/python{self._version}")]

    def _root(self) -> Path:
        root = self._folder / key_of(
            "interpreter 2", self._platform.name, [item.sha256 for item in self._packages]
        )
        if not _is_intact(root):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder) as temporary:
                fresh = Path(temporary) / "root"
                for item in self._packages:
                    unpacked = deb.read(item.filename, self._store.read(item.file), deb.Selection())
                    _write(fresh, unpacked.entries)
                (fresh / _SUMS).write_text(json.dumps(_sums(fresh)))
                if root.exists():
                    root.rename(Path(temporary) / "damaged")
                with contextlib.suppress(OSError):  # another process may have been faster
                    fresh.rename(root)
        return root


def _is_intact(root: Path) -> bool:
    """Whether every file is what was unpacked: a machine that lost power may have kept the names alone."""
    try:
        return bool(json.loads((root / _SUMS).read_text()) == _sums(root))
    except (OSError, ValueError):
        return False


def _sums(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and path.name != _SUMS)
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def _write(root: Path, entries: tuple[Entry, ...]) -> None:
    """Write files and links, nothing through a link: one of another package may lead out of `root`."""
    for item in entries:
        if item.kind is Kind.DIRECTORY:
            continue
        path = root / item.path
        through = next((parent for parent in entry.parents(item.path) if (root / parent).is_symlink()), None)
        if through or path.is_symlink():
            raise UnsafeArchiveError(
                f"a package of the interpreter would write through a link: /{item.path}",
                cause=f"/{through or item.path} is a symlink of another package",
                remedy="do not use these packages; run: airlock lock --upgrade",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if item.kind is Kind.FILE:
            path.write_bytes(item.content)
            path.chmod(item.mode & 0o777 | 0o600)
        elif item.kind is Kind.SYMLINK and not item.target.startswith("/"):
            path.symlink_to(item.target)
