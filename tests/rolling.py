"""Rollouts of services that a cluster in memory holds."""

from __future__ import annotations

import pytest

from airlock.deploy import rollout
from airlock.deploy.rollout import Step
from airlock.errors import DeployError
from airlock.terminal import Terminal
from memory_ecs import MemoryCluster, Time, definition_arn

NAMES = ("api", "scheduler", "triggerer")
FORWARD = [f"update {name} {name}:2" for name in NAMES]
BACK = [f"update {name} {name}:1" for name in NAMES]


def steps(cluster: MemoryCluster, *names: str) -> list[Step]:
    """Give each service's next revision as what it is to run."""
    made = []
    for name in names:
        cluster.add(name)
        arn = definition_arn(name, 2)
        cluster.definitions[arn] = cluster.definitions[definition_arn(name, 1)]
        made.append(Step(cluster.held[name], arn, cluster.definitions[arn], definition_arn(name, 1)))
    return made


def rolled(cluster: MemoryCluster, *names: str, seconds: float = 60, time: Time | None = None) -> None:
    made = steps(cluster, *(names or NAMES))
    rollout.roll(cluster, made, (time or Time()).pace(seconds), Terminal())


def failed(cluster: MemoryCluster, *names: str) -> DeployError:
    with pytest.raises(DeployError) as caught:
        rolled(cluster, *names)
    return caught.value
