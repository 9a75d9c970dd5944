"""What the locks pin, under the names by which advisories know it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.debian.packages import without_rebuild

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock, LockedDeb
    from airlock.locks.toolchain import ToolchainLock
    from airlock.platforms import Platform

PYPI = "PyPI"
# Advisories name releases of Debian by number (OSV schema, "Debian").
SUITES = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14"}
_POOL = re.compile(r"pool/.+/([^/]+)/[^/]+\.deb")


@dataclass(frozen=True, order=True)
class Pin:
    """A package and version; of Debian the source package, which is what advisories are about.

    `packages` are the names in the lock, by which it is upgraded.
    """

    ecosystem: str  # as OSV names it: PyPI, or Debian:13
    name: str
    version: str
    packages: tuple[str, ...] = field(default=(), compare=False)


def of_airflow(lock: AirflowLock) -> list[Pin]:
    return [Pin(PYPI, one.name, one.version, (one.name,)) for one in lock.packages]


def of_toolchain(lock: ToolchainLock) -> list[Pin]:
    return [
        Pin(PYPI, name, version, (name,))
        for name, shown in lock.versions.items()
        for version in shown.split(" / ")
    ]


def of_debian(lock: DebianLock, platforms: Iterable[Platform]) -> list[Pin]:
    """Return the source packages of the debs; none where the suite has no number that is known."""
    number = SUITES.get(lock.suite)
    debs = [deb for platform in platforms for deb in lock.for_platform(platform)] if number else []
    found: dict[tuple[str, str], set[str]] = {}
    for deb in debs:
        found.setdefault((source(deb), without_rebuild(deb.version)), set()).add(deb.package)
    return [Pin(f"Debian:{number}", *of, tuple(sorted(names))) for of, names in sorted(found.items())]


def source(deb: LockedDeb) -> str:
    """Return the source package of a deb: an archive's pool is sorted by it (pool/main/g/glibc/libc6_….deb)."""
    found = _POOL.fullmatch(deb.filename)
    return found[1] if found else deb.package
