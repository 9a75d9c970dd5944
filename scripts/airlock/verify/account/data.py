"""Databases and caches in a VPC, file systems that tasks mount, and queues."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airlock.errors import AwsError
from airlock.verify.account import calls
from airlock.verify.account.reading import Job, document
from airlock.verify.network import Place
from airlock.verify.services import AccessPoint, Cache, Encryption, FileSystem, MountTarget, Queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.verify.account.api import Api
    from airlock.verify.account.scope import Named
    from airlock.verify.account.where import Where

_OF_QUEUE = ["QueueArn", "KmsMasterKeyId", "SqsManagedSseEnabled", "Policy"]


def jobs(api: Api, where: Where, named: Named, file_systems: Iterable[str]) -> Iterator[Job]:
    """Give what is read by name; `file_systems` were found in the VPCs."""
    found = tuple(file_systems)
    for file_system in dict.fromkeys((*found, *named.file_systems)):
        if file_system not in found:
            yield Job("file_systems", partial(_file_system, api, file_system))
        yield Job("mount_targets", partial(_mount_targets, api, where, file_system))
        yield Job("access_points", partial(_access_points, api, file_system))
    for queue in named.queues:
        yield Job("queues", partial(_queue, api, queue))


def file_system_jobs(api: Api, where: Where) -> Iterator[Job]:
    """Give the file systems to read that have a mount target in the VPCs, whether tasks mount them or not."""
    yield Job("file_systems", lambda: _file_systems(api, where))


def _file_systems(api: Api, where: Where) -> Iterator[FileSystem]:
    for one in api.all(calls.FILE_SYSTEMS, "of the account"):
        identifier = one["FileSystemId"]
        if one.get("NumberOfMountTargets"):
            targets = api.all(calls.MOUNT_TARGETS, identifier, FileSystemId=identifier)
            if any(target.get("VpcId") in where.vpcs for target in targets):
                yield from _file_system(api, identifier)


def _file_system(api: Api, identifier: str) -> Iterator[FileSystem]:
    for one in api.all(calls.FILE_SYSTEMS, identifier, FileSystemId=identifier):
        place = Place(one["FileSystemArn"])
        told = api.one(calls.FILE_SYSTEM_POLICY, identifier, FileSystemId=identifier)
        encryption = Encryption(bool(one.get("Encrypted")), one.get("KmsKeyId", ""))
        yield FileSystem(place, identifier, encryption, document(place, identifier, told.get("Policy")))


def _mount_targets(api: Api, where: Where, identifier: str) -> Iterator[MountTarget]:
    for one in api.all(calls.MOUNT_TARGETS, identifier, FileSystemId=identifier):
        name = one["MountTargetId"]
        told = api.one(calls.MOUNT_TARGET_GROUPS, name, MountTargetId=name)
        place = Place(where.arn("elasticfilesystem", f"mount-target/{name}"))
        yield MountTarget(place, identifier, one["SubnetId"], tuple(told.get("SecurityGroups", [])))


def _access_points(api: Api, identifier: str) -> Iterator[AccessPoint]:
    for one in api.all(calls.ACCESS_POINTS, identifier, FileSystemId=identifier):
        yield AccessPoint(
            place=Place(one["AccessPointArn"]),
            id=one["AccessPointId"],
            file_system=identifier,
            path=one.get("RootDirectory", {}).get("Path", "/"),
            uid=one.get("PosixUser", {}).get("Uid"),
        )


def cache_jobs(api: Api, where: Where) -> Iterator[Job]:
    """Give the caches of the VPCs to read.

    Serverless caches are clusters, which Celery cannot use as its broker: they are not looked for.
    """
    yield Job("caches", lambda: _caches(api, where))
    yield Job("caches", lambda: _without_nodes(api))


def _caches(api: Api, where: Where) -> Iterator[Cache]:
    groups = {
        one["CacheSubnetGroupName"]: tuple(subnet["SubnetIdentifier"] for subnet in one.get("Subnets", []))
        for one in api.all(calls.CACHE_SUBNETS)
        if one.get("VpcId") in where.vpcs
    }
    if not groups:
        return
    nodes: list[dict[str, Any]] = api.all(calls.CACHE_CLUSTERS)
    ours = [one for one in nodes if one.get("CacheSubnetGroupName") in groups]
    replicated = {one["ReplicationGroupId"] for one in ours if one.get("ReplicationGroupId")}
    told = {one["ReplicationGroupId"]: one for one in api.all(calls.REPLICATION_GROUPS)} if replicated else {}
    for one in ours:
        group = told.get(one.get("ReplicationGroupId", ""))
        if group and one["CacheClusterId"] != min(group.get("MemberClusters") or [one["CacheClusterId"]]):
            continue  # its first node stands for it
        said = {**one, **(group or {})}
        nodes_of = [node.get("Endpoint", {}) for node in one.get("CacheNodes", [])]
        endpoint: dict[str, Any] = one.get("ConfigurationEndpoint") or next(iter(nodes_of), {})
        yield Cache(
            place=Place(said["ARN"]),
            id=said.get("ReplicationGroupId") or one["CacheClusterId"],
            encryption=Encryption(bool(said.get("AtRestEncryptionEnabled")), said.get("KmsKeyId", "")),
            tls=bool(said.get("TransitEncryptionEnabled")),
            port=int(endpoint.get("Port", 6379)),
            subnets=groups[one["CacheSubnetGroupName"]],
            groups=tuple(entry["SecurityGroupId"] for entry in one.get("SecurityGroups", [])),
        )


def _without_nodes(api: Api) -> Iterator[Cache]:
    """Refuse a group whose nodes nobody tells of: it alone does not say which VPC it is in."""
    nodes = {one["CacheClusterId"] for one in api.all(calls.CACHE_CLUSTERS)}
    for one in api.all(calls.REPLICATION_GROUPS):
        if not nodes.intersection(one.get("MemberClusters", [])):
            name = one["ReplicationGroupId"]
            raise AwsError(
                f"which VPC the replication group {name} is in cannot be told", cause="it has no nodes"
            )
    yield from ()


def _queue(api: Api, name: str) -> Iterator[Queue]:
    url = api.one(calls.QUEUE_URL, name, QueueName=name)["QueueUrl"]
    told = api.one(calls.QUEUE, name, QueueUrl=url, AttributeNames=_OF_QUEUE).get("Attributes", {})
    place = Place(told["QueueArn"])
    key = told.get("KmsMasterKeyId", "")
    encryption = Encryption(bool(key) or told.get("SqsManagedSseEnabled") == "true", key)
    yield Queue(place, name, encryption, document(place, name, told.get("Policy")))
