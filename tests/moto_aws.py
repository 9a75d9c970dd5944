"""All of moto as a server, in a process of its own: nothing of it is shared with other tests.

Run as a program it serves until its stdin is closed, and says where.
"""

from __future__ import annotations

import contextlib
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION, ACCOUNT = "eu-west-1", "123456789012"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve while the block runs; yield the URL."""
    running = process.serve([sys.executable, str(Path(__file__))], env=process_environment())
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        yield running.stdout.readline().decode().strip()
    finally:
        running.stdin.close()
        running.wait()


@contextlib.contextmanager
def copied(url: str) -> Iterator[str]:
    """Serve a copy of a server, with all that it holds, while the block runs; yield its URL."""
    with _request(url, "POST") as answer:
        copy = answer.read().decode()
    try:
        yield copy
    finally:
        _request(copy, "DELETE").close()


def _request(url: str, method: str) -> Any:
    asked = urllib.request.Request(url + "/forks", method=method)  # noqa: S310 - our own server
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return direct.open(asked, timeout=60)


def process_environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "MOTO_IAM_LOAD_MANAGED_POLICIES": "true", **CREDENTIALS}


def client(service: str, url: str) -> Any:
    """Return a client of a server's service, of which there is any: so its type is none."""
    connect: Callable[..., Any] = boto3.client
    return connect(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto asks for none
    )


def kept(url: str) -> set[str]:
    """Return what there is, of all kinds that a deployment is made of; what AWS keeps a while as deleted is not."""
    found: set[str] = set()
    for service, operation, key, name in _LISTED:
        call = getattr(client(service, url), operation)
        found.update(f"{service} {_name(one, name)}" for one in call()[key] if _is_there(one))
    ecs = client("ecs", url)  # its list has those that are deleted, too
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    found.update(f"ecs {one['clusterArn']}" for one in clusters if one["status"] == "ACTIVE")
    keys = client("kms", url)
    states = {
        one["KeyId"]: keys.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in keys.list_keys()["Keys"]
    }
    # Keys that moto makes for services on first use are AWS's own.
    ours = (one for one in states.values() if one["KeyManager"] == "CUSTOMER")
    found.update(f"kms {one['KeyId']}" for one in ours if one["KeyState"] != "PendingDeletion")
    return found


# service, operation, its answer's list, and what names one of it ("" for lists of names)
_LISTED = (
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList", "Arn"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("efs", "describe_file_systems", "FileSystems", "FileSystemId"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("ecs", "list_task_definitions", "taskDefinitionArns", ""),
    ("servicediscovery", "list_namespaces", "Namespaces", "Name"),
)


def _name(one: Any, name: str) -> str:
    return str(one[name] if name else one)


def _is_there(one: Any) -> bool:
    return not isinstance(one, dict) or one.get("State") != "deleted"


def _delete_file_system_policy(responses: Any) -> Any:
    """Delete the policy of a file system of EFS, which moto 5.2.5 lacks.

    https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystemPolicy.html
    """
    identifier = responses._get_param("FileSystemId")
    responses.efs_backend.file_systems_by_id[identifier].file_system_policy = None
    return 200, {}, ""


def _serve() -> None:
    from moto.efs.responses import EFSResponse  # noqa: PLC0415 - much to import, for the server alone

    import moto_forks  # noqa: PLC0415 - as above
    import moto_gaps  # noqa: PLC0415 - as above

    moto_gaps.fill()
    EFSResponse.delete_file_system_policy = _delete_file_system_policy  # type: ignore[attr-defined]
    moto_forks.serve()


if __name__ == "__main__":
    _serve()
