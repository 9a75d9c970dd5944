"""airlock-health asks Airflow's real components, in each state that they can be in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from airflow_services import THRESHOLD, Deployment, Service, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

JOBS = ("scheduler", "dag-processor", "triggerer")


@pytest.fixture(scope="module")
def deployment(image: Image, lab_image: str) -> Iterator[Deployment]:
    with deployed(image, lab_image) as made:
        yield made


@pytest.fixture(scope="module")
def scheduler(deployment: Deployment) -> Iterator[Service]:
    with deployment.component("scheduler") as started:
        yield started


def age(said: str) -> int:
    """Return how many seconds ago the last sign of life was."""
    found = re.search(r"\((\d+) s\)", said)
    assert found, said
    return int(found[1])


@pytest.mark.parametrize("component", JOBS)
def test_a_component_starts_and_gets_healthy_and_nothing_else(deployment: Deployment, component: str) -> None:
    with deployment.component(component) as started:
        answers = started.until("healthy: ")

        assert {answer.partition(":")[0] for answer in answers} == {"starting", "healthy"}, answers
        assert started.health(component)[0] == 0
        assert started.report()["component"] == component


def test_starting_and_unhealthy_end_in_1_and_healthy_in_0(scheduler: Service) -> None:
    scheduler.until("healthy: ")

    assert scheduler.health()[0] == 0
    assert scheduler.health("triggerer") == (1, "unhealthy: this container runs scheduler, not triggerer")
    assert scheduler.health("schedular")[0] == 1
    assert scheduler.health("--no-such-option")[0] == 1


def test_a_check_costs_a_tenth_of_airflows_own_at_most(scheduler: Service) -> None:
    scheduler.until("healthy: ")
    ours = scheduler.cost("airlock-health", "scheduler", times=20)
    theirs = scheduler.cost("airflow", "jobs", "check", "--job-type", "SchedulerJob", "--local", times=2)

    assert (ours["failed"], theirs["failed"]) == (0, 0)
    assert ours["processor"] / 20 * 10 < theirs["processor"] / 2
    assert ours["peak"] < 25e6


@pytest.mark.parametrize("component", JOBS)
def test_a_stopped_process_is_unhealthy_at_the_threshold(deployment: Deployment, component: str) -> None:
    with deployment.component(component) as started:
        started.until("healthy: ")
        started.signal("STOP")

        [*_, said] = started.until("unhealthy: ", seconds=45)
        assert "its process is stopped by a signal" in said
        assert age(said) >= THRESHOLD, said  # it was given its threshold

        started.signal("CONT")
        started.until("healthy: ", seconds=45)


def test_a_busy_scheduler_stays_healthy_up_to_a_bound(scheduler: Service) -> None:
    scheduler.until("healthy: scheduler, last heartbeat")
    scheduler.signal("RTMIN")

    answers = scheduler.until("scheduler is busy", seconds=45)
    assert not [answer for answer in answers if not answer.startswith("healthy: ")]
    code, said = scheduler.health(busy=THRESHOLD)
    assert (code, "busy for longer than" in said) == (1, True), said

    scheduler.until("healthy: scheduler, last heartbeat", seconds=60)


def test_a_dead_locked_scheduler_is_unhealthy_at_the_threshold(scheduler: Service) -> None:
    scheduler.until("healthy: scheduler, last heartbeat")
    scheduler.during(6)  # as an orchestrator does: there is something to compare with
    scheduler.signal("RTMIN+1")

    answers = scheduler.until("unhealthy: ", seconds=45)
    assert "it hangs, it asked for" in answers[-1]

    scheduler.until("healthy: scheduler, last heartbeat", seconds=60)


def test_a_database_that_is_away_for_a_while_is_not_the_schedulers_fault(
    deployment: Deployment, scheduler: Service
) -> None:
    scheduler.until("healthy: scheduler, last heartbeat")
    server = f"{deployment.name}-postgres"
    deployment.engine.run("pause", server)
    try:
        [*_, said] = scheduler.until("the database does not answer", seconds=45)
        assert said.startswith("healthy: ")
        assert not [
            answer for answer in scheduler.during(THRESHOLD + 4) if not answer.startswith("healthy: ")
        ]
        code, said = scheduler.health(outage=5)
        assert (code, "longer than 5 s" in said) == (1, True), said
    finally:
        deployment.engine.run("unpause", server)

    after = scheduler.during(THRESHOLD + 2)  # it needs a moment for its next heartbeat, and has it
    assert not [answer for answer in after if not answer.startswith("healthy: scheduler, last heartbeat")]


def test_rows_of_another_container_of_the_same_name_count_for_nothing(deployment: Deployment) -> None:
    columns = "(job_type, state, hostname, start_date, latest_heartbeat)"
    row = "'SchedulerJob', 'running', 'twin'"
    beats_for_ever = "now() - interval '1 hour', now() + interval '1 hour'"
    deployment.sql(f"INSERT INTO job {columns} VALUES ({row}, {beats_for_ever})")  # noqa: S608

    with deployment.component("scheduler", options=("--hostname", "twin")) as started:
        answers = started.until("healthy: ")
        assert answers[0].startswith("starting: ")
        started.signal("STOP")
        started.until("its process is stopped by a signal", seconds=45)


def test_an_api_server_is_asked_where_it_listens(deployment: Deployment) -> None:
    url = "https://airflow.example.com/team"
    with deployment.component("api-server", "--port", "8081", AIRFLOW__API__BASE_URL=url) as started:
        answers = started.until("healthy: api-server, last answer")
        asked = "http://127.0.0.1:8081/team/api/v2/version: Connection refused"
        assert any(asked in answer for answer in answers), answers

        started.signal("STOP")
        [*_, said] = started.until("unhealthy: ", seconds=45)
        assert "its process is stopped by a signal" in said
        started.signal("CONT")
        started.until("healthy: ", seconds=45)


def test_a_worker_tells_a_lost_broker_from_a_loop_that_stands_still(deployment: Deployment) -> None:
    with deployment.component("celery", "worker") as started:
        answers = started.until("healthy: worker, last beat")
        assert answers[0].startswith("starting: ")
        assert started.health("celery", "worker")[0] == 0

        deployment.engine.run("stop", "--time", "1", f"{deployment.name}-valkey")
        [*_, said] = started.until("the connection to its broker is lost", seconds=45)
        assert said.startswith("healthy: ")
        started.until("unhealthy: the connection to its broker is lost", seconds=30, outage=5)
        deployment.engine.run("start", f"{deployment.name}-valkey")
        started.until("healthy: worker, last beat", seconds=60)

        started.signal("STOP")
        answers = started.until("unhealthy: ", seconds=40)
        assert "its process is stopped by a signal" in answers[-1]
        started.signal("CONT")
        started.until("healthy: worker, last beat", seconds=45)


def test_a_worker_with_another_broker_and_loop_notes_how_it_is(image: Image) -> None:
    found = image.inside("worker_without_a_server.py")

    assert found["starting"].startswith("1 starting: ")
    assert found["ready"].startswith("0 healthy: worker, last beat")
    assert found["working"].startswith("0 healthy: worker, last beat")
    assert found["draining"].startswith("0 healthy: worker was asked to stop")
    assert found["code"] == "0"
    assert "the process of worker, which an earlier check saw, has ended" in found["after"]


def test_standalone_is_four_components_on_a_file(image: Image) -> None:
    with image.start("standalone") as container:
        started = Service(container.engine, container.name)
        started.until("starting: ", seconds=45)
        started.until("healthy: ", seconds=120)

        code, text = started.health("standalone", "--json")
        found = {one["component"]: one for one in json.loads(text)}
        assert (code, {one["status"] for one in found.values()}) == (0, {"healthy"})
        assert set(found) == {*JOBS, "api-server"}

        started.engine.run("exec", started.name, "kill", "-KILL", str(found["triggerer"]["pid"]))
        [*_, said] = started.until("unhealthy: ", seconds=45)
        assert "the process of triggerer, which an earlier check saw, has ended" in said
