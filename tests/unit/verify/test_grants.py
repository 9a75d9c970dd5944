"""What conditions and denials take away of a statement, and what they only seem to."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.verify import grants, resources
from airlock.verify.network import Place
from airlock.verify.policy import Statement, read

OURS, OTHERS = "123456789012", "999999999999"
VPCE = {"aws:SourceVpce": "vpce-1"}


def statement(one: dict[str, Any]) -> Statement:
    return read(Place("p"), "p", {"Statement": one}).statements[0]


def allow(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*", **more}


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringLike", "aws:PrincipalOrgID", "o-*"),
        ("StringLike", "aws:SourceVpce", "vpce-*"),
        ("StringLike", "aws:SourceVpc", "vpc-*"),
        ("StringLike", "aws:PrincipalAccount", "????????????"),
        ("StringLike", "kms:CallerAccount", "1*"),
        ("StringLike", "aws:PrincipalOrgPaths", "o-*/r-1/*"),
        ("StringLike", "aws:userid", "*:airflow"),
        ("StringLike", "aws:PrincipalArn", "*:role/airflow"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::????????????:role/airflow"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*-logs"),
        ("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"]),
        ("IpAddress", "aws:SourceIp", "::/0"),
        ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),  # each VPC may have these addresses
    ],
)
def test_what_others_have_or_may_choose_narrows_nothing(operator: str, key: str, value: Any) -> None:
    assert not grants.narrowed(statement(allow(Condition={operator: {key: value}})))


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-1"),
        ("StringEquals", "aws:SourceVpce", "vpce-*"),  # no pattern: an endpoint that nobody has
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/*"),
        ("StringLike", "aws:userid", "AROA1:*"),
        ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OURS}:role/*"),
        ("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{OURS}:*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::airflow-*"),
        ("IpAddress", "aws:SourceIp", ["198.51.100.0/25", "198.51.100.128/25"]),
        ("StringEquals", "s3:DataAccessPointAccount", OURS),
        ("StringEquals", "aws:VpceAccount", OURS),
    ],
)
def test_what_others_do_not_have_narrows(operator: str, key: str, value: Any) -> None:
    assert grants.narrowed(statement(allow(Condition={operator: {key: value}})))


def closed(denial: dict[str, Any], allowed: dict[str, Any]) -> bool:
    found = read(Place("p"), "p", {"Statement": [allowed, {"Effect": "Deny", "Principal": "*", **denial}]})
    return grants.closed(found.statements[0], found)


def but_for(**conditions: Any) -> dict[str, Any]:
    return {"Action": "s3:*", "Resource": "*", "Condition": conditions}


@pytest.mark.parametrize(
    "denial",
    [
        but_for(StringNotEquals=VPCE),
        but_for(StringNotEqualsIfExists=VPCE),
        but_for(StringNotEquals=VPCE, BoolIfExists={"aws:PrincipalIsAWSService": "false"}),
        but_for(ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{OURS}:role/airflow-*"}),
    ],
)
def test_a_deny_of_all_but_some_closes(denial: dict[str, Any]) -> None:
    assert closed(denial, allow())


@pytest.mark.parametrize(
    ("denial", "allowed"),
    [
        (but_for(StringNotLike={"aws:SourceVpce": "vpce-*"}), allow()),
        (but_for(StringNotEquals=VPCE, Bool={"aws:PrincipalIsAWSService": "true"}), allow()),
        (but_for(StringNotEquals=VPCE, StringEquals={"aws:PrincipalTag/team": "x"}), allow()),
        (but_for(NotIpAddress={"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}), allow()),
        (but_for(StringNotEquals=VPCE) | {"Action": "s3:PutObject"}, allow()),
        (
            {"NotAction": "s3:GetObject", "Resource": "*", "Condition": {"StringNotEquals": VPCE}},
            allow(Action="s3:*"),
        ),
        (
            {"Action": "s3:*", "Resource": "arn:aws:s3:::a/*", "Condition": {"StringNotEquals": VPCE}},
            {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "NotResource": "arn:aws:s3:::b"},
        ),
    ],
)
def test_a_deny_that_denies_others_little_does_not_close(
    denial: dict[str, Any], allowed: dict[str, Any]
) -> None:
    assert not closed(denial, allowed)


def test_policies_without_resources_are_closed_by_denials_without() -> None:
    pull = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    denial = {"Action": "ecr:*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}

    assert closed(denial, pull)


def test_a_service_that_acts_for_another_account_lets_it_in() -> None:
    service = {"Service": "sns.amazonaws.com"}
    other = allow(Principal=service, Condition={"StringEquals": {"aws:SourceAccount": OTHERS}})
    role = allow(
        Principal={"AWS": f"arn:aws:iam::{OURS}:role/x"},
        Condition={"StringEquals": {"aws:SourceAccount": OTHERS}},
    )

    assert list(grants.accounts(statement(other))) == [OTHERS]
    assert list(grants.accounts(statement(role))) == [OURS]


@pytest.mark.parametrize("resource", ["*", "**", "arn:*", "arn:aws:*", "arn:aws:*:*:*:*"])
def test_everything_is_told_however_it_is_written(resource: str) -> None:
    assert resources.everything(resource)
    assert not resources.all_of_a_type(resource)


@pytest.mark.parametrize(
    "resource",
    [
        *("arn:aws:s3:*", "arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:s3:::**", "arn:aws:s3:::?*"),
        "arn:aws:secretsmanager:eu-west-1:1:secret:*",
        "arn:aws:secretsmanager:eu-west-1:1:secret:*-??????",
        "arn:aws:logs:eu-west-1:1:log-group:*:log-stream:*",
        *(
            "arn:aws:iam::1:role/*",
            "arn:aws:ecs:eu-west-1:1:task-definition/*:*",
            "arn:aws:sqs:eu-west-1:1:*",
        ),
    ],
)
def test_all_of_a_type_is_told_however_it_is_written(resource: str) -> None:
    assert resources.all_of_a_type(resource)
    assert not resources.everything(resource)


@pytest.mark.parametrize(
    "resource",
    [
        *("arn:aws:s3:::airflow-dags/*", "arn:aws:s3:::airflow-dags", "(known after apply)"),
        *("arn:aws:iam::1:role/service-role/*", "arn:aws:iam::1:role/*/admin"),
        "arn:aws:secretsmanager:eu-west-1:1:secret:airflow-??????",
        *("arn:aws:logs:eu-west-1:1:log-group:/airflow/*", "arn:aws:ssm:eu-west-1:1:parameter/airflow/*"),
        "arn:aws:ecs:eu-west-1:1:task/airflow/*",
    ],
)
def test_what_is_in_something_named_is_not_all(resource: str) -> None:
    assert not resources.everything(resource)
    assert not resources.all_of_a_type(resource)


@pytest.mark.parametrize("document", ['{"Statement": ["x"]}', '{"Statement": [{"Principal": 1}]}', "[]", "1"])
def test_what_is_no_policy_is_told_as_such(document: str) -> None:
    with pytest.raises(ValueError, match="the policy of p is no"):
        read(Place("p"), "p", document)


def test_a_policy_of_no_statements_is_empty() -> None:
    assert read(Place("p"), "p", '{"Statement": null}').statements == ()
