"""The cluster, its services and the task definitions that they and the ECS executor run, as ECS tells them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airlock.errors import AwsError
from airlock.verify.account import calls
from airlock.verify.account.reading import Job
from airlock.verify.account.scope import Named
from airlock.verify.network import Place
from airlock.verify.services import Cluster, Container, Service, TaskDefinition, Volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.account.api import Api

_SERVICES_A_CALL = 10  # API reference of DescribeServices
_EVENTS = 20  # of the hundred that ECS keeps, the newest


def cluster(api: Api, name: str) -> dict[str, Any]:
    """Return what ECS says of a cluster. Raises AwsError, also where there is none."""
    if not name:
        raise AwsError("no cluster was named", remedy="airlock verify --live --cluster NAME")
    told: list[dict[str, Any]] = api.all(
        calls.CLUSTERS, name, clusters=[name], include=["CONFIGURATIONS", "SETTINGS"]
    )
    for one in told:
        if one.get("status") != "INACTIVE":
            return one
    raise AwsError(
        f"there is no cluster {name} in {api.region(calls.CLUSTERS)}",
        cause="it was never made, was deleted, or is another account's or region's",
        remedy="aws ecs list-clusters",
    )


def of_cluster(told: Mapping[str, Any]) -> Cluster:
    session = told.get("configuration", {}).get("executeCommandConfiguration", {})
    return Cluster(Place(told["clusterArn"]), told["clusterName"], session.get("kmsKeyId", ""))


def cluster_names(told: Mapping[str, Any]) -> Named:
    """Return where a cluster writes to: sessions of ECS Exec, and what Container Insights measures."""
    session = told.get("configuration", {}).get("executeCommandConfiguration", {})
    logs = session.get("logConfiguration", {})
    insights = [
        one.get("value") for one in told.get("settings", []) if one.get("name") == "containerInsights"
    ]
    groups = [logs.get("cloudWatchLogGroupName")]
    if insights and insights[0] != "disabled":
        groups.append(f"/aws/ecs/containerinsights/{told['clusterName']}/performance")
    return Named(
        log_groups=tuple(name for name in groups if name),
        buckets=tuple(name for name in [logs.get("s3BucketName")] if name),
    )


def services(api: Api, cluster_arn: str, name: str) -> list[Service]:
    """Return the services of a cluster. Raises AwsError."""
    arns = api.all(calls.SERVICE_NAMES, name, cluster=cluster_arn)
    found: list[Service] = []
    for start in range(0, len(arns), _SERVICES_A_CALL):
        part = arns[start : start + _SERVICES_A_CALL]
        told = api.all(calls.SERVICES, name, cluster=cluster_arn, services=part)
        found += [_service(one, name) for one in told if one.get("status") != "INACTIVE"]
    return found


def _service(told: Mapping[str, Any], name: str) -> Service:
    network = told.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    breaker = told.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    return Service(
        place=Place(told["serviceArn"]),
        name=told["serviceName"],
        cluster=name,
        task_definition=told.get("taskDefinition", ""),  # another controller's has it in its task sets
        subnets=tuple(network.get("subnets", [])),
        groups=tuple(network.get("securityGroups", [])),
        public_address=network.get("assignPublicIp") == "ENABLED",
        breaker=bool(breaker.get("enable")),
        rolls_back=bool(breaker.get("rollback")),
        exec_enabled=bool(told.get("enableExecuteCommand")),
        desired=int(told.get("desiredCount", 0)),
        running=int(told.get("runningCount", 0)),
        events=tuple(_event(one) for one in told.get("events", [])[:_EVENTS]),
    )


def _event(told: Mapping[str, Any]) -> str:
    when = told.get("createdAt")
    return f"{when:%Y-%m-%dT%H:%M:%S%z} {told['message']}" if when else str(told["message"])


def definition_jobs(api: Api, names: Iterable[str]) -> Iterator[Job]:
    """Give the task definitions of these ARNs and families to read."""
    for name in dict.fromkeys(one for one in names if one):
        yield Job("task_definitions", partial(_definitions, api, name))


def _definitions(api: Api, name: str) -> Iterator[TaskDefinition]:
    yield definition(api, name)


def definition(api: Api, name: str) -> TaskDefinition:
    """Read a task definition; of a family without a revision it is the newest. Raises AwsError."""
    answer = api.one(calls.DEFINITION, name.rpartition("/")[2], taskDefinition=name)
    told = answer["taskDefinition"]
    arn = told["taskDefinitionArn"]
    return TaskDefinition(
        place=Place(arn),
        id=arn,
        family=told["family"],
        network_mode=told.get("networkMode", ""),
        task_role=told.get("taskRoleArn", ""),
        execution_role=told.get("executionRoleArn", ""),
        containers=tuple(_container(one) for one in told.get("containerDefinitions", [])),
        volumes=tuple(_volume(one) for one in told.get("volumes", [])),
    )


def _container(told: Mapping[str, Any]) -> Container:
    log = told.get("logConfiguration", {})
    return Container(
        name=told["name"],
        image=told.get("image", ""),
        essential=told.get("essential", True),
        command=tuple(told.get("command", [])),
        environment={one["name"]: one.get("value", "") for one in told.get("environment", [])},
        secrets={one["name"]: one["valueFrom"] for one in told.get("secrets", [])},
        health=tuple(told.get("healthCheck", {}).get("command", [])),
        read_only=bool(told.get("readonlyRootFilesystem")),
        privileged=bool(told.get("privileged")),
        user=told.get("user", ""),
        log_driver=log.get("logDriver", ""),
        log_options=dict(log.get("options", {})),
    )


def _volume(told: Mapping[str, Any]) -> Volume:
    efs = told.get("efsVolumeConfiguration", {})
    access = efs.get("authorizationConfig", {})
    return Volume(
        name=told["name"],
        file_system=efs.get("fileSystemId", ""),
        access_point=access.get("accessPointId", ""),
        encrypted=efs.get("transitEncryption") == "ENABLED",
        iam=access.get("iam") == "ENABLED",
    )
