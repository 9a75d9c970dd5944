"""Caches, file systems, queues, repositories and buckets, where one answer says more than another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.account.account import Account
from airlock.verify.account.scope import Scope
from shaped_aws import DEPLOYED, ShapedAws

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory

pytestmark = pytest.mark.usefixtures("aws_keys")


def read(**values: Any) -> Inventory:
    return Account(ShapedAws(DEPLOYED | values), Scope("airflow")).read()


def node(name: str, **more: Any) -> dict[str, Any]:
    groups = [{"SecurityGroupId": "sg-1"}]
    return {"CacheClusterId": name, "CacheSubnetGroupName": "caches", "SecurityGroups": groups, **more}


def test_nodes_of_a_replication_group_are_one_cache() -> None:
    nodes = [
        node(name, ReplicationGroupId="airflow", ARN=f"arn:{name}") for name in ("airflow-002", "airflow-001")
    ]
    group = {
        "ReplicationGroupId": "airflow",
        "MemberClusters": ["airflow-001", "airflow-002"],
        "ARN": "arn:airflow",
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": True,
        "KmsKeyId": "key",
    }
    [cache] = read(CacheClusters=nodes, ReplicationGroups=[group]).caches
    assert (cache.place.resource, cache.id, cache.groups) == ("arn:airflow", "airflow", ("sg-1",))
    assert (cache.tls, cache.encryption.on, cache.encryption.key) == (True, True, "key")
    assert (cache.subnets, cache.port) == (("a-SubnetIdentifier",), 6379)


def test_a_node_of_its_own_is_a_cache() -> None:
    alone = node("broker", ARN="arn:broker", CacheNodes=[{"Endpoint": {"Port": 6380}}])
    [cache] = read(CacheClusters=[alone], ReplicationGroups=[]).caches
    assert (cache.id, cache.port, cache.tls, cache.encryption.on) == ("broker", 6380, False, False)


def test_a_cache_of_another_vpc_is_not_the_deployments() -> None:
    other = node("broker", ARN="arn:broker") | {"CacheSubnetGroupName": "of-others"}
    assert read(CacheClusters=[other], ReplicationGroups=[]).caches == ()


def test_a_group_without_nodes_leaves_caches_unread() -> None:
    group = {"ReplicationGroupId": "airflow", "MemberClusters": ["airflow-001"]}
    found = read(CacheClusters=[], ReplicationGroups=[group])
    assert [(one.kind, one.cause) for one in found.unread] == [
        ("caches", "which VPC the replication group airflow is in cannot be told: it has no nodes")
    ]


@pytest.mark.parametrize(
    ("attributes", "on", "key"),
    [
        ({"SqsManagedSseEnabled": "true"}, True, ""),
        ({"SqsManagedSseEnabled": "false"}, False, ""),
        ({"KmsMasterKeyId": "alias/airflow", "SqsManagedSseEnabled": "false"}, True, "alias/airflow"),
    ],
)
def test_a_queue_is_encrypted_by_a_key_or_by_sqs_itself(
    attributes: dict[str, str], *, on: bool, key: str
) -> None:
    [queue] = read(Attributes={"QueueArn": "arn:queue", **attributes}).queues
    assert (queue.encryption.on, queue.encryption.key) == (on, key)


@pytest.mark.parametrize(
    ("pattern", "frequency", "scans"),
    [
        ("airflow", "SCAN_ON_PUSH", True),
        ("air", "CONTINUOUS_SCAN", True),
        ("air*", "SCAN_ON_PUSH", True),
        ("other*", "SCAN_ON_PUSH", False),
        ("airflow", "MANUAL", False),
    ],
)
def test_a_repository_is_scanned_by_a_rule_of_the_registry(
    pattern: str, frequency: str, *, scans: bool
) -> None:
    rules = [{"scanFrequency": frequency, "repositoryFilters": [{"filter": pattern}]}]
    repositories = [{"repositoryArn": "arn:airflow", "repositoryName": "airflow"}]
    [found] = read(rules=rules, repositories=repositories).repositories
    assert found.scans == scans


def test_a_bucket_is_blocked_only_where_all_four_settings_are() -> None:
    assert all(one.public_blocked for one in read().buckets)
    assert not any(one.public_blocked for one in read(IgnorePublicAcls=False).buckets)


def test_policies_of_aws_are_told_by_their_arn_alone() -> None:
    found = read(PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
    managed = {arn for role in found.roles for arn in role.managed}
    assert managed == {"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}
    assert {len(one.policies) for one in found.roles} == {1}  # the inline one
