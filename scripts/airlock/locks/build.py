"""`constraints/build.lock`: what source distributions are built with, for packages that have no wheel.

The body is as airflow.lock's: requirements with hashes, and comments that name files. Several versions of one
package may stand in it, because each source distribution is built in an environment of its own, which
airflow.lock names (`# built with:`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.cache import key_of
from airlock.errors import LockError
from airlock.locks import airflow
from airlock.locks import format as lock_format

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.locks.airflow import LockedPackage
    from airlock.locks.debian import DebianLock
    from airlock.platforms import Platform
    from airlock.store import StoreFile


@dataclass(frozen=True)
class BuildLock:
    """The whole lock; `root` identifies the Debian packages that were around the builds."""

    root: str
    intent: tuple[tuple[str, str], ...]  # ("constraints/build.in", "setuptools<81")
    packages: tuple[LockedPackage, ...]

    def files(self, pins: Iterable[str], platform: Platform) -> tuple[StoreFile, ...]:
        """Return the wheels of pins (name==version). Raises LockError for one that is not locked."""
        by_pin = {f"{one.name}=={one.version}": one for one in self.packages}
        found = {pin: by_pin[pin].file(platform) if pin in by_pin else None for pin in pins}
        if absent := [pin for pin, file in found.items() if file is None]:
            raise LockError(
                f"build.lock does not hold {', '.join(absent)} for {platform}",
                cause="a package that is built from source needs them",
                remedy="airlock lock",
            )
        return tuple(file for file in found.values() if file)


def root_of(debs: DebianLock) -> str:
    """Identify the packages of a root to build in."""
    return f"sha256:{key_of(sorted(deb.sha256 for deb in debs.debs))}"


def render(lock: BuildLock) -> str:
    fields = [("root", lock.root)]
    fields += [("intent", f"{source}: {requirement}") for source, requirement in lock.intent]
    return lock_format.render(lock_format.Document(tuple(fields), airflow.render_packages(lock.packages)))


def read(path: Path) -> BuildLock:
    """Read the lock. Raises LockError where it is missing, edited by hand or malformed."""
    document = lock_format.read(path)
    try:
        pairs = (line.split(": ", 1) for line in document.all("intent"))
        return BuildLock(
            root=document.one("root"),
            intent=tuple((source, requirement) for source, requirement in pairs),
            packages=airflow.parse_packages(document.body),
        )
    except (ValueError, KeyError) as error:
        raise LockError(f"{path} is malformed", cause=str(error), remedy="airlock lock") from error
