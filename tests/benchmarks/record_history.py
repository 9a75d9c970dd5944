"""Records a history of locks, with the project's own resolver and the user's own index.

Each week is resolved as `airlock lock --upgrade` would have done it that day. Airflow may be older than the
version that constraints/airflow.in names, because most weeks came before it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import config
from airlock.errors import ResolveError
from airlock.index.configuration import configured, uv_environment
from airlock.index.releases import Pages
from airlock.index.sizes import THREADS, sizes
from airlock.index.web import Web
from airlock.locks import airflow, debian, intent, resolver
from airlock.locks.job import Job
from airlock.locks.target import target
from airlock.locks.uv import UvProgram
from airlock.places import places
from airlock.platforms import AMD64
from benchmarks import lock_history
from benchmarks.lock_history import History, Package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.config import Config
    from airlock.locks.intent import Asked

REPOSITORY = Path(__file__).parents[2]
WEEKS = 20
KEPT_DAYS = 730  # of releases; tiers look at a year, and whoever wants to try two can
AIRFLOW = re.compile(r"(apache-airflow(?:\[[^]]*\])?)==")


@dataclass
class _Sizes:
    """The sizes of wheels, each asked for once in all weeks."""

    web: Web
    known: dict[str, int] = field(default_factory=dict)

    def __call__(self, urls: Sequence[str]) -> dict[str, int]:
        self.known |= sizes(self.web, [url for url in urls if url not in self.known])
        return {url: self.known[url] for url in urls if url in self.known}


def record_repository() -> History:
    return record(config.load(REPOSITORY))


def record(settings: Config, weeks: int = WEEKS) -> History:
    """Resolve the intent as of each of the weeks that end with the lock's own date. Raises FetchError."""
    lock = airflow.read(settings.airflow_lock)
    end = datetime.fromisoformat(lock.resolved.removeprefix(resolver.AS_OF))
    asked = tuple(_or_older(one) for one in intent.read(settings).airflow)
    indexes = configured(settings.project)
    web = Web(indexes, THREADS)
    job = Job(
        asked,
        target(debian.read(settings.debian_lock)),
        kept={},
        bound=None,
        uv=UvProgram(uv_environment(indexes), places().trees),
        sizes=_Sizes(web),
    )
    locks: dict[datetime, dict[str, tuple[str, int]]] = {}
    skipped: dict[str, str] = {}
    for before in reversed(range(weeks)):
        at = end - timedelta(weeks=before)
        try:
            locks[at] = _resolve(job, at)
        except ResolveError as error:
            skipped[_rfc3339(at)] = error.fact
        said = skipped.get(_rfc3339(at)) or f"{len(locks[at])} packages"
        print(f"{_rfc3339(at)}  {said}", file=sys.stderr)  # noqa: T201 - talk
    names = sorted(set().union(*locks.values()))
    dates = Pages(web, indexes).releases(names)
    return History(
        AMD64.name,
        tuple(one.requirement for one in asked),
        tuple(_rfc3339(at) for at in locks),
        tuple(skipped.items()),
        tuple(_package(name, locks, dates.get(name)) for name in names),
    )


def _or_older(asked: Asked) -> Asked:
    return replace(asked, requirement=AIRFLOW.sub(r"\1<=", asked.requirement))


def _resolve(job: Job, at: datetime) -> dict[str, tuple[str, int]]:
    lock = resolver.resolve(replace(job, bound=_rfc3339(at)), [AMD64])
    if lock.resolved == resolver.NO_BOUND:
        raise SystemExit("a history needs an index that gives upload times")
    return {wheel.name: (wheel.version, wheel.file.size) for wheel in lock.wheels(AMD64)}


def _package(
    name: str, locks: dict[datetime, dict[str, tuple[str, int]]], dates: Sequence[datetime] | None
) -> Package:
    first = next(at for at, lock in locks.items() if name in lock)
    days = sorted((first - one).days for one in dates or () if one <= first)
    released = tuple(day for day in days if day < KEPT_DAYS) or tuple(days[:1])
    return Package(name, released or None, lock_history.moves(lock.get(name) for lock in locks.values()))


def _rfc3339(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
