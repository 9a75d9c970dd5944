"""Services as ECS tells them: all of them, with what happened last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

import moto_ecs
from airlock import aws as connecting
from airlock.verify.account import calls, running
from airlock.verify.account.account import Account
from airlock.verify.account.api import Api
from airlock.verify.account.scope import Named, Scope
from shaped_aws import DEPLOYED, ShapedAws


@pytest.mark.usefixtures("aws")
def test_all_services_are_read_ten_at_a_time() -> None:
    made = moto_ecs.make()
    names = {f"airflow-{number}" for number in range(23)}
    for name in names:
        made.service(name, moto_ecs.CLUSTER)
    made.client.update_service(cluster=moto_ecs.CLUSTER, service="airflow-3", desiredCount=0)
    made.client.delete_service(cluster=moto_ecs.CLUSTER, service="airflow-3")
    api = Api(connecting.Connector("a test"))
    told = running.cluster(api, moto_ecs.CLUSTER)
    found = running.services(api, told["clusterArn"], told["clusterName"])
    assert {one.name for one in found} == names - {"airflow-3"}


@pytest.mark.usefixtures("aws")
def test_a_family_names_its_newest_task_definition() -> None:
    made = moto_ecs.make()
    for image in ("one", "other"):
        boto3.client("ecs").register_task_definition(
            family="airflow", containerDefinitions=[{"name": "airflow", "image": image, "memory": 512}]
        )
    del made
    found = running.definition(Api(connecting.Connector("a test")), "airflow")
    assert (found.id.rpartition("/")[2], found.containers[0].image) == ("airflow:2", "other")


@pytest.mark.usefixtures("aws_keys")
def test_events_are_told_with_their_time_the_newest_first_and_few() -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    events: list[dict[str, Any]] = [
        {"createdAt": begun - timedelta(minutes=number), "message": f"event {number}"} for number in range(50)
    ]
    [service] = Account(ShapedAws(DEPLOYED | {"events": events}), Scope("airflow")).read().services
    assert service.events[:2] == ("2026-01-01T00:00:00+0000 event 0", "2025-12-31T23:59:00+0000 event 1")
    assert len(service.events) == 20


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("enabled", ("/aws/ecs/containerinsights/airflow/performance",)),
        ("enhanced", ("/aws/ecs/containerinsights/airflow/performance",)),
        ("disabled", ()),
    ],
)
def test_container_insights_write_to_a_log_group_of_the_cluster(value: str, groups: tuple[str, ...]) -> None:
    told = {"clusterName": "airflow", "settings": [{"name": "containerInsights", "value": value}]}
    assert running.cluster_names(told).log_groups == groups


def test_a_cluster_without_exec_or_insights_writes_nowhere() -> None:
    assert running.cluster_names({"clusterName": "airflow"}) == Named()


def test_a_service_of_another_network_mode_has_neither_subnets_nor_groups() -> None:
    told = {"serviceArn": "arn:a", "serviceName": "a", "taskDefinition": "arn:d"}
    found = running._service(told, "airflow")
    assert (found.subnets, found.groups, found.public_address, found.running) == ((), (), False, 0)


def test_what_the_calls_of_ecs_need_is_on_the_cluster_alone() -> None:
    assert "{cluster}" in calls.CLUSTERS.resource
    assert "{cluster}" in calls.SERVICES.resource
