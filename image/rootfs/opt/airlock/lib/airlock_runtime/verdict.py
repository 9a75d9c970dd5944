"""What the signs of life of a component mean: a pure function, so that every state is a line of a test."""

from __future__ import annotations

import time
from typing import NamedTuple

HEALTHY, STARTING, UNHEALTHY = "healthy", "starting", "unhealthy"
# Of a processor, between two checks, used or waited for. The main thread of an idle scheduler takes 0.02, a
# dead-locked one nothing, one that has much to do nearly all.
BUSY_SHARE = 0.05


class Bounds(NamedTuple):
    """Seconds that something may last."""

    starting: float = 300.0  # from a process to its first sign of life
    busy: float = 300.0  # without a sign of life, while the processor is used
    outage: float = 300.0  # of the database or the broker, which no new container could mend


class Sign(NamedTuple):
    """What a component showed of itself; `what` names the thing that was looked at."""

    kind: str  # one of _JUDGES
    what: str
    at: float | None = None  # seconds since 1970: the last beat, the end, the start of the outage
    reason: str = ""
    excused: float = 0.0  # until when it could not beat, for no fault of its own


class Life(NamedTuple):
    """What the process of a component is and was doing."""

    name: str
    seconds: float  # since it started, or the container where there is no process
    present: bool = True
    stopped: bool = False
    share: float | None = None  # of a processor since an earlier check; None where that is unknown
    remembered: bool = True  # whether anything can be remembered between checks
    was_seen: bool = False  # by an earlier check


class Verdict(NamedTuple):
    """One of three states, and why in one line."""

    status: str
    reason: str

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}"


class Case(NamedTuple):
    """All that a judgement depends on."""

    life: Life
    sign: Sign
    threshold: float  # the age in seconds that the last sign of life may have
    bounds: Bounds
    now: float  # seconds since 1970


def judge(case: Case) -> Verdict:
    """Judge a component."""
    return _JUDGES[case.sign.kind](case) if case.life.present else _absent(case)


def _absent(case: Case) -> Verdict:
    life, bounds = case.life, case.bounds
    if life.was_seen:
        return Verdict(UNHEALTHY, f"the process of {life.name}, which an earlier check saw, has ended")
    if life.seconds < bounds.starting:
        return Verdict(
            STARTING, f"no process of {life.name} yet, {life.seconds:.0f} s after the container's start"
        )
    return Verdict(UNHEALTHY, f"no process of {life.name}, {life.seconds:.0f} s after the container's start")


def _silent(case: Case) -> Verdict:
    life, sign, bounds = case.life, case.sign, case.bounds
    if life.stopped:
        return Verdict(UNHEALTHY, f"{life.name} is stopped by a signal, before its first {sign.what}")
    reason = f"; {sign.reason}" if sign.reason else ""
    if life.seconds < bounds.starting:
        return Verdict(STARTING, f"{life.name} has run for {life.seconds:.0f} s, no {sign.what} yet{reason}")
    return Verdict(UNHEALTHY, f"{life.name} has run for {life.seconds:.0f} s without a {sign.what}{reason}")


def _outage(case: Case) -> Verdict:
    """Give time to what no new container could mend, but not for ever: a new one may have a better network."""
    life, sign, bounds, now = case.life, case.sign, case.bounds, case.now
    since = now if sign.at is None else sign.at
    said = f"the {sign.what} {sign.reason}, {_since(since, now)}"
    if life.stopped:
        return Verdict(UNHEALTHY, f"{life.name} is stopped by a signal; {said}")
    if not life.remembered:
        return Verdict(
            UNHEALTHY, f"{said}; for how long cannot be remembered: no folder of this container is writable"
        )
    left = bounds.outage - (now - since)
    if left <= 0:
        return Verdict(UNHEALTHY, f"{said}: longer than {bounds.outage:.0f} s")
    return Verdict(HEALTHY, f"{life.name} runs; {said}; unhealthy in {left:.0f} s")


def _gone(case: Case) -> Verdict:
    sign = case.sign
    said = f"no {sign.what} of {case.life.name} {_since(sign.at, case.now)}"
    return Verdict(UNHEALTHY, f"{said}: {sign.reason}")


def _ended(case: Case) -> Verdict:
    since = _since(case.sign.at, case.now)
    return Verdict(UNHEALTHY, f"{case.life.name} ended its job {since}, and its process is still there")


def _draining(case: Case) -> Verdict:
    """However long its tasks take: whoever asked it to stop sets the limit."""
    since = _since(case.sign.at, case.now)
    return Verdict(HEALTHY, f"{case.life.name} was asked to stop {since}, and finishes its tasks")


def _unproven(case: Case) -> Verdict:
    life, sign = case.life, case.sign
    if life.stopped:
        return Verdict(UNHEALTHY, f"{life.name} is stopped by a signal")
    if life.share is not None and life.share <= 0:
        return Verdict(UNHEALTHY, f"{life.name} has not run since the last check; {sign.reason}")
    return Verdict(HEALTHY, f"{life.name} runs, with nothing to prove more: {sign.reason}")


def _beat(case: Case) -> Verdict:
    life, sign, bounds, now = case.life, case.sign, case.bounds, case.now
    age = now - max(sign.at or 0.0, sign.excused)
    if age < case.threshold:
        return Verdict(HEALTHY, f"{life.name}, last {sign.what} {max(now - (sign.at or 0.0), 0.0):.1f} s ago")
    said = f"no {sign.what} of {life.name} {_since(sign.at, now)}"
    if sign.reason:
        said += f": {sign.reason}"
    if life.stopped:
        return Verdict(UNHEALTHY, f"{said}: its process is stopped by a signal")
    share = life.share or 0.0
    used = f"it asked for {share:.0%} of a processor since the last check"
    if share < BUSY_SHARE:
        return Verdict(UNHEALTHY, f"{said}: it hangs, {used}")
    if age >= bounds.busy:
        return Verdict(UNHEALTHY, f"{said}: busy for longer than {bounds.busy:.0f} s, {used}")
    return Verdict(HEALTHY, f"{life.name} is busy: {said}, {used}; unhealthy in {bounds.busy - age:.0f} s")


def _late(case: Case) -> Verdict:
    return _beat(case._replace(threshold=0.0))


_JUDGES = {
    "beat": _beat,
    "late": _late,
    "gone": _gone,
    "none": _silent,
    "ended": _ended,
    "outage": _outage,
    "draining": _draining,
    "unproven": _unproven,
}


def _since(at: float | None, now: float) -> str:
    if at is None:
        return "since an unknown time"
    return f"since {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at))} ({max(now - at, 0.0):.0f} s)"
