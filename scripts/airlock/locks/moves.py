"""What a new lock changes against the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock


@dataclass(frozen=True, order=True)
class Move:
    """One package in one lock; `before` is empty where it is new, `after` where it is gone."""

    lock: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Moves:
    """All differences between two locks, by name, and how many packages stayed as they were."""

    changes: tuple[Move, ...] = ()
    unchanged: int = 0

    @property
    def added(self) -> tuple[Move, ...]:
        return tuple(move for move in self.changes if not move.before)

    @property
    def removed(self) -> tuple[Move, ...]:
        return tuple(move for move in self.changes if not move.after)

    @property
    def moved(self) -> tuple[Move, ...]:
        return tuple(move for move in self.changes if move.before and move.after)


def compare(lock: str, before: Mapping[str, str], after: Mapping[str, str]) -> Moves:
    """Compare name → version."""
    names = sorted(before.keys() | after.keys())
    changes = tuple(
        Move(lock, name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name) != after.get(name)
    )
    return Moves(changes, len(names) - len(changes))


def together(parts: Iterable[Moves]) -> Moves:
    """Join the differences of several locks."""
    parts = list(parts)
    return Moves(
        tuple(move for part in parts for move in part.changes), sum(part.unchanged for part in parts)
    )


def airflow_versions(lock: AirflowLock | None) -> dict[str, str]:
    return {package.name: package.version for package in lock.packages} if lock else {}


def debian_versions(lock: DebianLock | None) -> dict[str, str]:
    """Name → version; one that differs between platforms (a binary-only rebuild) shows all."""
    found: dict[str, list[str]] = {}
    for deb in lock.debs if lock else ():
        found.setdefault(deb.package, []).append(deb.version)
    return {name: " / ".join(dict.fromkeys(versions)) for name, versions in found.items()}
