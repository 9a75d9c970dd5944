"""What the project's lock would have been in the weeks before it: one compact file, for replays without a network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import writing
from airlock.locks import tiers

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORDED = Path(__file__).with_name("lock_history.json")


@dataclass(frozen=True)
class Wheel:
    """A package in one week's lock; `weight` is the wheel's size in bytes."""

    package: str
    version: str
    weight: int
    tier: int


@dataclass(frozen=True)
class Package:
    """A package through the weeks.

    `released` are the whole days from each release to the first lock that holds the package, None where the
    index does not tell; `moves` are (week, version, bytes), version "" where the package is locked no more.
    """

    name: str
    released: tuple[int, ...] | None
    moves: tuple[tuple[int, str, int], ...]

    def tier(self, first: datetime) -> int:
        """Return the tier as the first lock that holds the package would have recorded it."""
        return tiers.tier_of([first - timedelta(days=days) for days in self.released or ()], first)


@dataclass(frozen=True)
class History:
    """The locks of some weeks; `skipped` says which instants have none, and why."""

    platform: str
    asked: tuple[str, ...]
    resolved: tuple[str, ...]  # RFC 3339
    skipped: tuple[tuple[str, str], ...]
    packages: tuple[Package, ...]

    def locks(self) -> list[list[Wheel]]:
        """Return each week's lock, by package."""
        weeks: list[list[Wheel]] = [[] for _ in self.resolved]
        for package in self.packages:
            tier = package.tier(datetime.fromisoformat(self.resolved[package.moves[0][0]]))
            ends = [*(week for week, _, _ in package.moves[1:]), len(weeks)]
            for (start, version, size), end in zip(package.moves, ends, strict=True):
                for week in range(start, end if version else start):
                    weeks[week].append(Wheel(package.name, version, size, tier))
        return weeks


def read(path: Path = RECORDED) -> History:
    document = json.loads(path.read_text(encoding="utf-8"))
    return History(
        platform=document["platform"],
        asked=tuple(document["asked"]),
        resolved=tuple(document["resolved"]),
        skipped=tuple(document["skipped"].items()),
        packages=tuple(_package(name, one) for name, one in document["packages"].items()),
    )


def _package(name: str, document: dict[str, Any]) -> Package:
    released = document["released"]
    moves = tuple((week, version, size) for week, version, size in document["moves"])
    return Package(name, None if released is None else tuple(released), moves)


def write(history: History, path: Path = RECORDED) -> None:
    """Write one package a line, so that a new recording can be reviewed as a difference."""
    packages = ",\n".join(
        f"  {json.dumps(one.name)}: " + json.dumps({"released": one.released, "moves": one.moves})
        for one in history.packages
    )
    head = {"platform": history.platform, "asked": history.asked, "resolved": history.resolved}
    lines = json.dumps(head | {"skipped": dict(history.skipped)}, indent=1)[:-2]
    writing.write(path, f'{lines},\n "packages": {{\n{packages}\n }}\n}}\n')


def moves(weeks: Iterable[tuple[str, int] | None]) -> tuple[tuple[int, str, int], ...]:
    """Return what changed, from one package's (version, bytes) of every week; None is a week without it."""
    found: list[tuple[int, str, int]] = []
    for week, locked in enumerate(weeks):
        now = locked or ("", 0)
        if now != (found[-1][1:] if found else ("", 0)):
            found.append((week, *now))
    return tuple(found)
