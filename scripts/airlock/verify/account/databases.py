"""Instances and clusters of RDS in a VPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.verify.account import calls
from airlock.verify.account.reading import Job
from airlock.verify.account.scope import Named
from airlock.verify.network import Place
from airlock.verify.services import Database, Encryption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airlock.verify.account.api import Api
    from airlock.verify.account.call import Call
    from airlock.verify.account.where import Where

_ON = frozenset({"1", "on", "true"})
_PARAMETERS = frozenset({"rds.force_ssl", "require_secure_transport"})  # of PostgreSQL, of MySQL and MariaDB
# The first version whose default is to force it, by engine:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
_FORCED_SINCE = {"postgres": 15, "aurora-postgresql": 17}


def jobs(api: Api, where: Where) -> Iterator[Job]:
    """Give the databases of the VPCs to read."""
    yield Job("databases", lambda: _databases(api, where))


def names(api: Api, where: Where) -> Named:
    """Return what databases name: secrets with passwords that RDS made, log groups that they write to.

    Raises AwsError.
    """
    instances = [one for one in api.all(calls.INSTANCES_OF_RDS) if _is_within(one, where)]
    clusters = _clusters(api, where)[0]
    groups = [
        *(("instance", one["DBInstanceIdentifier"], one) for one in instances),
        *(("cluster", one["DBClusterIdentifier"], one) for one in clusters),
    ]
    passwords = (one.get("MasterUserSecret", {}).get("SecretArn") for one in (*instances, *clusters))
    return Named(
        secrets=tuple(arn for arn in passwords if arn),
        log_groups=tuple(
            f"/aws/rds/{kind}/{name}/{log}"
            for kind, name, told in groups
            for log in told.get("EnabledCloudwatchLogsExports", [])
        ),
    )


def _databases(api: Api, where: Where) -> Iterator[Database]:
    instances = [one for one in api.all(calls.INSTANCES_OF_RDS) if _is_within(one, where)]
    clusters, subnets = _clusters(api, where)
    for one in instances:
        if not one.get("DBClusterIdentifier"):  # a cluster's members are told of with it
            yield _instance(api, one)
    for one in clusters:
        members = [
            other for other in instances if other.get("DBClusterIdentifier") == one["DBClusterIdentifier"]
        ]
        yield _cluster(api, one, members, subnets[one["DBSubnetGroup"]])


def _is_within(one: Mapping[str, Any], where: Where) -> bool:
    group = one.get("DBSubnetGroup")
    return isinstance(group, dict) and group.get("VpcId") in where.vpcs


def _clusters(api: Api, where: Where) -> tuple[list[Any], dict[str, tuple[str, ...]]]:
    """Return clusters of the VPCs, and subnets by the name of their group, which is all that a cluster tells."""
    told = api.all(calls.CLUSTERS_OF_RDS)
    if not told:
        return [], {}
    subnets = {
        one["DBSubnetGroupName"]: tuple(entry["SubnetIdentifier"] for entry in one.get("Subnets", []))
        for one in api.all(calls.SUBNET_GROUPS)
        if one.get("VpcId") in where.vpcs
    }
    return [one for one in told if one.get("DBSubnetGroup") in subnets], subnets


def _instance(api: Api, told: Mapping[str, Any]) -> Database:
    subnets = told["DBSubnetGroup"].get("Subnets", [])
    groups = [one["DBParameterGroupName"] for one in told.get("DBParameterGroups", [])]
    return Database(
        place=Place(told["DBInstanceArn"]),
        id=told["DBInstanceIdentifier"],
        engine=told["Engine"],
        port=int(told.get("Endpoint", {}).get("Port") or told.get("DbInstancePort") or 0),
        encryption=Encryption(bool(told.get("StorageEncrypted")), told.get("KmsKeyId", "")),
        public=bool(told.get("PubliclyAccessible")),
        subnets=tuple(one["SubnetIdentifier"] for one in subnets),
        groups=_groups(told),
        forces_tls=_forces_tls(api, calls.PARAMETERS, told, groups),
        zones=2 if told.get("MultiAZ") else 1,
        backup_days=int(told.get("BackupRetentionPeriod", 0)),
        protected=bool(told.get("DeletionProtection")),
    )


def _cluster(
    api: Api, told: Mapping[str, Any], members: Sequence[Mapping[str, Any]], subnets: tuple[str, ...]
) -> Database:
    group = told.get("DBClusterParameterGroup", "")
    zones = {one.get("AvailabilityZone") for one in members}
    public = told.get("PubliclyAccessible") or any(one.get("PubliclyAccessible") for one in members)
    return Database(
        place=Place(told["DBClusterArn"]),
        id=told["DBClusterIdentifier"],
        engine=told["Engine"],
        port=int(told.get("Port", 0)),
        encryption=Encryption(bool(told.get("StorageEncrypted")), told.get("KmsKeyId", "")),
        public=bool(public),
        subnets=subnets,
        groups=_groups(told),
        forces_tls=_forces_tls(api, calls.CLUSTER_PARAMETERS, told, [group] if group else []),
        zones=max(len(zones), 2 if told.get("MultiAZ") else 1),
        backup_days=int(told.get("BackupRetentionPeriod", 0)),
        protected=bool(told.get("DeletionProtection")),
    )


def _groups(told: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(one["VpcSecurityGroupId"] for one in told.get("VpcSecurityGroups", []))


def _forces_tls(api: Api, call: Call, told: Mapping[str, Any], groups: Sequence[str]) -> bool | None:
    """Tell whether connections must be encrypted: as a parameter group sets it, or by the engine's default."""
    kind = "DBClusterParameterGroupName" if call is calls.CLUSTER_PARAMETERS else "DBParameterGroupName"
    for group in groups:
        for one in api.all(call, group, Source="user", **{kind: group}):
            if one.get("ParameterName") in _PARAMETERS and one.get("ParameterValue"):
                return str(one["ParameterValue"]).lower() in _ON
    since = _FORCED_SINCE.get(told["Engine"])
    major = str(told.get("EngineVersion", "")).partition(".")[0]
    return int(major) >= since if since and major.isdecimal() else None
