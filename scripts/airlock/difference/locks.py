"""How two sets of locks differ: versions, what they were resolved for, and the files to fetch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock.locks import locking

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from airlock.difference.foreseen import Foreseen
    from airlock.locks.locking import Locks
    from airlock.locks.moves import Moves
    from airlock.store import StoreFile

KINDS = ("debian", "airflow", "toolchain")


@dataclass(frozen=True, order=True)
class Fact:
    """A line of a lock's header that differs, as `python`; "" where there is none."""

    lock: str
    key: str
    before: str
    after: str


@dataclass(frozen=True)
class LockDifference:
    """How the locks differ; `fetch` are the files that a store sealed for the first must get for the second."""

    packages: Moves
    facts: tuple[Fact, ...]
    fetch: tuple[StoreFile, ...]
    foreseen: tuple[Foreseen, ...] = ()  # of the image, by platform

    @property
    def differs(self) -> bool:
        """Whether there is anything to show; why a package is locked, for one, is no difference."""
        return bool(self.packages.changes or self.facts or self.fetch)

    @property
    def bytes_to_fetch(self) -> int:
        return sum(file.size for file in self.fetch)


def compare(before: Locks, after: Locks, kinds: Collection[str]) -> LockDifference:
    """Compare the locks of these kinds; one that only one side has counts as empty on the other."""
    before, after = _only(before, kinds), _only(after, kinds)
    held = {file.sha256 for file in _files(before)}
    wanted = {file.sha256: file for file in _files(after)}
    facts: list[Fact] = []
    for kind in KINDS:
        lists = _header(before, kind), _header(after, kind)
        facts += _facts(kind, *lists)
    facts += _tiers(before, after)
    return LockDifference(
        locking.compare(before, after),
        tuple(facts),
        tuple(sorted(file for sha256, file in wanted.items() if sha256 not in held)),
    )


def _only(locks: Locks, kinds: Collection[str]) -> Locks:
    return replace(locks, **{kind: None for kind in KINDS if kind not in kinds})


def _files(locks: Locks) -> Iterator[StoreFile]:
    for package in locks.airflow.packages if locks.airflow else ():
        yield from (file for _, file in package.files)
    yield from (deb.file for deb in (locks.debian.debs if locks.debian else ()))


def _header(locks: Locks, kind: str) -> dict[str, tuple[str, ...]]:
    """Return the header of one lock: key → values, nothing where there is no such lock."""
    if kind == "debian" and locks.debian:
        lock = locks.debian
        found = {"suite": (lock.suite,), "platforms": lock.platforms, "index": lock.indexes}
        return found | {"intent": _requirements(lock.intent)}
    if kind == "airflow" and locks.airflow:
        chosen = locks.airflow
        found = {"python": (chosen.python,), "glibc": (chosen.glibc,), "platforms": chosen.platforms}
        found |= {"resolved": (chosen.resolved,), "intent": _requirements(chosen.intent)}
        within = (chosen.constraints,) if chosen.constraints else ()
        return found | {"constraints": within, "allowed": chosen.allowed}
    if kind == "toolchain" and locks.toolchain:
        tools = locks.toolchain
        return {
            "python": (tools.python,),
            "resolved": (tools.resolved,),
            "intent": _requirements(tools.intent),
            "allowed": tools.allowed,
        }
    return {}


def _requirements(intent: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(f"{source}: {requirement}" for source, requirement in intent)


def _facts(
    kind: str, before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> Iterator[Fact]:
    """Compare headers that both are there; a lock that came or went is told by its packages."""
    for key in (key for key in before if key in after):
        gone = [value for value in before[key] if value not in after[key]]
        new = [value for value in after[key] if value not in before[key]]
        if len(before[key]) == len(after[key]) == 1 and gone:
            yield Fact(kind, key, gone[0], new[0])
        else:
            yield from (Fact(kind, key, value, "") for value in gone)
            yield from (Fact(kind, key, "", value) for value in new)


def _tiers(before: Locks, after: Locks) -> Iterator[Fact]:
    """Say how many packages, of those that both locks hold, go to another layer."""
    old, new = (
        {one.name: one.tier for one in locks.airflow.packages} if locks.airflow else {}
        for locks in (before, after)
    )
    count = sum(old[name] != new[name] for name in old.keys() & new.keys())
    if count:
        yield Fact("airflow", "tier", "", f"{count} packages are in another tier")
