"""Every state of a component, as a line of a table."""

from __future__ import annotations

import pytest

from airlock_runtime.verdict import HEALTHY, STARTING, UNHEALTHY, Bounds, Case, Life, Sign, Verdict, judge

NOW = 1_795_685_700.0  # 2026-11-26T09:35:00Z
BOUNDS = Bounds(starting=300, busy=200, outage=100)
OLD = Life("scheduler", seconds=1000, share=0.0)
NEW = Life("scheduler", seconds=10)
BUSY = OLD._replace(share=0.5)
STOPPED = OLD._replace(stopped=True)


def verdict(life: Life, sign: Sign) -> Verdict:
    return judge(Case(life, sign, threshold=30, bounds=BOUNDS, now=NOW))


def beat(age: float) -> Sign:
    return Sign("beat", "heartbeat", NOW - age)


def late(age: float) -> Sign:
    return Sign("late", "answer", NOW - age, "gives none in 3.0 s")


def outage(age: float) -> Sign:
    return Sign("outage", "database", NOW - age, "does not answer (refused)")


NONE = Sign("none", "heartbeat")
ABSENT = NEW._replace(present=False)


@pytest.mark.parametrize(
    ("life", "sign", "status", "said"),
    [
        (OLD, beat(2.5), HEALTHY, "scheduler, last heartbeat 2.5 s ago"),
        (OLD, beat(29.9), HEALTHY, "29.9 s ago"),
        (OLD, beat(-1), HEALTHY, "last heartbeat 0.0 s ago"),  # the clock was set back a little
        (STOPPED, beat(29), HEALTHY, "29.0 s ago"),  # nobody missed anything yet
        (
            STOPPED,
            beat(31),
            UNHEALTHY,
            "since 2026-11-26T09:34:29Z (31 s): its process is stopped by a signal",
        ),
        (OLD, beat(31), UNHEALTHY, "it hangs, it asked for 0% of a processor"),
        (OLD._replace(share=0.049), beat(31), UNHEALTHY, "it hangs, it asked for 5% of a processor"),
        (OLD._replace(share=None), beat(31), UNHEALTHY, "it hangs"),
        (OLD, beat(90)._replace(excused=NOW - 29), HEALTHY, "last heartbeat 90.0 s ago"),
        (OLD, beat(90)._replace(excused=NOW - 31), UNHEALTHY, "no heartbeat of scheduler since"),
        (BUSY, beat(31), HEALTHY, "scheduler is busy: no heartbeat of scheduler since"),
        (BUSY, beat(199), HEALTHY, "unhealthy in 1 s"),
        (BUSY, beat(201), UNHEALTHY, "busy for longer than 200 s, it asked for 50% of a processor"),
        (NEW, NONE, STARTING, "scheduler has run for 10 s, no heartbeat yet"),
        (OLD, NONE, UNHEALTHY, "scheduler has run for 1000 s without a heartbeat"),
        (NEW._replace(stopped=True), NONE, UNHEALTHY, "stopped by a signal, before its first heartbeat"),
        (
            OLD,
            Sign("ended", "heartbeat", NOW - 3),
            UNHEALTHY,
            "ended its job since 2026-11-26T09:34:57Z (3 s)",
        ),
        (OLD, outage(0), HEALTHY, "the database does not answer (refused), since 2026-11-26T09:35:00Z (0 s)"),
        (OLD, outage(99), HEALTHY, "unhealthy in 1 s"),
        (OLD, outage(100), UNHEALTHY, "longer than 100 s"),
        (STOPPED, outage(1), UNHEALTHY, "scheduler is stopped by a signal; the database does not answer"),
        (OLD._replace(remembered=False), outage(0), UNHEALTHY, "cannot be remembered"),
        (OLD, late(1), UNHEALTHY, "no answer of scheduler since 2026-11-26T09:34:59Z (1 s): gives none"),
        (BUSY, late(1), HEALTHY, "is busy"),
        (OLD, Sign("gone", "answer", NOW - 1, "refused"), UNHEALTHY, "(1 s): refused"),
        (OLD, Sign("draining", "beat", NOW - 9999), HEALTHY, "finishes its tasks"),
        (
            OLD._replace(share=None),
            Sign("unproven", "beat", reason="why"),
            HEALTHY,
            "nothing to prove more: why",
        ),
        (OLD, Sign("unproven", "beat", reason="why"), UNHEALTHY, "has not run since the last check; why"),
        (STOPPED, Sign("unproven", "beat"), UNHEALTHY, "stopped by a signal"),
        (ABSENT, NONE, STARTING, "no process of scheduler yet, 10 s after the container's start"),
        (ABSENT._replace(seconds=301), NONE, UNHEALTHY, "no process of scheduler, 301 s after"),
        (ABSENT._replace(was_seen=True), NONE, UNHEALTHY, "which an earlier check saw, has ended"),
    ],
)
def test_what_the_signs_of_life_mean(life: Life, sign: Sign, status: str, said: str) -> None:
    found = verdict(life, sign)

    assert (found.status, said in found.reason) == (status, True), str(found)
    assert "\n" not in str(found)


def test_a_line_begins_with_the_state() -> None:
    assert str(verdict(NEW, NONE)) == "starting: scheduler has run for 10 s, no heartbeat yet"
