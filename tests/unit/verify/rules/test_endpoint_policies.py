"""Rules on endpoints' policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airlock.verify.rules import endpoint_policies
from airlock.verify.rules.endpoint_policies import AnyBucket, NoLayers, NoPolicy, OpenPolicy
from verify_inventory import changed, clean, found
from verify_network import ACCOUNT, ours, policy_of

EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
ANY_LOGS = EVERYTHING | {"Action": "logs:*"}
LAYERS = {
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["s3:GetObject"],
    "Resource": ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"],
}
BUCKET = "arn:aws:s3:::airflow-dags"


def condition(operator: str, key: str, value: Any = ACCOUNT) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


def with_policy(service: str, *statements: dict[str, Any]) -> Any:
    return changed("endpoints", service, policy=policy_of("aws_vpc_endpoint.one", *statements))


@pytest.mark.parametrize("rule", endpoint_policies.RULES, ids=lambda rule: rule.code)
def test_policies_of_a_clean_deployment_are_narrow(rule: Any) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize("service", ["logs", "s3"])
def test_an_endpoint_without_a_policy_and_one_with_awss_default_are_the_same_finding(service: str) -> None:
    for inventory in (
        changed("endpoints", service, policy=None),
        with_policy(service, EVERYTHING),
        with_policy(service, EVERYTHING | {"Principal": {"AWS": "*"}}),
    ):
        (one,) = found(NoPolicy(), inventory)

        assert one.message.startswith(f"the endpoint for {service} lets everything through")
        assert not found(OpenPolicy(), inventory)
        assert not found(AnyBucket(), inventory)
        assert not found(NoLayers(), inventory)


def test_endpoints_of_one_block_without_a_policy_are_one_finding() -> None:
    inventory = clean()
    bare = tuple(replace(one, policy=None) for one in inventory.endpoints)

    (interfaces, gateway) = found(NoPolicy(), replace(inventory, endpoints=bare))

    assert "for ecr.api, ecr.dkr, ecs, kms, logs and 2 more let everything" in interfaces.message
    assert gateway.message.startswith("the endpoint for s3 lets everything")


def test_a_policy_of_somebody_elses_service_is_not_asked_for() -> None:
    inventory = changed("endpoints", "logs", service="com.amazonaws.vpce.eu-west-1.vpce-svc-1", policy=None)

    assert not found(NoPolicy(), inventory)


@pytest.mark.parametrize(
    "statement",
    [
        ANY_LOGS,
        {name: value for name, value in ANY_LOGS.items() if name != "Principal"},
        ANY_LOGS | {"Action": ["logs:PutLogEvents"]},
        ANY_LOGS | condition("StringEqualsIfExists", "aws:PrincipalAccount"),
        ANY_LOGS | condition("StringNotEquals", "aws:PrincipalAccount", "210987654321"),
        ANY_LOGS | condition("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-1/*"),
        ANY_LOGS | condition("StringLike", "aws:PrincipalAccount", "*"),
        ANY_LOGS | condition("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/airflow-*"),
        ANY_LOGS | condition("StringEquals", "aws:SourceVpc", "vpc-1"),
        ANY_LOGS | condition("Bool", "aws:SecureTransport", "true"),
    ],
)
def test_a_policy_for_anybody_and_any_resource_is_found(statement: dict[str, Any]) -> None:
    (one,) = found(OpenPolicy(), with_policy("logs", statement))

    assert one.message == "the endpoint for logs lets calls of anybody to any resource through"
    assert "may logs:" in one.evidence


@pytest.mark.parametrize(
    "statements",
    [
        [ANY_LOGS | condition("StringEquals", "aws:PrincipalAccount")],
        [ANY_LOGS | condition("StringEquals", "aws:PrincipalOrgID", "o-1")],
        [ANY_LOGS | condition("StringEquals", "aws:ResourceAccount")],
        [ANY_LOGS | condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*")],
        [ANY_LOGS | condition("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ACCOUNT}:role/*")],
        [ANY_LOGS | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}],
        [ANY_LOGS | {"Resource": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/airflow/*"}],
        [
            EVERYTHING,
            EVERYTHING | {"Effect": "Deny"} | condition("StringNotEquals", "aws:PrincipalOrgID", "o-1"),
        ],
        [ANY_LOGS | {"Effect": "Deny"}],
    ],
)
def test_a_policy_that_is_kept_to_an_account_a_resource_or_an_organization_is_not_found(
    statements: list[dict[str, Any]],
) -> None:
    inventory = with_policy("logs", *statements)

    assert not found(OpenPolicy(), inventory)
    assert not found(NoPolicy(), inventory)


@pytest.mark.parametrize(
    "statements",
    [
        [ours("s3:*", BUCKET, f"{BUCKET}/*")],
        [ours("s3:*")],
        [LAYERS | condition("StringEquals", "aws:PrincipalAccount")],
        [LAYERS | condition("StringEquals", "aws:ResourceAccount")],
        [LAYERS | {"Action": "s3:ListBucket"}],
        [LAYERS | {"Resource": "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"}],
        [LAYERS | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}],
        [
            LAYERS,
            EVERYTHING | {"Effect": "Deny"} | condition("StringNotEquals", "aws:ResourceAccount"),
        ],
    ],
)
def test_a_policy_that_refuses_ecrs_layers_is_found(statements: list[dict[str, Any]]) -> None:
    (one,) = found(NoLayers(), with_policy("s3", *statements))

    assert "no task can pull its image" in one.message
    assert "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*" in one.fix


@pytest.mark.parametrize(
    "statements",
    [
        [LAYERS],
        [LAYERS | {"Resource": "arn:aws:s3:::prod-*-starport-layer-bucket/*"}],
        [LAYERS | {"Action": "s3:Get*"} | condition("Bool", "aws:SecureTransport", "true")],
        [
            LAYERS,
            EVERYTHING
            | {"Effect": "Deny", "Resource": f"{BUCKET}/*"}
            | condition("StringNotEquals", "aws:PrincipalAccount"),
        ],
    ],
)
def test_a_policy_that_admits_ecrs_layers_is_not_found(statements: list[dict[str, Any]]) -> None:
    assert not found(NoLayers(), with_policy("s3", *statements))


def test_layers_are_not_asked_for_where_no_image_is_in_ecr() -> None:
    inventory = with_policy("s3", ours("s3:*", BUCKET))

    assert not found(NoLayers(), replace(inventory, task_definitions=()))


def test_layers_of_other_partitions_have_their_own_names() -> None:
    china = replace(clean(), region="cn-north-1")

    (one,) = found(NoLayers(), china)

    assert "arn:aws-cn:s3:::prod-cn-north-1-starport-layer-bucket/*" in one.fix


@pytest.mark.parametrize(
    "statement",
    [
        ours("s3:*"),
        ours("s3:*", "arn:aws:s3:::*"),
        ours("s3:*", "arn:aws:s3:::*/*"),
        ours("s3:PutObject"),
        EVERYTHING | {"Action": "s3:*"},
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "NotResource": "arn:aws:s3:::secret",
        },
    ],
)
def test_a_policy_for_any_bucket_is_found_whoever_calls(statement: dict[str, Any]) -> None:
    (one,) = found(AnyBucket(), with_policy("s3", statement, LAYERS))

    assert "lets calls to any bucket through" in one.message
    assert not found(OpenPolicy(), with_policy("s3", statement, LAYERS))  # said once


@pytest.mark.parametrize(
    "statement",
    [
        ours("s3:*", BUCKET, f"{BUCKET}/*"),
        ours("s3:ListAllMyBuckets"),
        EVERYTHING | condition("StringEquals", "aws:ResourceAccount"),
        EVERYTHING | condition("StringEquals", "aws:ResourceOrgID", "o-1"),
    ],
)
def test_a_policy_for_named_buckets_or_the_accounts_own_is_not_found(statement: dict[str, Any]) -> None:
    assert not found(AnyBucket(), with_policy("s3", statement, LAYERS))
