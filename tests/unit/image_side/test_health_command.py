"""What airlock-health prints and returns, whatever it finds."""

from __future__ import annotations

import json
import threading

import pytest

from airlock_runtime import components, health
from airlock_runtime.check import Finding
from airlock_runtime.components import ALL, API_SERVER, SCHEDULER, TRIGGERER
from airlock_runtime.deadline import within
from airlock_runtime.health import UsageError
from airlock_runtime.processes import Process
from airlock_runtime.verdict import HEALTHY, STARTING, UNHEALTHY, Bounds, Verdict

FINE = Finding("scheduler", Verdict(HEALTHY, "scheduler, last heartbeat 1.0 s ago"), 7, 50.0)
SOON = Finding("triggerer", Verdict(STARTING, "triggerer has run for 2 s, no heartbeat yet"))
DEAD = Finding("api-server", Verdict(UNHEALTHY, "no process of api-server"))


@pytest.mark.parametrize(
    ("words", "runs", "running", "meant"),
    [
        (["scheduler"], None, [], "scheduler"),
        (["celery", "worker"], None, [], "worker"),
        (["triggerer"], SCHEDULER, [SCHEDULER], "triggerer"),
        ([], SCHEDULER, [], "scheduler"),
        ([], None, [TRIGGERER], "triggerer"),
    ],
)
def test_the_component_is_the_named_or_what_the_container_runs(
    words: list[str],
    runs: components.Component | None,
    running: list[components.Component],
    meant: str,
) -> None:
    assert health.component(words, runs, running).name == meant


@pytest.mark.parametrize(
    ("words", "running"), [(["schedular"], []), ([], []), ([], [SCHEDULER, API_SERVER]), (["celery"], [])]
)
def test_what_is_not_clear_is_asked_for_with_the_names(
    words: list[str], running: list[components.Component]
) -> None:
    with pytest.raises(UsageError, match="scheduler, dag-processor, api-server, triggerer, worker"):
        health.component(words, None, running)


def test_one_component_is_one_line() -> None:
    assert health.as_line([FINE]) == "healthy: scheduler, last heartbeat 1.0 s ago"


def test_several_are_one_line_with_the_worst_first() -> None:
    assert health.as_line([FINE, SOON, DEAD]) == (
        "unhealthy: no process of api-server; (healthy: scheduler, last heartbeat 1.0 s ago); "
        "(starting: triggerer has run for 2 s, no heartbeat yet)"
    )


def test_machines_get_one_object_for_each() -> None:
    assert json.loads(health.as_json([FINE, DEAD])) == [
        {
            "component": "scheduler",
            "status": "healthy",
            "reason": "scheduler, last heartbeat 1.0 s ago",
            "pid": 7,
            "last": 50.0,
        },
        {
            "component": "api-server",
            "status": "unhealthy",
            "reason": "no process of api-server",
            "pid": None,
            "last": None,
        },
    ]


def test_bounds_are_seconds_and_may_be_set() -> None:
    assert health.bounds({}) == Bounds(300, 300, 300)
    assert health.bounds({"AIRLOCK_HEALTH_BUSY": "60", "AIRLOCK_HEALTH_OUTAGE": "0.5"}) == Bounds(
        300, 60, 0.5
    )
    with pytest.raises(UsageError, match="AIRLOCK_HEALTH_BUSY must be seconds, as 300, not '5m'"):
        health.bounds({"AIRLOCK_HEALTH_BUSY": "5m"})


def test_help_names_every_component(capsys: pytest.CaptureFixture[str]) -> None:
    assert health.run(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(one.name in printed for one in ALL)
    assert all(f"AIRLOCK_HEALTH_{name.upper()}" in printed for name in Bounds._fields)


def test_an_option_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no option --jsn"):
        health.run(["scheduler", "--jsn"])


INIT = Process(1, 0, "S", 1.0, ("/usr/bin/dumb-init", "--", "/entrypoint", "scheduler"))


def test_another_component_than_the_containers_is_wrong_at_once() -> None:
    [found] = health.check(["triggerer"], Bounds(), {}, [INIT])

    assert found.verdict == Verdict(UNHEALTHY, "this container runs scheduler, not triggerer")


def test_what_was_not_started_yet_is_awaited_for_a_time() -> None:
    [found] = health.check([], Bounds(starting=1e9), {}, [INIT])
    assert found.verdict.status == STARTING

    [found] = health.check([], Bounds(starting=0), {}, [INIT])
    assert found.verdict.status == UNHEALTHY


def test_standalone_is_its_four_components() -> None:
    init = INIT._replace(words=("dumb-init", "--", "/entrypoint", "standalone"))

    for words in ([], ["standalone"]):
        found = health.check(words, Bounds(), {}, [init])
        assert [one.component for one in found] == ["scheduler", "dag-processor", "api-server", "triggerer"]
    assert len(health.check(["scheduler"], Bounds(), {}, [init])) == 1
    assert "not worker" in str(health.check(["worker"], Bounds(), {}, [init])[0].verdict)


def test_what_takes_too_long_ends_in_time() -> None:
    forever = threading.Event()
    try:
        with pytest.raises(TimeoutError, match="not within 0 s"):
            within(0.01, forever.wait)
    finally:
        forever.set()


def test_what_is_in_time_is_returned_and_a_mistake_in_the_thread_is_not_lost() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
