"""A deployed account as an inventory: the cluster leads to its services, these to VPCs and task definitions, and so on.

Three rounds of calls, each at the same time: what is in the VPCs and what the services run; what task definitions
name; and the keys that all of it is encrypted with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock import aws
from airlock.errors import AwsError
from airlock.verify.account import (
    analyzers,
    calls,
    data,
    databases,
    groups,
    kept,
    keys,
    network,
    roles,
    running,
    ways,
)
from airlock.verify.account import scope as scoping
from airlock.verify.account.api import Api
from airlock.verify.account.reading import THREADS, Reading
from airlock.verify.account.where import Where
from airlock.verify.inventory import Inventory, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airlock.verify.account.api import Connect
    from airlock.verify.account.reading import Job
    from airlock.verify.account.scope import Named, Scope
    from airlock.verify.services import Service

_BY_VPC = (
    "vpcs", "subnets", "route_tables", "gateways", "public_addresses", "instances", "endpoints", "security_groups",
    "prefix_lists", "flow_logs", "load_balancers", "databases", "caches",
)  # fmt: skip
_BY_CLUSTER = ("clusters", "services", "task_definitions")
_BY_NAME = (
    "roles", "repositories", "secrets", "log_groups", "file_systems", "mount_targets", "access_points", "buckets",
    "queues",
)  # fmt: skip


def connect(scope: Scope, region: str = "") -> Account:
    """Return the deployment of a scope, in its cluster's region where an ARN says it, else in boto3's.

    Nothing is asked yet, and credentials once.
    """
    told = f"cluster {scope.cluster}" if scope.cluster else f"VPC {', '.join(scope.vpcs)}"
    region = region or scoping.place_of(scope.cluster).region
    return Account(aws.Connector(told, THREADS, region=region), scope)


def _shared(vpc: Mapping[str, Any]) -> AwsError:
    """Say that a VPC is shared: whoever is let into its subnets sees neither its gateways nor its endpoints."""
    return AwsError(
        f"VPC {vpc['VpcId']} is shared by account {vpc['OwnerId']}",
        cause="that account alone sees all of it",
    )


class Account:
    """An `airlock.verify.inventory.Deployment`."""

    def __init__(self, client_of: Connect, scope: Scope) -> None:
        self._api = Api(client_of)
        self._scope = scope

    def read(self) -> Inventory:
        """Read it all. What AWS refuses is `Inventory.unread`; AwsError where neither cluster nor VPC can be had."""
        reading = Reading()
        told = self._cluster(reading)
        where = self._where(told, reading)
        api, run = self._api, reading.of("services")
        named_by_services = running.definition_jobs(api, (one.task_definition for one in run))
        reading.run([*named_by_services, *self._in_vpcs(where), *analyzers.jobs(api)])
        containers = (one for definition in reading.of("task_definitions") for one in definition.containers)
        reading.run(running.definition_jobs(api, scoping.executors_definitions(containers)))
        self._without_definitions(reading)
        named = scoping.named(self._scope, reading.of("task_definitions"))
        if told:
            named += running.cluster_names(told)
        if reading.of("flow_logs"):
            named += network.flow_logs_name(api, where)
        if reading.of("databases"):
            named += databases.names(api, where)
        reading.run(self._by_name(where, named, reading))
        self._keys(where, reading)
        return self._inventory(where, reading)

    def _cluster(self, reading: Reading) -> dict[str, Any]:
        """Read the cluster and its services; {} where a VPC is given and there is none."""
        try:
            told = running.cluster(self._api, self._scope.cluster)
        except AwsError as error:
            if not self._scope.vpcs:
                raise
            reading.miss((*_BY_CLUSTER, *_BY_NAME), error)
            return {}
        reading.add("clusters", [running.of_cluster(told)])
        try:
            reading.add("services", running.services(self._api, told["clusterArn"], told["clusterName"]))
        except AwsError as error:
            if not self._scope.vpcs:
                raise
            reading.miss(("services", "task_definitions", *_BY_NAME), error)
        return told

    def _where(self, cluster: dict[str, Any], reading: Reading) -> Where:
        """Find the VPCs: those that are given, and those of the services' subnets."""
        region = self._api.region(calls.CLUSTERS)
        account = str(cluster.get("clusterArn", "::::")).split(":")[4]
        vpcs = self._scope.vpcs
        try:
            vpcs = tuple(dict.fromkeys((*vpcs, *self._vpcs_of(reading.of("services")))))
            told = self._api.all(calls.VPCS, VpcIds=list(vpcs))
            account = account or next((str(one.get("OwnerId", "")) for one in told), "")
            for one in told:
                if one.get("OwnerId", account) != account:
                    reading.miss(_BY_VPC, _shared(one))
        except AwsError as error:
            if not cluster:
                raise
            reading.miss(_BY_VPC, error)
        return Where(region, account, vpcs)

    def _vpcs_of(self, services: Sequence[Service]) -> list[str]:
        """Return the VPCs that services' tasks are in. Raises AwsError where neither they nor anything says it."""
        subnets = sorted({subnet for one in services for subnet in one.subnets})
        if subnets:
            filters = [{"Name": "subnet-id", "Values": subnets}]
            if found := [one["VpcId"] for one in self._api.all(calls.SUBNETS, Filters=filters)]:
                return found
            raise AwsError(f"none of the services' subnets is there: {', '.join(subnets)}")
        if self._scope.vpcs:
            return []
        raise AwsError(
            f"no service of cluster {self._scope.cluster} says which VPC it is in",
            cause="it has no service, or none whose tasks have interfaces of their own (awsvpc)",
            remedy="airlock verify --live --vpc VPC",
        )

    def _in_vpcs(self, where: Where) -> Iterator[Job]:
        if where.vpcs:
            in_vpcs = (data.cache_jobs, data.file_system_jobs, databases.jobs)
            for read in (network.jobs, ways.jobs, groups.jobs, *in_vpcs):
                yield from read(self._api, where)

    def _without_definitions(self, reading: Reading) -> None:
        """Note that what task definitions name is not known where one of them could not be read."""
        for one in reading.unread:
            if one.kind == "task_definitions":
                reading.miss(_BY_NAME, AwsError(one.cause))

    def _by_name(self, where: Where, named: Named, reading: Reading) -> Iterator[Job]:
        yield from kept.jobs(self._api, where, named)
        mounted = (one.id for one in reading.of("file_systems"))
        yield from data.jobs(self._api, where, named, mounted)
        yield from roles.jobs(self._api, named.roles)
        yield from groups.prefix_list_jobs(
            self._api, reading.of("security_groups"), reading.of("route_tables")
        )

    def _keys(self, where: Where, reading: Reading) -> None:
        """Read the keys; whatever is encrypted with one that AWS manages has no customer's key."""
        of_aws: set[str] = set()
        reading.run(keys.jobs(self._api, keys.named(reading.found, where.account), of_aws))
        for kind, found in reading.found.items():
            reading.found[kind] = keys.merged(found) if kind == "keys" else keys.without(found, of_aws)

    def _inventory(self, where: Where, reading: Reading) -> Inventory:
        found: dict[str, Any] = {
            kind: tuple(sorted(listed, key=lambda one: one.place.resource))
            for kind, listed in reading.found.items()
        }
        resources = {one.place.resource for listed in found.values() for one in listed}
        found["analyzers"] = tuple(analyzers.about(one, resources) for one in found.get("analyzers", ()))
        return Inventory(Source.AWS, where.region, where.account, unread=reading.unread, **found)
