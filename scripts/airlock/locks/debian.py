"""`constraints/debian.lock`: the closure of `debian.in`, with each .deb's path in a mirror and its sha256.

The body is a Packages index (Debian policy 5.1, deb822) of the chosen packages with one field of ours,
`Platform`; the header also records which package holds a library that wheels may expect of a system, so
that a missing one can be named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import LockError
from airlock.locks import format as lock_format
from airlock.store import StoreFile

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.platforms import Platform


@dataclass(frozen=True, order=True)
class LockedDeb:
    """One .deb for one platform; `filename` is its path below the root of its archive in a mirror."""

    package: str
    version: str
    platform: str
    architecture: str  # Debian's, or "all"
    archive: str  # "debian" or "debian-security"
    filename: str
    size: int
    sha256: str

    @property
    def file(self) -> StoreFile:
        return StoreFile(self.filename.rpartition("/")[2], self.size, self.sha256)


@dataclass(frozen=True)
class DebianLock:
    """The whole lock; `libraries` holds (soname, Debian package) pairs."""

    suite: str
    platforms: tuple[str, ...]
    indexes: tuple[str, ...]  # what was trusted: "debian trixie 2026-11-21T09:15:44Z", one a Release file
    intent: tuple[tuple[str, str], ...]  # ("constraints/debian.in", "python3")
    libraries: tuple[tuple[str, str], ...]
    debs: tuple[LockedDeb, ...]

    def for_platform(self, platform: Platform) -> tuple[LockedDeb, ...]:
        return tuple(deb for deb in self.debs if deb.platform == platform.name)

    def version(self, package: str) -> str:
        """Return the locked version of a package. Raises LockError where it is not locked."""
        for deb in self.debs:
            if deb.package == package:
                return deb.version
        raise LockError(
            f"debian.lock does not hold {package}", remedy="name it in debian.in and run: airlock lock"
        )


def render(lock: DebianLock) -> str:
    fields = [("suite", lock.suite), ("platforms", " ".join(lock.platforms))]
    fields += [("index", index) for index in lock.indexes]
    fields += [("intent", f"{source}: {requirement}") for source, requirement in lock.intent]
    fields += [("library", f"{soname} {package}") for soname, package in lock.libraries]
    body = "\n".join(_render_deb(deb) for deb in lock.debs)
    return lock_format.render(lock_format.Document(tuple(fields), body))


def _render_deb(deb: LockedDeb) -> str:
    return (
        f"Package: {deb.package}\nVersion: {deb.version}\nPlatform: {deb.platform}\n"
        f"Architecture: {deb.architecture}\nArchive: {deb.archive}\nFilename: {deb.filename}\n"
        f"Size: {deb.size}\nSHA256: {deb.sha256}\n"
    )


def read(path: Path) -> DebianLock:
    """Read the lock. Raises LockError where it is missing, edited by hand or malformed."""
    document = lock_format.read(path)
    try:
        pairs = (line.split(": ", 1) for line in document.all("intent"))
        libraries = (line.split(" ", 1) for line in document.all("library"))
        return DebianLock(
            suite=document.one("suite"),
            platforms=tuple(document.one("platforms").split()),
            indexes=document.all("index"),
            intent=tuple((source, requirement) for source, requirement in pairs),
            libraries=tuple((soname, package) for soname, package in libraries),
            debs=tuple(_deb(stanza) for stanza in document.body.split("\n\n") if stanza.strip()),
        )
    except (ValueError, KeyError) as error:
        raise LockError(f"{path} is malformed", cause=str(error), remedy="airlock lock") from error


def _deb(stanza: str) -> LockedDeb:
    field = dict(line.split(": ", 1) for line in stanza.strip().splitlines())
    return LockedDeb(
        package=field["Package"],
        version=field["Version"],
        platform=field["Platform"],
        architecture=field["Architecture"],
        archive=field["Archive"],
        filename=field["Filename"],
        size=int(field["Size"]),
        sha256=field["SHA256"],
    )
