"""A cluster in moto, which starts no tasks: what ECS does by itself is done here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
from moto.backends import get_backend

from airlock.deploy.cluster import Container
from airlock.ecs import Ecs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_ecs import ECSClient

    from airlock.deploy.cluster import Service, Task

CLUSTER, ACCOUNT, REGION = "prod", "123456789012", "us-east-1"


@dataclass(frozen=True)
class Made:
    """The cluster's client, for tests to look behind the scenes, and the network that services are in."""

    client: ECSClient
    network: dict[str, Any]

    def service(self, name: str, image: str, tags: dict[str, str] | None = None, **more: Any) -> str:
        """Make a service with a task definition of its own; return that one's ARN."""
        log = {"awslogs-group": "/airflow", "awslogs-stream-prefix": "airflow", "awslogs-region": REGION}
        container = {
            "name": name.removeprefix("airflow-"),
            "image": image,
            "essential": True,
            "logConfiguration": {"logDriver": "awslogs", "options": log},
            "memory": 512,  # moto asks for it
            "secrets": [{"name": "AIRFLOW__CORE__FERNET_KEY", "valueFrom": "arn:aws:secretsmanager:x"}],
        }
        told = self.client.register_task_definition(
            family=name,
            containerDefinitions=[container],  # type: ignore[list-item]
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
            tags=[{"key": key, "value": value} for key, value in (tags or {}).items()],
        )
        arn = told["taskDefinition"]["taskDefinitionArn"]
        where: dict[str, Any] = {"launchType": "FARGATE", "networkConfiguration": self.network, **more}
        self.client.create_service(
            cluster=CLUSTER, serviceName=name, taskDefinition=arn, desiredCount=1, **where
        )
        return arn


def make(region: str = REGION, **client: Any) -> Made:
    """Make an empty cluster, and a subnet and a security group for its services."""
    ec2 = boto3.client("ec2", region_name=region, **client)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # moto names tasks by it
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="airflow", Description="airflow", VpcId=vpc)["GroupId"]
    ecs = boto3.client("ecs", region_name=region, **client)
    ecs.create_cluster(clusterName=CLUSTER)
    return Made(ecs, {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}})


def settle(region: str = REGION) -> None:
    """Let every service's deployment be one of what it is to run, and completed; let every task end well."""
    backend: Any = get_backend("ecs")[ACCOUNT][region]
    for service in list(backend.services.values()):
        service.running_count = service.desired_count
        if service.deployments:
            service.deployments[0] |= {
                "taskDefinition": service.task_definition,
                "rolloutState": "COMPLETED",
                "runningCount": service.desired_count,
            }


class Lively(Ecs):
    """ECS by moto, where what was asked for has happened as soon as somebody looks."""

    def services(self, names: Sequence[str]) -> dict[str, Service]:
        settle()
        return super().services(names)

    def tasks(self, arns: Sequence[str]) -> list[Task]:
        """Let each task have run to its end; moto's have no containers."""
        for arn in arns:
            self.stop(arn, "Essential container in task exited")
        return [
            replace(one, status="STOPPED", containers=(Container("api", "STOPPED", 0),))
            for one in super().tasks(arns)
        ]

    def stopped(self, service: str) -> list[Task]:
        """Ask as ever; moto gives the tasks of other services, too."""
        super().stopped(service)
        return []
