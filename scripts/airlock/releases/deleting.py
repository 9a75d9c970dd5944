"""Deletes what a plan says, for as long as the pointer says that it is being deleted."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airlock.errors import LocationError
from airlock.releases import collecting
from airlock.releases.in_s3 import InS3
from airlock_spec.releases import layout, reading
from airlock_spec.releases.pointer import Collecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.releases.collecting import Plan
    from airlock.releases.in_folder import Kept
    from airlock.releases.location import Location
    from airlock_spec.releases.pointer import Pointer

LEASE = timedelta(minutes=15)  # for which publishers leave alone what is being deleted
_MARGIN = (
    300.0  # seconds before its end from which nothing is deleted: clocks differ, and a request takes a while
)
_ATTEMPTS = 10  # at the pointer
_AT_ONCE = 500  # keys; then it is made sure that the lease still is ours
# Unlike CLOCK_MONOTONIC it goes on while the machine sleeps (clock_gettime(2)); macOS has no such clock.
_TICKING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class Clock:
    """The time of day, and seconds that nobody sets."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ticks: Callable[[], float] = lambda: time.clock_gettime(_TICKING)


@dataclass(frozen=True)
class Deleted:
    """What was done: the keys that are gone; `stopped` is why others are still there, "" where none is."""

    plan: Plan
    keys: tuple[str, ...] = ()
    stopped: str = ""


@dataclass(frozen=True)
class Collector:
    """Collects at a location, in somebody's name."""

    location: Location
    by: str
    clock: Clock = field(default_factory=Clock)

    def collect(self, kept: Kept, *, force: bool = False) -> Deleted:
        """Delete what nothing keeps. Raises LocationError and what the location raises; the next run goes on then."""
        for _ in range(_ATTEMPTS):
            plan = collecting.plan(self.location, kept, force=force)
            self._require_alone(plan)
            begun = self.clock.ticks()
            ours = Collecting(tuple(sorted({*plan.removed, *plan.orphans})), self._until(plan))
            if not plan.goes and not plan.found.pointer.collecting:
                return Deleted(plan)
            after = _after(plan, ours, self.clock.now(), self.by)
            if self.location.swap(layout.POINTER, after.to_data(), plan.found.etag):
                return self._delete(plan, ours, begun)
        raise LocationError(
            "nothing was deleted: others change what serves all the time",
            cause=f"{_ATTEMPTS} attempts at the pointer were lost",
            remedy="run it again later",
        )

    def _delete(self, plan: Plan, ours: Collecting, begun: float) -> Deleted:
        gone: list[str] = []
        known, end = reading.Known(self.location), begun + LEASE.total_seconds() - _MARGIN
        for etags in _batches(plan):
            now = known.look()
            lost = now.collecting != ours
            if lost or self.clock.ticks() >= end or self.clock.now() >= ours.until:
                why = "another run went on from here" if lost else "it took too long: run it again"
                return Deleted(plan, tuple(gone), why)
            gone += self.location.delete(etags)
        InS3(self.location).change(
            lambda now: replace(now, collecting=None) if now.collecting == ours else now
        )
        return Deleted(plan, tuple(gone))

    def _require_alone(self, plan: Plan) -> None:
        other = plan.found.pointer.collecting
        if other and max(self.clock.now(), plan.found.now) < other.until:
            raise LocationError(
                "another `airlock gc` is at work there, or was killed",
                cause=f"what it deletes is nobody else's until {other.until:%Y-%m-%d %H:%M:%S} UTC",
                remedy="run it again then: it goes on from there",
            )

    def _until(self, plan: Plan) -> datetime:
        """Return the end of the lease, by the clock that is ahead; in milliseconds, as documents have it."""
        until = max(self.clock.now(), plan.found.now) + LEASE
        return until.replace(microsecond=until.microsecond // 1000 * 1000)


def _after(plan: Plan, ours: Collecting, at: datetime, by: str) -> Pointer:
    """Return the pointer that no longer has what goes."""
    before = plan.found.pointer
    left = tuple(one for one in before.releases if one.release not in plan.removed)
    return replace(before, releases=left, collecting=ours).noted("gc", at, by)


def _batches(plan: Plan) -> Iterator[dict[str, str]]:
    """Yield the keys of what goes with their ETags: what was written anew since the plan is somebody else's."""
    keys = [*plan.documents, *plan.packs]
    for first in range(0, len(keys), _AT_ONCE):
        yield {key: plan.found.objects[key].etag for key in keys[first : first + _AT_ONCE]}
