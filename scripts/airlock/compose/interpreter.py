"""The image's interpreter, unpacked from its Debian packages to compile bytecode on this machine."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.cache import key_of
from airlock.compose import bytecode
from airlock.compose.bytecode import ImageInterpreter
from airlock.compose.entry import Entry, Kind
from airlock.debian import deb
from airlock.errors import LockError

if TYPE_CHECKING:
    from airlock.locks.debian import DebianLock, LockedDeb
    from airlock.platforms import Platform
    from airlock.store import Store

_PYTHON = re.compile(r"python(3\.\d+)-minimal")
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
    """Return the packages that the interpreter needs to compile, for the platform it is to run on."""
    version = python_version(lock)
    names = {
        f"python{version}-minimal",
        f"libpython{version}-minimal",
        f"libpython{version}-stdlib",
        *_SUPPORT,
    }
    return tuple(item for item in lock.for_platform(platform) if item.package in names)


def unpack(lock: DebianLock, platform: Platform, store: Store, folder: Path) -> ImageInterpreter:
    """Unpack the interpreter once below `folder` and return it."""
    chosen = packages(lock, platform)
    identity = bytecode.identity(item.sha256 for item in chosen)
    root = folder / key_of("interpreter 1", platform.name, [item.sha256 for item in chosen])
    if not root.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            fresh = Path(temporary) / "root"
            for item in chosen:
                unpacked = deb.read(item.filename, store.read(item.file), deb.Selection())
                _write(fresh, unpacked.entries)
            try:
                fresh.rename(root)
            except OSError:
                if not root.exists():  # else another process was faster
                    raise
    libraries = f"usr/lib/{platform.multiarch}"
    loader = f"{libraries}/{platform.loader.rpartition('/')[2]}"
    return ImageInterpreter(root, loader, libraries, python_version(lock), identity)


def _write(root: Path, entries: tuple[Entry, ...]) -> None:
    """Write files and links; `deb.read` has made sure that none leads out of `root`."""
    for item in entries:
        path = root / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if item.kind is Kind.FILE:
            path.write_bytes(item.content)
            path.chmod(item.mode | 0o600)
        elif item.kind is Kind.SYMLINK and not item.target.startswith("/"):
            path.symlink_to(item.target)
