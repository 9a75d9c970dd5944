"""Services run what they ran before, however a rollout ends that fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.deploy import rollout
from airlock.errors import AwsError, DeployError
from airlock.terminal import Terminal
from memory_ecs import (
    MemoryCluster,
    Time,
    definition_arn,
    deployment,
    hangs,
    refusal,
)
from rolling import BACK, FORWARD, failed, rolled, steps

if TYPE_CHECKING:
    from collections.abc import Callable


def test_what_does_not_come_back_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        cluster.held[name] = replace(cluster.held[name], desired=2)

    cluster = MemoryCluster(rollouts={"api": hangs})
    monkeypatch.setattr("memory_ecs.completes", lost)
    assert "api was given api:1 again, and is not stable with it yet" in failed(cluster, "api").cause


@pytest.mark.parametrize("status", ["INACTIVE", "DRAINING", ""])
def test_a_service_that_vanishes_is_told_and_the_others_are_taken_back(status: str) -> None:
    def vanishes(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if status:
            cluster.held[name] = replace(cluster.held[name], status=status)
        else:
            del cluster.held[name]

    error = failed(MemoryCluster(rollouts={"scheduler": vanishes}))
    assert error.fact == "scheduler is gone"
    assert "api runs api:1 again" in error.cause
    assert ("scheduler is gone" in error.cause) == (not status)


def test_what_somebody_else_deploys_meanwhile_is_left_to_them() -> None:
    def taken(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if looks == 2:
            cluster.set(name, deployment(definition_arn(name, 9), "IN_PROGRESS"))

    cluster = MemoryCluster(rollouts={"scheduler": taken})
    error = failed(cluster)
    assert error.fact == "scheduler is deployed by somebody else now"
    assert "scheduler is left with scheduler:9, which somebody else gave it" in error.cause
    assert BACK[1] not in cluster.log
    assert BACK[0] in cluster.log


def test_throttling_that_does_not_end_is_told_at_the_time_out() -> None:
    cluster = MemoryCluster()
    cluster.failures["update"] = [refusal("ThrottlingException") for _ in range(100)]
    error = failed(cluster, "api")
    assert "ThrottlingException" in error.cause
    assert "api was not taken back" in error.cause
    assert "aws ecs update-service --cluster prod --service api --task-definition api:1" in error.cause


def interrupts(times: list[BaseException]) -> Callable[[MemoryCluster, str, str, int], None]:
    def rollout_(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
        if times:
            raise times.pop()

    return rollout_


def test_ctrl_c_takes_back_what_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = MemoryCluster(rollouts={"scheduler": interrupts([KeyboardInterrupt()])})
    with pytest.raises(KeyboardInterrupt):
        rolled(cluster)
    assert cluster.log == [*FORWARD, *reversed(BACK)]
    assert "scheduler runs scheduler:1 again" in capsys.readouterr().err


def test_ctrl_c_in_the_midst_of_an_update_takes_that_back_too() -> None:
    cluster = MemoryCluster(failures={"update": [KeyboardInterrupt()]})
    with pytest.raises(KeyboardInterrupt):
        rolled(cluster)
    assert cluster.log == BACK[:1]


def test_a_second_ctrl_c_says_what_is_left_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = MemoryCluster(rollouts={"api": hangs})
    cluster.failures["update"] = [None, KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        rolled(cluster, "api")
    said = capsys.readouterr().err
    assert "api: not waited for; aws ecs update-service --cluster prod --service api" in said


def test_a_bug_takes_services_back_too() -> None:
    cluster = MemoryCluster(rollouts={"api": interrupts([ZeroDivisionError()])})
    with pytest.raises(ZeroDivisionError):
        rolled(cluster)
    assert cluster.log == [FORWARD[0], BACK[0]]


def test_a_denied_look_while_going_back_is_told() -> None:
    cluster = MemoryCluster(rollouts={"api": hangs})
    made = steps(cluster, "api")
    cluster.failures["services"] = [refusal("AccessDeniedException"), None, refusal("AccessDeniedException")]
    with pytest.raises(DeployError) as caught:
        rollout.roll(cluster, made, Time().pace(), Terminal())
    assert isinstance(caught.value.__cause__, AwsError)
    assert "api was given api:1 again" in caught.value.cause
