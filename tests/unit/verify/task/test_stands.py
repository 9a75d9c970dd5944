"""Where is looked from, and what would be run there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airlock.errors import AwsError, ProbeError
from airlock.verify.task.stands import Asked, Stand, stands
from memory_ecs import OLD, MemoryCluster, container, definition_arn, refusal

VERIFY = ("airlock-verify", "--json", "--marked")


def network(group: str, *subnets: str) -> dict[str, Any]:
    where = {"subnets": list(subnets) or ["a", "b"], "securityGroups": [group]}
    return {"launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": where}}


def chosen(cluster: MemoryCluster, *services: str, **more: Any) -> list[Stand]:
    return stands(cluster, Asked(services or tuple(cluster.held), **more))


def refused(cluster: MemoryCluster, *services: str) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        chosen(cluster, *services)
    assert cluster.orders == []
    return caught.value


def test_services_in_the_same_network_are_looked_from_once() -> None:
    cluster = MemoryCluster()
    cluster.add("api", placement=network("sg-1", "a", "b"))
    cluster.add("scheduler", placement=network("sg-1", "b", "a"))
    cluster.add("worker", placement=network("sg-2", "a", "b"))

    assert [(one.service.name, one.also) for one in chosen(cluster)] == [
        ("api", ("scheduler",)),
        ("worker", ()),
    ]
    assert [one.service.name for one in chosen(cluster, every=True)] == ["api", "scheduler", "worker"]


def test_a_service_with_the_machines_network_stands_for_itself() -> None:
    cluster = MemoryCluster().add("api", placement={}).add("scheduler", placement={})

    assert [one.also for one in chosen(cluster)] == [(), ()]


def test_the_task_runs_as_the_service_does_and_migrates_nothing() -> None:
    cluster = MemoryCluster().add("api", container(), container("worker"), container("otel", "host/otel:1"))
    (stand,) = chosen(cluster, arguments=("--service", "sqs"))

    order = stand.order
    assert (order.definition, order.placement) == (definition_arn("api", 1), cluster.held["api"].placement)
    assert order.commands == {"airflow": (*VERIFY, "--service", "sqs"), "worker": ("sleep", "infinity")}
    assert order.started_by == "airlock-verify"
    assert set(order.environment) == {
        "_AIRFLOW_DB_MIGRATE",
        "_AIRFLOW_DB_UPGRADE",
        "_AIRFLOW_WWW_USER_CREATE",
    }
    assert set(order.environment.values()) == {""}
    assert stand.stream.of("m1") == "airflow/airflow/m1"
    assert json.loads(json.dumps(stand.plain()))["command"] == [*VERIFY, "--service", "sqs"]


def test_the_container_is_one_of_the_image_where_its_repository_is_known() -> None:
    cluster = MemoryCluster().add("api", container("proxy", "host/proxy:1"), container())

    assert [one.container for one in chosen(cluster)] == ["proxy"]
    assert [one.container for one in chosen(cluster, repository=OLD.partition("@")[0])] == ["airflow"]


def test_everything_that_stands_in_the_way_is_told_at_once_with_another_way() -> None:
    cluster = MemoryCluster().add("api", container(logConfiguration={"logDriver": "awsfirelens"}))
    cluster.add("scheduler", container(entryPoint=["sh"]), placement=network("sg-2"))
    error = refused(cluster, "api", "scheduler", "none")

    assert error.fact == "no task was started to look from: 3 problems"
    assert error.cause.splitlines() == [
        "none: there is no such service in cluster prod",
        "api: the log of airflow is not read by awslogs with a stream prefix",
        "scheduler: airflow has an entryPoint of its own, no place for a command",
    ]
    assert "aws ecs execute-command --cluster prod" in error.remedy
    assert "airlock verify --from-task -" in error.remedy


def test_a_definition_whose_containers_wait_for_each_other_is_no_stand() -> None:
    first = container(dependsOn=[{"containerName": "b", "condition": "SUCCESS"}])
    second = container("b", dependsOn=[{"containerName": "airflow", "condition": "HEALTHY"}])

    assert "waits for another" in refused(MemoryCluster().add("api", first, second)).cause


def test_a_cluster_that_is_not_there_is_told_and_a_denial_stays_one() -> None:
    cluster = MemoryCluster(failures={"services": [refusal("ClusterNotFoundException")]}).add("api")
    assert refused(cluster).fact == "there is no cluster prod"
    cluster.failures["services"] = [refusal("AccessDeniedException")]
    with pytest.raises(AwsError):
        chosen(cluster)
