"""infra/example as Terraform applied it, read from the account: nothing of it is overlooked."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

import moto_aws
from airlock.release_settings import Verify
from airlock.verify.account.account import connect
from airlock.verify.account.permissions import policy
from airlock.verify.account.scope import Scope
from airlock.verify.catalogue import RULES
from airlock.verify.judge import judge
from airlock.verify.network import Target
from airlock.verify.rule import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.account.account import Account
    from airlock.verify.inventory import Inventory
    from terraform_runs import Deployment

SECONDS = 5.0  # of processor time, whatever else the machine does; moto is another process
NOT_IN_MOTO = ["analyzers"]  # moto has no IAM Access Analyzer


@pytest.fixture(scope="module")
def account(applied_example: Deployment) -> Iterator[Account]:
    """Give the account that the example is in, for as long as boto3 finds it."""
    given = {**moto_aws.CREDENTIALS, "AWS_ENDPOINT_URL": applied_example.url, "NO_PROXY": "127.0.0.1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setenv("no_proxy", "127.0.0.1")
        for name, value in given.items():
            patch.setenv(name, value)
        outputs = applied_example.outputs
        release = outputs["release_role_arn"]
        yield connect(Scope(outputs["cluster_name"], roles=(release,) if release else ()))


@pytest.fixture(scope="module")
def read(account: Account) -> tuple[Inventory, float]:
    begun = time.process_time()
    found = account.read()
    return found, time.process_time() - begun


@pytest.fixture(scope="module")
def found(read: tuple[Inventory, float]) -> Inventory:
    return read[0]


def test_it_is_read_within_seconds(read: tuple[Inventory, float]) -> None:
    assert read[1] < SECONDS


def test_all_of_it_can_be_read(found: Inventory) -> None:
    assert [one.kind for one in found.unread] == NOT_IN_MOTO


def test_every_endpoint_is_found_by_its_service(found: Inventory, applied_example: Deployment) -> None:
    assert {one.service: one.id for one in found.endpoints} == applied_example.outputs["endpoint_ids"]
    assert all(one.private_dns for one in found.endpoints if not one.gateway)
    assert all(one.policy for one in found.endpoints)


def test_the_network_is_the_examples_and_leads_nowhere(found: Inventory, applied_example: Deployment) -> None:
    outputs = applied_example.outputs
    assert [one.id for one in found.vpcs] == [outputs["vpc_id"]]
    assert {one.id for one in found.subnets} == set(outputs["subnet_ids"])
    assert set(outputs["security_group_ids"].values()) < {one.id for one in found.security_groups}
    assert (found.gateways, found.public_addresses, found.instances) == ((), (), ())
    targets = {route.target for one in found.route_tables for route in one.routes}
    assert targets == {Target.LOCAL, Target.ENDPOINT}
    assert [one.of for one in found.flow_logs] == [outputs["vpc_id"]]


def test_every_service_is_found_with_its_definition_and_roles(
    found: Inventory, applied_example: Deployment
) -> None:
    assert {one.name for one in found.services} == set(applied_example.outputs["service_names"])
    assert all(one.breaker and one.rolls_back for one in found.services)
    assert all(one.running == one.desired for one in found.services)
    definitions = [found.definition_of(one) for one in found.services]
    assert None not in definitions
    roles = [role for one in found.task_definitions for role in (one.task_role, one.execution_role)]
    assert all(found.role(arn) for arn in roles)
    assert found.role(applied_example.outputs["release_role_arn"])


def test_everything_that_terraform_keeps_is_found(found: Inventory, applied_example: Deployment) -> None:
    told = json.loads(applied_example.must("show", "-json").stdout)
    kinds = list(_kinds(told["values"]["root_module"]))
    made = {
        "aws_cloudwatch_log_group": found.log_groups,
        "aws_db_instance": found.databases,
        "aws_ecr_repository": found.repositories,
        "aws_efs_access_point": found.access_points,
        "aws_efs_file_system": found.file_systems,
        "aws_efs_mount_target": found.mount_targets,
        "aws_iam_role": found.roles,
        "aws_kms_key": found.keys,
        "aws_s3_bucket": found.buckets,
        "aws_ecs_task_definition": found.task_definitions,
    }
    assert {kind: len(there) for kind, there in made.items()} == {kind: kinds.count(kind) for kind in made}
    ours = {one.name for one in found.secrets if not one.name.startswith("rds!")}
    assert len(ours) == kinds.count("aws_secretsmanager_secret")


def _kinds(module: Mapping[str, Any]) -> Iterator[str]:
    yield from (one["type"] for one in module.get("resources", []) if one["mode"] == "managed")
    for one in module.get("child_modules", []):
        yield from _kinds(one)


def test_all_of_it_is_encrypted_with_the_examples_key(found: Inventory, applied_example: Deployment) -> None:
    kinds = (
        found.buckets, found.databases, found.file_systems, found.log_groups, found.repositories, found.secrets
    )  # fmt: skip
    used = {found.key(one.encryption.key) for kind in kinds for one in kind}
    assert used == set(found.keys)
    assert [one.place.resource for one in found.keys] == [applied_example.outputs["key_arn"]]


def test_the_least_policy_names_the_examples_resources(found: Inventory) -> None:
    document = policy(found.clusters[0].name, found.region, found.account, found)
    resources = [one["Resource"] for one in document["Statement"]]
    named = {arn for one in resources for arn in ([one] if isinstance(one, str) else one)}
    ours = {one.place.resource for one in found.buckets} | {one.place.resource for one in found.roles}
    assert ours < named


def test_the_rules_find_nothing_in_it_but_that_it_may_be_deleted(found: Inventory) -> None:
    judgement = judge(Subject(found), RULES, Verify())
    told = [(one.code, one.message) for one in judgement.findings]
    assert told == [("AL835", "the database airflow is not protected from deletion")]  # terraform_runs.WHOLE
