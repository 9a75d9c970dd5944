"""Rules on encryption at rest and on keys."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.verify.network import UNKNOWN
from airlock.verify.rules import encryption, keys
from airlock.verify.rules.encryption import KeyOfAws, Unencrypted, UnknownKey
from airlock.verify.rules.keys import NoRotation, OpenKey, ShutOut, WholeKey
from airlock.verify.services import Encryption, LogGroup
from airlock_spec.check.finding import Severity
from verify_inventory import added, changed, clean, found, without
from verify_network import ACCOUNT, REGION, at
from verify_services import KEY
from verify_spoiled import to_all, unread, with_policy

OFF, AWS = Encryption(on=False), Encryption(on=True)
KEPT = [
    ("buckets", f"airflow-dags-{ACCOUNT}"),
    ("repositories", "airflow"),
    ("file_systems", "fs-1"),
    ("databases", "airflow"),
    ("caches", "airflow"),
    ("queues", "airflow-dead"),
    ("secrets", "airflow/database"),
    ("log_groups", "/airflow/tasks"),
]
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
WHOLE = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}


@pytest.mark.parametrize(("kind", "name"), KEPT)
def test_what_is_not_encrypted_is_found_once_and_not_as_by_a_key_of_aws(kind: str, name: str) -> None:
    inventory = changed(kind, name, encryption=OFF)

    (one,) = found(Unencrypted(), inventory)

    assert name in one.message
    assert not found(KeyOfAws(), inventory)


@pytest.mark.parametrize("key", ["", "alias/aws/rds", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3"])
@pytest.mark.parametrize(("kind", "name"), KEPT)
def test_what_is_encrypted_by_a_key_of_aws_is_found_once(kind: str, name: str, key: str) -> None:
    inventory = changed(kind, name, encryption=Encryption(on=True, key=key))

    (one,) = found(KeyOfAws(), inventory)

    assert name in one.message
    assert one.evidence.endswith(key or "none")
    assert not found(Unencrypted(), inventory)
    assert not found(UnknownKey(), inventory)


def test_what_one_block_makes_is_one_finding() -> None:
    groups = [LogGroup(at(f'aws_cloudwatch_log_group.more["{one}"]'), f"/airflow/{one}", AWS) for one in "ab"]

    (one,) = found(KeyOfAws(), added("log_groups", *groups))

    assert one.message.endswith("the log group /airflow/a, the log group /airflow/b")


def test_a_key_that_is_none_of_the_deployments_is_one_finding_for_all_that_name_it() -> None:
    strange = Encryption(on=True, key=KEY.replace("1111", "9999"))
    inventory = changed(
        "caches", "airflow", changed("databases", "airflow", encryption=strange), encryption=strange
    )

    (one,) = found(UnknownKey(), inventory)

    assert one.severity is None
    assert UnknownKey.severity is Severity.WARNING
    assert one.message.endswith("the database airflow, the cache airflow")


@pytest.mark.parametrize(
    "key", ["alias/airflow", KEY.rpartition("/")[2], f"{KEY.rpartition(':')[0]}:alias/airflow"]
)
def test_a_key_may_be_named_by_its_alias_or_id(key: str) -> None:
    inventory = changed("queues", "airflow-dead", encryption=Encryption(on=True, key=key))

    assert not [one for rule in encryption.RULES for one in found(rule, inventory)]


def test_a_key_of_which_only_the_id_is_known_may_be_named_by_its_arn() -> None:
    assert not found(UnknownKey(), changed("keys", KEY, names=(KEY.rpartition("/")[2],)))


def test_a_key_that_a_plan_does_not_know_is_not_called_strange() -> None:
    assert not found(UnknownKey(), changed("caches", "airflow", encryption=Encryption(on=True, key=UNKNOWN)))


def test_where_keys_could_not_be_read_none_is_called_strange() -> None:
    assert not found(UnknownKey(), unread("keys"))
    assert found(UnknownKey(), without("keys", KEY))


def test_a_key_without_rotation_is_found() -> None:
    (one,) = found(NoRotation(), changed("keys", KEY, rotates=False))

    assert one.message == "the key alias/airflow is not rotated"


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
        {"StringLike": {"kms:CallerAccount": "*"}},
        {"StringEqualsIfExists": {"kms:CallerAccount": ACCOUNT}},
        {"StringNotEquals": {"kms:CallerAccount": ACCOUNT}},
        {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/airflow"}},
    ],
)
def test_a_key_for_anybody_is_found_also_where_a_condition_takes_nothing_away(
    condition: dict[str, Any],
) -> None:
    (one,) = found(OpenKey(), with_policy("keys", KEY, to_all("kms:Decrypt", **condition)))

    assert "lets anybody use it" in one.message


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "s3"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/airflow-*"}},
        {"StringEquals": {"kms:CallerAccount": UNKNOWN}},
    ],
)
def test_a_key_for_all_of_the_account_or_organization_is_not_open(condition: dict[str, Any]) -> None:
    assert not found(OpenKey(), with_policy("keys", KEY, to_all("kms:Decrypt", **condition)))


def test_another_account_in_a_keys_policy_is_found_by_name_or_by_condition() -> None:
    other = "arn:aws:iam::999999999999:root"
    named = with_policy("keys", KEY, {**WHOLE, "Principal": {"AWS": other}, "Action": "kms:Decrypt"})
    through = with_policy(
        "keys", KEY, to_all("kms:Decrypt", StringEquals={"kms:CallerAccount": "999999999999"})
    )

    assert ["999999999999" in one.message for one in found(OpenKey(), named)] == [True]
    assert ["999999999999" in one.message for one in found(OpenKey(), through)] == [True]


@pytest.mark.parametrize("action", ["kms:*", "*", "kms:**", "k*:*"])
@pytest.mark.parametrize(
    "principal", [{"AWS": f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"}, {"Service": "ecs.amazonaws.com"}]
)
def test_everything_for_a_role_of_tasks_or_a_service_is_an_error(
    action: str, principal: dict[str, str]
) -> None:
    inventory = with_policy("keys", KEY, {**WHOLE, "Principal": principal, "Action": action})

    (one,) = found(WholeKey(), inventory)

    assert one.severity is None
    assert next(iter(principal.values())) in one.evidence


def test_everything_for_the_account_is_information() -> None:
    assert [one.severity for one in found(WholeKey(), with_policy("keys", KEY, WHOLE))] == [Severity.INFO]


@pytest.mark.parametrize(
    "statement",
    [
        {**WHOLE, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/key-administrators"}},
        {**WHOLE, "Action": ["kms:Put*", "kms:Describe*"]},
        {**WHOLE, "Condition": {"ArnEquals": {"aws:PrincipalArn": ROOT["AWS"]}}},
        {**WHOLE, "Effect": "Deny"},
    ],
)
def test_administration_is_not_everything(statement: dict[str, Any]) -> None:
    assert not found(WholeKey(), with_policy("keys", KEY, statement))


def test_each_service_that_the_keys_policy_shuts_out_is_found_once() -> None:
    inventory = with_policy("keys", KEY, {**WHOLE, "Action": "kms:DescribeKey"})

    services = {one.message.split(" lets ")[1].split(".")[0] for one in found(ShutOut(), inventory)}

    assert services == {
        "ecr",
        "elasticache",
        "elasticfilesystem",
        "logs",
        "rds",
        "s3",
        "secretsmanager",
        "sqs",
    }


def test_the_account_alone_does_not_let_cloudwatch_logs_in() -> None:
    (one,) = found(ShutOut(), with_policy("keys", KEY, WHOLE))

    assert f"lets logs.{REGION}.amazonaws.com not use it" in one.message


@pytest.mark.parametrize("pattern", ["*.amazonaws.com", f"*.{REGION}.amazonaws.com", UNKNOWN])
def test_a_pattern_of_services_lets_them_in(pattern: str) -> None:
    through = {**WHOLE, "Condition": {"StringLike": {"kms:ViaService": pattern}}}
    logs = {**WHOLE, "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}}

    assert not found(ShutOut(), with_policy("keys", KEY, through, logs))


@pytest.mark.parametrize("rule", [*encryption.RULES, *keys.RULES], ids=lambda rule: rule.code)
def test_a_clean_deployment_is_encrypted_by_its_own_key(rule: Any) -> None:
    assert not found(rule, clean())


def test_a_key_whose_policy_is_not_known_shuts_nobody_out() -> None:
    assert not found(ShutOut(), changed("keys", KEY, policy=None))
