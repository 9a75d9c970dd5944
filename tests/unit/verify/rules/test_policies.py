"""Rules on policies of what keeps data, on buckets and on file systems."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.inventory import Unread
from airlock.verify.network import UNKNOWN
from airlock.verify.rules import buckets, files, policies
from airlock.verify.rules.buckets import NotVersioned, PublicAccess, WithoutTls
from airlock.verify.rules.files import Anonymous, LooseAccessPoint, LooseVolume, PlainNfs
from airlock.verify.rules.policies import OpenToAnybody, OtherAccount, ServiceForAnybody
from airlock.verify.services import Volume
from verify_inventory import changed, clean, found, named
from verify_network import ACCOUNT, REGION
from verify_services import BUCKET, KEY, only_tls
from verify_spoiled import allow, to_all, with_policy

if TYPE_CHECKING:
    from airlock.verify.rule import Rule

DAGS = BUCKET.rpartition(":")[2]
HOLDERS = [
    ("buckets", DAGS, "s3:GetObject"),
    ("repositories", "airflow", "ecr:BatchGetImage"),
    ("queues", "airflow-dead", "sqs:SendMessage"),
    ("secrets", "airflow/database", "secretsmanager:GetSecretValue"),
]
TLS = only_tls("TlsOnly", "s3:*", BUCKET, f"{BUCKET}/*")


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", **more}


@pytest.mark.parametrize("rule", [*policies.RULES, *buckets.RULES, *files.RULES], ids=lambda rule: rule.code)
def test_a_clean_deployment_lets_nobody_else_in(rule: Any) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize(("kind", "name", "action"), HOLDERS)
def test_a_policy_for_anybody_is_found(kind: str, name: str, action: str) -> None:
    (one,) = found(OpenToAnybody(), with_policy(kind, name, to_all(action)))

    assert name in one.message
    assert action in one.evidence


@pytest.mark.parametrize(
    "statement",
    [
        to_all(Bool={"aws:SecureTransport": "true"}),
        to_all(StringLike={"aws:PrincipalOrgID": "*"}),
        to_all(StringEqualsIfExists={"aws:SourceVpce": "vpce-1"}),
        to_all(IpAddress={"aws:SourceIp": "0.0.0.0/0"}),
        to_all(IpAddress={"aws:SourceIp": ["10.0.0.0/8", "::/0"]}),
        to_all(StringNotEquals={"aws:SourceVpce": "vpce-1"}),
        to_all(StringLike={"aws:UserAgent": "airflow"}),
        {**allow("s3:GetObject"), "NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {**allow("s3:GetObject"), "Principal": {"AWS": ["*"]}},
    ],
)
def test_what_takes_nothing_away_leaves_a_policy_open(statement: dict[str, Any]) -> None:
    assert len(found(OpenToAnybody(), with_policy("buckets", DAGS, statement))) == 1


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringEquals": {"aws:SourceVpc": UNKNOWN}},
        {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    ],
)
def test_a_condition_on_who_or_from_where_closes_it(condition: dict[str, Any]) -> None:
    assert not found(OpenToAnybody(), with_policy("buckets", DAGS, to_all(**condition)))


@pytest.mark.parametrize(
    ("denial", "left"),
    [
        (deny(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), 0),
        (
            deny(
                Condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                }
            ),
            0,
        ),
        (deny(Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}}), 1),
        (deny(Condition={"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgPaths": "o-1/*"}}), 1),
        (deny(Action="s3:PutObject", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), 1),
        (deny(Resource=f"{BUCKET}/x/*", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), 1),
        (deny(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}), 1),
        (deny(Condition={"StringNotLike": {"aws:SourceVpce": "*"}}), 1),
        (
            deny(
                Condition={
                    "StringNotEquals": {"aws:SourceVpce": "v"},
                    "Bool": {"aws:SecureTransport": "false"},
                }
            ),
            1,
        ),
        (deny(Principal={"AWS": ACCOUNT}, Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), 1),
    ],
)
def test_a_deny_for_all_but_some_closes_what_it_covers(denial: dict[str, Any], left: int) -> None:
    assert len(found(OpenToAnybody(), with_policy("buckets", DAGS, to_all(), denial))) == left


@pytest.mark.parametrize(("kind", "name", "action"), HOLDERS)
def test_another_account_is_found(kind: str, name: str, action: str) -> None:
    statement = {**allow(action), "Principal": {"AWS": ["999999999999", f"arn:aws:iam::{ACCOUNT}:root"]}}

    (one,) = found(OtherAccount(), with_policy(kind, name, statement))

    assert one.message.startswith("another account, 999999999999, ")


def test_this_account_is_no_other() -> None:
    statement = {**allow("s3:GetObject"), "Principal": {"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/x"]}}

    assert not found(OtherAccount(), with_policy("buckets", DAGS, statement, to_all()))


def test_a_service_for_anybody_is_found_of_queues_and_of_keys() -> None:
    queue = with_policy(
        "queues", "airflow-dead", {**allow("sqs:*"), "Principal": {"Service": "sns.amazonaws.com"}}
    )
    logs = {**allow("kms:Decrypt"), "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}}

    assert len(found(ServiceForAnybody(), queue)) == 1
    assert len(found(ServiceForAnybody(), with_policy("keys", KEY, logs))) == 1


def test_a_service_for_this_account_or_one_source_is_not_found() -> None:
    served = {**allow("sqs:SendMessage"), "Principal": {"Service": "sns.amazonaws.com"}}
    account = {**served, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}
    source = {**served, "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:*"}}}

    assert not found(ServiceForAnybody(), with_policy("queues", "airflow-dead", account, source))


def test_a_bucket_without_versions_or_block_is_found() -> None:
    assert len(found(NotVersioned(), changed("buckets", DAGS, versioned=False))) == 1
    assert len(found(PublicAccess(), changed("buckets", DAGS, public_blocked=False))) == 1


@pytest.mark.parametrize(
    ("statement", "lacks"),
    [
        ({**TLS, "Effect": "Allow"}, "no statement denies"),
        ({**TLS, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "no statement denies"),
        ({**TLS, "Condition": {}}, "no statement denies"),
        ({**TLS, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}}, "no statement denies"),
        (
            {
                **TLS,
                "Condition": {
                    "Bool": {"aws:SecureTransport": "false"},
                    "StringEquals": {"aws:PrincipalAccount": ACCOUNT},
                },
            },
            "no statement denies",
        ),
        ({**TLS, "Action": "s3:GetObject"}, "only for s3:GetObject"),
        ({**TLS, "Resource": f"{BUCKET}/*"}, "not for the bucket itself"),
        ({**TLS, "Resource": BUCKET}, "not for its objects"),
        ({**TLS, "Resource": [BUCKET, f"{BUCKET}/dags/*"]}, "not for its objects"),
    ],
)
def test_a_bucket_that_answers_over_plain_http_is_found(statement: dict[str, Any], lacks: str) -> None:
    (one,) = found(WithoutTls(), with_policy("buckets", DAGS, statement))

    assert lacks in one.evidence


def test_a_bucket_without_a_policy_answers_over_plain_http() -> None:
    assert len(found(WithoutTls(), changed("buckets", DAGS, policy=None))) == 1


@pytest.mark.parametrize(
    "statements",
    [
        [{**TLS, "Resource": "*"}],
        [{**TLS, "Resource": f"{BUCKET}*"}],
        [{**TLS, "Action": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": ["false"]}}}],
        [{**TLS, "Resource": BUCKET}, {**TLS, "Resource": f"{BUCKET}/*"}],
        [{**TLS, "Resource": [UNKNOWN]}],
    ],
)
def test_other_ways_to_refuse_plain_http_do_as_well(statements: list[dict[str, Any]]) -> None:
    assert not found(WithoutTls(), with_policy("buckets", DAGS, *statements))


def test_a_file_system_without_a_policy_is_open_to_all_and_without_tls() -> None:
    inventory = changed("file_systems", "fs-1", policy=None)

    assert [one.evidence for one in found(Anonymous(), inventory)] == ["file system policy: none"]
    assert len(found(PlainNfs(), inventory)) == 1


@pytest.mark.parametrize(
    ("rule", "kind", "name"),
    [
        (WithoutTls(), "buckets", DAGS),
        (PlainNfs(), "file_systems", "fs-1"),
        (Anonymous(), "file_systems", "fs-1"),
    ],
)
def test_a_policy_that_a_plan_does_not_know_yet_is_not_missed(rule: Rule, kind: str, name: str) -> None:
    inventory = changed(kind, name, policy=None)

    assert len(found(rule, inventory)) == 1
    assert not found(rule, replace(inventory, unread=(Unread(kind, "its policy is known after apply"),)))


def test_a_file_systems_policy_that_asks_for_tls_only_where_it_allows_does_not_do() -> None:
    mount = to_all("elasticfilesystem:ClientMount", Bool={"aws:SecureTransport": "true"})

    assert len(found(PlainNfs(), with_policy("file_systems", "fs-1", mount))) == 1


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ({}, 1),
        ({"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}, 1),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, 1),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, 0),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/airflow-*"}}, 0),
    ],
)
def test_a_file_system_is_anonymous_where_no_condition_names_principals(
    condition: dict[str, Any], count: int
) -> None:
    inventory = with_policy("file_systems", "fs-1", to_all("elasticfilesystem:ClientMount", **condition))

    assert len(found(Anonymous(), inventory)) == count


@pytest.mark.parametrize(
    ("volume", "lacks"),
    [
        (Volume("dags", "fs-1", "fsap-1", encrypted=False, iam=True), "without TLS:"),
        (Volume("dags", "fs-1", "fsap-1", encrypted=True, iam=False), "without IAM:"),
        (Volume("dags", "fs-1", "", encrypted=True, iam=True), "without an access point:"),
        (Volume("dags", UNKNOWN), "without TLS and IAM and an access point:"),
    ],
)
def test_a_loose_volume_is_found_with_what_it_lacks(volume: Volume, lacks: str) -> None:
    (one,) = found(
        LooseVolume(), changed("task_definitions", "airflow-worker", volumes=(volume, Volume("tmp")))
    )

    assert lacks in one.message
    assert one.message.endswith("airflow-worker")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"path": "/"}, "leads to the root of the file system"),
        ({"uid": 0}, "acts as root"),
        ({"uid": None}, "acts as whatever user"),
        ({"path": "/", "uid": 0}, "leads to the root of the file system and acts as root"),
    ],
)
def test_a_loose_access_point_is_one_finding(values: dict[str, Any], says: str) -> None:
    (one,) = found(LooseAccessPoint(), changed("access_points", "fsap-1", **values))

    assert says in one.message
    assert one.place == named("access_points", "fsap-1").place
