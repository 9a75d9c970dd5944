"""The inventory of a deployment: everything that rules look at, from Terraform or from AWS."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airlock.verify import network as net
    from airlock.verify import services as run


class Source(StrEnum):
    """What an inventory was read from."""

    TERRAFORM = "terraform"  # a mocked run: everything is resolved, nothing is real
    PLAN = "plan"
    AWS = "aws"
    TASK = "task"  # no inventory: what one saw from inside


@dataclass(frozen=True)
class Unread:
    """What could not be read, so that rules on it cannot tell: `kind` is a field of Inventory."""

    kind: str
    cause: str


@dataclass(frozen=True)
class Inventory:
    """All resources of a deployment. Which of them belong to it is the source's business."""

    source: Source
    region: str
    account: str = ""
    vpcs: tuple[net.Vpc, ...] = ()
    subnets: tuple[net.Subnet, ...] = ()
    route_tables: tuple[net.RouteTable, ...] = ()
    gateways: tuple[net.Gateway, ...] = ()
    public_addresses: tuple[net.PublicAddress, ...] = ()
    instances: tuple[net.Instance, ...] = ()
    endpoints: tuple[net.VpcEndpoint, ...] = ()
    security_groups: tuple[net.SecurityGroup, ...] = ()
    prefix_lists: tuple[net.PrefixList, ...] = ()
    flow_logs: tuple[net.FlowLog, ...] = ()
    load_balancers: tuple[net.LoadBalancer, ...] = ()
    keys: tuple[run.Key, ...] = ()
    buckets: tuple[run.Bucket, ...] = ()
    repositories: tuple[run.Repository, ...] = ()
    file_systems: tuple[run.FileSystem, ...] = ()
    mount_targets: tuple[run.MountTarget, ...] = ()
    access_points: tuple[run.AccessPoint, ...] = ()
    databases: tuple[run.Database, ...] = ()
    caches: tuple[run.Cache, ...] = ()
    queues: tuple[run.Queue, ...] = ()
    secrets: tuple[run.Secret, ...] = ()
    log_groups: tuple[run.LogGroup, ...] = ()
    roles: tuple[run.Role, ...] = ()
    clusters: tuple[run.Cluster, ...] = ()
    services: tuple[run.Service, ...] = ()
    task_definitions: tuple[run.TaskDefinition, ...] = ()
    analyzers: tuple[run.Analyzer, ...] = ()
    unread: tuple[Unread, ...] = ()

    def definition_of(self, service: run.Service) -> run.TaskDefinition | None:
        """Return the task definition that a service runs, by its ARN or its family."""
        return next(
            (one for one in self.task_definitions if service.task_definition in (one.id, one.family)), None
        )

    def role(self, arn: str) -> run.Role | None:
        return next((one for one in self.roles if arn and arn in (one.arn, one.name)), None)

    def key(self, name: str) -> run.Key | None:
        """Return the customer-managed key of an ARN, id or alias."""
        return next((one for one in self.keys if name and name in one.names), None)

    def group(self, identifier: str) -> net.SecurityGroup | None:
        return next((one for one in self.security_groups if one.id == identifier), None)

    def table_of(self, subnet: net.Subnet) -> net.RouteTable | None:
        """Return the route table that holds for a subnet: its own, or its VPC's main one."""
        own = (one for one in self.route_tables if subnet.id in one.subnets)
        main = (one for one in self.route_tables if one.main and one.vpc == subnet.vpc)
        return next(own, None) or next(main, None)

    def lacks(self, *kinds: str) -> bool:
        """Tell whether something of these fields could not be read, so that what is not there may well be."""
        return any(one.kind in kinds for one in self.unread)

    @property
    def size(self) -> int:
        """How many resources there are."""
        return sum(
            len(value)
            for one in fields(self)
            if one.name != "unread" and isinstance(value := getattr(self, one.name), tuple)
        )


class Deployment(Protocol):
    """Something that an inventory can be read from: folders of Terraform, a plan, an account of AWS."""

    def read(self) -> Inventory:
        """Read it all; raises an AirlockError where nothing of it can be had."""
        ...
