"""Services become stable with the new image, or it is told why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airlock.deploy import rollout
from airlock.errors import DeployError
from airlock.terminal import Terminal
from memory_ecs import (
    MemoryCluster,
    Time,
    breaks,
    completes,
    definition_arn,
    deployment,
    fail,
    hangs,
    keeps_stopping,
    refusal,
)
from rolling import BACK, FORWARD, NAMES, failed, rolled, steps


def test_the_first_service_goes_alone_and_the_others_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cluster = MemoryCluster()
    seen: list[list[str]] = []

    def watched(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        seen.append(list(cluster.log))
        completes(cluster, name, definition, looks)

    cluster.rollouts = dict.fromkeys(NAMES, watched)
    rolled(cluster)
    assert [one for index, one in enumerate(seen) if one not in seen[:index]] == [FORWARD[:1], FORWARD]
    assert capsys.readouterr().err.splitlines() == [
        "api: api:1 → api:2",
        "api: 0 of 1 tasks run",
        "  (service api) has reached a steady state.",
        "api: 1 of 1 tasks run",
        "api: stable",
        "scheduler: scheduler:1 → scheduler:2",
        "triggerer: triggerer:1 → triggerer:2",
        "scheduler: 0 of 1 tasks run",
        "triggerer: 0 of 1 tasks run",
        "  (service scheduler) has reached a steady state.",
        "scheduler: 1 of 1 tasks run",
        "scheduler: stable",
        "  (service triggerer) has reached a steady state.",
        "triggerer: 1 of 1 tasks run",
        "triggerer: stable",
    ]


def test_what_the_circuit_breaker_ends_is_taken_back_and_what_was_not_begun_is_left() -> None:
    cluster = MemoryCluster(rollouts={"api": breaks})
    error = failed(cluster)
    assert cluster.log == [FORWARD[0], BACK[0]]
    assert error.fact == "api does not run api:2"
    assert "circuit breaker: tasks failed to start" in error.cause
    assert "task t0: CannotPullContainerError: dial tcp" in error.cause
    assert "ecr.api and ecr.dkr" in error.cause
    assert "api runs api:1 again" in error.cause


def test_a_later_failure_takes_every_changed_service_back_the_last_first() -> None:
    cluster = MemoryCluster(rollouts={"triggerer": breaks})
    error = failed(cluster)
    assert cluster.log == [*FORWARD, *reversed(BACK)]
    assert error.cause.splitlines()[-3:] == [f"{name} runs {name}:1 again" for name in NAMES]


def test_tasks_that_keep_stopping_are_enough_without_a_circuit_breaker() -> None:
    time = Time()
    cluster = MemoryCluster(rollouts={"api": keeps_stopping})
    with pytest.raises(DeployError) as caught:
        rolled(cluster, time=time)
    assert time.now < 60
    assert "3 of its new tasks stopped" in caught.value.cause
    assert "airflow: exit code 78: settings are missing or wrong" in caught.value.cause
    assert "aws logs tail /airflow --since 1h --log-stream-names airflow/airflow/t2" in caught.value.cause


def test_of_many_tasks_half_may_fail() -> None:
    cluster = MemoryCluster()

    def shaky(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if looks == 2:
            cluster.set(name, deployment(definition, "IN_PROGRESS", running=3, desired=10))
        if looks < 5:
            fail(cluster, name, definition, exit_code=1)
        else:
            cluster.set(name, deployment(definition, running=10, desired=10))

    cluster.rollouts["api"] = shaky
    rolled(cluster, "api")
    assert cluster.log == FORWARD[:1]


def test_failures_of_another_revision_and_of_an_earlier_attempt_do_not_count() -> None:
    cluster = MemoryCluster()
    for _ in range(5):
        fail(cluster, "api", definition_arn("api", 2), exit_code=1)
        fail(cluster, "api", definition_arn("api", 1), exit_code=1)
    rolled(cluster, "api")
    assert cluster.log == FORWARD[:1]


def test_a_deployment_of_the_same_revision_that_failed_before_is_no_news() -> None:
    cluster = MemoryCluster()
    (step,) = steps(cluster, "api")
    old = replace(deployment(step.to, "FAILED", running=0), id="old", is_primary=False)
    cluster.set("api", deployment(step.service.definition), old)
    step = replace(step, service=cluster.held["api"])

    def beside(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        state = "COMPLETED" if looks > 2 else "IN_PROGRESS"
        cluster.set(name, deployment(definition, state, running=looks // 3), old)

    cluster.rollouts["api"] = beside
    rollout.roll(cluster, [step], Time().pace(), Terminal())
    assert cluster.log == FORWARD[:1]


def test_tasks_that_ecs_itself_ended_are_no_failures() -> None:
    def replaced(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        fail(cluster, name, definition, "Scaling activity initiated by deployment", exit_code=143)
        last = cluster.stopped_tasks[name][-1]
        cluster.stopped_tasks[name][-1] = replace(last, code="ServiceSchedulerInitiated")
        if looks == 6:
            cluster.set(name, deployment(definition))

    cluster = MemoryCluster(rollouts={"api": replaced})
    rolled(cluster, "api")
    assert cluster.log == FORWARD[:1]


def test_a_task_that_fails_its_health_check_is_a_failure() -> None:
    def sick(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        fail(cluster, name, definition, "Task failed ELB health checks in (target-group t)", exit_code=143)
        last = cluster.stopped_tasks[name][-1]
        cluster.stopped_tasks[name][-1] = replace(last, code="ServiceSchedulerInitiated")

    assert "the load balancer did not get the answer" in failed(MemoryCluster(rollouts={"api": sick})).cause


def test_what_is_not_stable_in_time_is_taken_back() -> None:
    error = failed(MemoryCluster(rollouts={"scheduler": hangs}))
    assert error.fact == "not stable within 60 s: scheduler"
    assert "scheduler: 0 of 1 tasks run, none has failed" in error.cause
    assert "scheduler runs scheduler:1 again" in error.cause
    assert error.remedy == "aws ecs describe-services --cluster prod --services scheduler"


def test_what_ecs_took_back_by_itself_is_a_failure() -> None:
    def rolls_back(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if looks == 2:
            cluster.set(name, deployment(definition_arn(name, 1), "IN_PROGRESS"))

    error = failed(MemoryCluster(rollouts={"api": rolls_back}), "api")
    assert "ECS took the deployment back by itself" in error.cause
    assert "api runs api:1 again" in error.cause


def test_an_answer_that_is_older_than_the_update_is_no_failure() -> None:
    def late(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if looks == 1:
            cluster.held[name] = replace(
                cluster.held[name], deployments=(deployment(definition_arn(name, 1)),)
            )
        if looks == 2:
            cluster.set(name, deployment(definition))

    cluster = MemoryCluster(rollouts={"api": late})
    rolled(cluster, "api")
    assert cluster.log == FORWARD[:1]


def test_one_answer_that_is_older_than_the_one_before_is_no_failure() -> None:
    def late(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if looks in {2, 4}:
            older = (deployment(definition_arn(name, 1)),)
            cluster.held[name] = replace(cluster.held[name], deployments=older)
        else:
            state = "COMPLETED" if looks > 4 else "IN_PROGRESS"
            cluster.set(name, deployment(definition, state))

    cluster = MemoryCluster(rollouts={"api": late})
    rolled(cluster, "api")
    assert cluster.log == FORWARD[:1]


def test_what_somebody_else_deploys_before_the_first_look_is_seen_at_once() -> None:
    def taken(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        cluster.set(name, deployment(definition_arn(name, 9), "IN_PROGRESS"))

    time = Time()
    cluster = MemoryCluster(rollouts={"api": taken})
    with pytest.raises(DeployError, match="deployed by somebody else"):
        rolled(cluster, "api", time=time)
    assert time.now < 60
    assert cluster.log == FORWARD[:1]


@pytest.mark.parametrize("code", ["ThrottlingException", "ServerException", ""])
@pytest.mark.parametrize("method", ["services", "update", "stopped"])
def test_a_throttled_request_is_asked_again(method: str, code: str) -> None:
    cluster = MemoryCluster()
    cluster.failures[method] = [refusal(code), refusal(code)]
    rolled(cluster, "api")
    assert cluster.log == FORWARD[:1]
    assert cluster.failures[method] == []


def test_a_denied_update_takes_back_what_was_changed() -> None:
    cluster = MemoryCluster(failures={"update": [None, refusal("AccessDeniedException")]})
    error = failed(cluster)
    assert cluster.log == [FORWARD[0], "update scheduler scheduler:1", BACK[0]]
    assert "AccessDeniedException" in error.cause


def test_a_service_that_is_not_changed_is_waited_for_and_never_taken_back() -> None:
    cluster = MemoryCluster()
    (step,) = steps(cluster, "api")
    step = replace(step, to=step.service.definition)
    cluster.set("api", deployment(step.to, "IN_PROGRESS", running=0))
    with pytest.raises(DeployError, match="not stable within"):
        rollout.roll(cluster, [step], Time().pace(), Terminal())
    assert cluster.log == []
    cluster.set("api", deployment(step.to))
    rollout.roll(cluster, [step], Time().pace(), Terminal())


def test_what_ecs_gave_up_before_is_told_with_what_makes_it_try_again() -> None:
    cluster = MemoryCluster()
    (step,) = steps(cluster, "api")
    cluster.set("api", deployment(step.to, "FAILED", running=0))
    with pytest.raises(DeployError, match="does not run") as caught:
        rollout.roll(cluster, [replace(step, service=cluster.held["api"])], Time().pace(), Terminal())
    assert "aws ecs update-service --cluster prod --service api --force-new-deployment" in caught.value.remedy
    assert cluster.log == []


def test_tasks_of_a_service_that_is_not_changed_count_from_now_on() -> None:
    cluster = MemoryCluster()
    (step,) = steps(cluster, "api")
    for _ in range(5):
        fail(cluster, "api", step.to, exit_code=1)
    cluster.set("api", deployment(step.to, "IN_PROGRESS", running=0))
    step = replace(step, service=cluster.held["api"])
    with pytest.raises(DeployError, match="not stable within"):
        rollout.roll(cluster, [step], Time().pace(), Terminal())
