"""The least policy: an action for each call, on what AWS lets it be limited to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airlock.verify.account.account import Account
from airlock.verify.account.calls import CALLS
from airlock.verify.account.permissions import policy
from airlock.verify.account.scope import Scope
from airlock.verify.inventory import Inventory, Source
from airlock.verify.network import Place
from airlock.verify.services import Bucket, Encryption
from shaped_aws import DEPLOYED, ShapedAws

# Service Authorization Reference: these take no resource.
ON_ANYTHING = {
    "access-analyzer:ListAnalyzers",
    "ec2:DescribeCarrierGateways",
    "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeManagedPrefixLists",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:DescribeVpnGateways",
    "ecr:GetRegistryScanningConfiguration",
    "ecs:DescribeTaskDefinition",
    "ecs:ListServices",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "secretsmanager:ListSecrets",
}


def actions(document: dict[str, Any]) -> list[str]:
    return [action for one in document["Statement"] for action in one["Action"]]


def test_there_is_an_action_for_each_call_and_no_other() -> None:
    assert sorted(actions(policy("airflow"))) == sorted({call.permission for call in CALLS})


def test_a_star_stands_only_where_an_action_takes_no_resource() -> None:
    anything = {
        action for one in policy("airflow")["Statement"] if one["Resource"] == "*" for action in one["Action"]
    }
    assert anything == ON_ANYTHING


def test_services_are_listed_of_one_cluster_alone() -> None:
    document = policy("airflow", "eu-west-1", "123456789012")
    told = next(one for one in document["Statement"] if "ecs:ListServices" in one["Action"])
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/airflow"
    assert told["Condition"] == {"ArnEquals": {"ecs:cluster": arn}}
    assert told["Action"] == ["ecs:ListServices"]


@pytest.mark.parametrize(
    ("region", "begin"),
    [
        ("eu-west-1", "arn:aws:"),
        ("cn-north-1", "arn:aws-cn:"),
        ("us-gov-west-1", "arn:aws-us-gov:"),
        ("", "arn:*:"),
    ],
)
def test_arns_are_those_of_the_regions_partition(region: str, begin: str) -> None:
    resources = {one["Resource"] for one in policy("airflow", region)["Statement"]} - {"*"}
    assert {arn[: len(begin)] for arn in resources} == {begin}


def test_a_cluster_may_be_given_by_its_arn() -> None:
    by_arn = policy("arn:aws:ecs:eu-west-1:123456789012:cluster/airflow", "eu-west-1")
    assert by_arn == policy("airflow", "eu-west-1")


def test_a_deployment_that_was_read_narrows_it_to_its_own_resources() -> None:
    bucket = Bucket(Place("arn:aws:s3:::dags-of-a-test"), "dags-of-a-test", Encryption(on=True))
    document = policy("airflow", found=Inventory(Source.AWS, "eu-west-1", buckets=(bucket,)))
    assert "arn:aws:s3:::dags-of-a-test" in [one["Resource"] for one in document["Statement"]]
    assert not [one for one in document["Statement"] if one["Resource"] == "arn:*:s3:::*"]
    assert sorted(actions(document)) == sorted(actions(policy("airflow")))


def test_it_fits_into_a_managed_policy(aws_keys: None) -> None:
    found = Account(ShapedAws(DEPLOYED), Scope("airflow")).read()
    for document in (policy("airflow", "eu-west-1", "123456789012"), policy("airflow", found=found)):
        assert len("".join(json.dumps(document).split())) < 6144  # characters but for white space
