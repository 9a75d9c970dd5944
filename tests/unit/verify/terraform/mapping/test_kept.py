from __future__ import annotations

import json

import pytest

from airlock.verify.services import Encryption
from airlock.verify.terraform.mapping import databases, kept
from terraform_states import model

KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "x:y", "Resource": "*", "Principal": "*"}]})


def test_a_key_has_the_names_of_its_aliases_and_the_policy_beside_it() -> None:
    found = model(
        aws_kms_key__k={"arn": KEY, "key_id": "k", "enable_key_rotation": True},
        aws_kms_alias__a={"name": "alias/airflow", "arn": "arn:alias", "target_key_id": "k"},
        aws_kms_alias__other={"name": "alias/other", "target_key_id": "another"},
        aws_kms_key_policy__p={"key_id": KEY, "policy": POLICY},
    )
    [key] = kept.keys(found)
    assert {KEY, "k", "alias/airflow", "arn:alias"} <= set(key.names)
    assert "alias/other" not in key.names
    assert key.rotates
    assert key.policy
    assert key.policy.place.resource == "aws_kms_key_policy.p"


def test_awss_own_keys_are_no_keys_of_the_customer() -> None:
    found = model(
        data__aws_kms_alias__s3={
            "name": "alias/aws/s3",
            "target_key_arn": "arn:aws:kms:eu-west-1:1:key/theirs",
        },
        data__aws_kms_alias__ours={"name": "alias/ours", "target_key_arn": KEY},
    )
    keys = (
        "alias/aws/sqs",
        "arn:aws:kms:eu-west-1:1:alias/aws/s3",
        "arn:aws:kms:eu-west-1:1:key/theirs",
        KEY,
    )
    assert [found.encryption(one, on=True).key for one in keys] == ["", "", "", KEY]


def test_a_bucket_is_completed_by_the_resources_beside_it() -> None:
    rule = {
        "apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms", "kms_master_key_id": KEY}]
    }
    blocks = {"block_public_acls": True, "block_public_policy": True, "ignore_public_acls": True}
    found = model(
        aws_s3_bucket__b={"id": "made-up", "bucket": "dags"},
        aws_s3_bucket_server_side_encryption_configuration__b={"bucket": "dags", "rule": [rule]},
        aws_s3_bucket_versioning__b={
            "bucket": "made-up",
            "versioning_configuration": [{"status": "Enabled"}],
        },
        aws_s3_bucket_public_access_block__b={"bucket": "made-up", "restrict_public_buckets": True, **blocks},
        aws_s3_bucket_policy__b={"bucket": "dags", "policy": POLICY},
        aws_s3_bucket__plain={"bucket": "plain"},
        aws_s3_bucket_public_access_block__plain={
            "bucket": "plain",
            "restrict_public_buckets": False,
            **blocks,
        },
        aws_s3_bucket_versioning__plain={
            "bucket": "plain",
            "versioning_configuration": [{"status": "Suspended"}],
        },
    )
    ours, plain = kept.buckets(found)
    assert (ours.name, ours.encryption, ours.versioned, ours.public_blocked) == (
        "dags",
        Encryption(on=True, key=KEY),
        True,
        True,
    )
    assert ours.policy
    assert (plain.encryption, plain.versioned, plain.public_blocked) == (Encryption(on=True), False, False)
    assert plain.policy is None


def test_a_repository_scans_by_itself_or_by_its_registrys_rule() -> None:
    found = model(
        aws_ecr_repository__a={
            "name": "airflow", "image_tag_mutability": "IMMUTABLE",
            "encryption_configuration": [{"encryption_type": "KMS", "kms_key": KEY}],
        },
        aws_ecr_repository__b={"name": "other", "image_scanning_configuration": [{"scan_on_push": True}]},
        aws_ecr_repository__c={"name": "third"},
        aws_ecr_registry_scanning_configuration__r={
            "rule": [{"scan_frequency": "SCAN_ON_PUSH", "repository_filter": [{"filter": "air*"}]}],
        },
    )  # fmt: skip
    assert [(one.name, one.scans, one.mutability) for one in kept.repositories(found)] == [
        ("airflow", True, "IMMUTABLE"),
        ("other", True, "MUTABLE"),
        ("third", False, "MUTABLE"),
    ]
    assert next(kept.repositories(found)).encryption.key == KEY


def test_a_file_system_and_what_reaches_it() -> None:
    found = model(
        aws_vpc__v={"id": "vpc-1", "default_security_group_id": "sg-d"},
        aws_subnet__s={"id": "subnet-1", "vpc_id": "vpc-1"},
        aws_efs_file_system__f={"id": "fs-1", "encrypted": True, "kms_key_id": KEY},
        aws_efs_file_system_policy__f={"file_system_id": "fs-1", "policy": POLICY},
        aws_efs_mount_target__m={"file_system_id": "fs-1", "subnet_id": "subnet-1"},
        aws_efs_access_point__a={
            "id": "fsap-1", "file_system_id": "fs-1", "posix_user": [{"uid": 50000}],
            "root_directory": [{"path": "/dags"}],
        },
    )  # fmt: skip
    [system] = kept.file_systems(found)
    assert (system.encryption, bool(system.policy)) == (Encryption(on=True, key=KEY), True)
    assert [(one.file_system, one.groups) for one in kept.mount_targets(found)] == [("fs-1", ("sg-d",))]
    assert [(one.path, one.uid) for one in kept.access_points(found)] == [("/dags", 50000)]


@pytest.mark.parametrize(
    ("values", "encryption"),
    [
        ({"kms_master_key_id": KEY}, Encryption(on=True, key=KEY)),
        ({"sqs_managed_sse_enabled": True}, Encryption(on=True)),
        ({"sqs_managed_sse_enabled": False}, Encryption(on=False)),
    ],
)
def test_a_queue_is_encrypted_by_a_key_by_sqs_or_not(
    values: dict[str, object], encryption: Encryption
) -> None:
    assert [one.encryption for one in kept.queues(model(aws_sqs_queue__q=values))] == [encryption]


def test_the_secret_that_rds_makes_is_among_the_secrets() -> None:
    made = [{"secret_arn": "arn:rds-secret"}]
    found = model(
        aws_secretsmanager_secret__s={"id": "x", "arn": "arn:secret", "name": "fernet", "kms_key_id": KEY},
        aws_secretsmanager_secret_policy__s={"secret_arn": "arn:secret", "policy": POLICY},
        aws_db_instance__managed={
            "manage_master_user_password": True, "master_user_secret": made, "master_user_secret_kms_key_id": KEY,
        },
        aws_db_instance__unmanaged={"master_user_secret": made},
    )  # fmt: skip
    assert [(one.arn, one.encryption.key, bool(one.policy)) for one in kept.secrets(found)] == [
        ("arn:secret", KEY, True),
        ("arn:rds-secret", KEY, False),
    ]


def test_a_log_group_keeps_for_ever_unless_it_says_otherwise() -> None:
    found = model(
        aws_cloudwatch_log_group__a={"name": "a", "retention_in_days": 30, "kms_key_id": KEY},
        aws_cloudwatch_log_group__b={"name": "b"},
    )
    assert [(one.retention, one.encryption.key) for one in kept.log_groups(found)] == [(30, KEY), (0, "")]


def test_a_database_has_the_subnets_of_its_group_and_the_parameter_that_forces_tls() -> None:
    found = model(
        aws_db_subnet_group__g={"name": "made-up", "subnet_ids": ["subnet-1", "subnet-2"]},
        aws_db_parameter_group__p={"name": "pg", "parameter": [{"name": "rds.force_ssl", "value": "1"}]},
        aws_db_instance__d={
            "identifier": "airflow", "engine": "postgres", "port": 0, "storage_encrypted": True, "kms_key_id": KEY,
            "db_subnet_group_name": "made-up", "parameter_group_name": "pg", "vpc_security_group_ids": ["sg-1"],
            "multi_az": True, "backup_retention_period": 7, "deletion_protection": True, "publicly_accessible": True,
        },
    )  # fmt: skip
    [one] = databases.databases(found)
    assert (one.id, one.port, one.subnets, one.groups) == (
        "airflow",
        5432,
        ("subnet-1", "subnet-2"),
        ("sg-1",),
    )
    assert (one.forces_tls, one.zones, one.backup_days, one.protected, one.public) == (True, 2, 7, True, True)
    assert one.encryption == Encryption(on=True, key=KEY)


@pytest.mark.parametrize(
    ("parameters", "forces"), [([], None), ([{"name": "rds.force_ssl", "value": "0"}], False)]
)
def test_whether_tls_is_forced_is_not_known_where_no_parameter_says(
    parameters: list[dict[str, str]],
    forces: object,
) -> None:
    found = model(
        aws_db_parameter_group__p={"name": "pg", "parameter": parameters},
        aws_db_instance__d={"engine": "postgres", "parameter_group_name": "pg"},
    )
    assert [one.forces_tls for one in databases.databases(found)] == [forces]


def test_a_cluster_of_databases_is_public_when_one_of_its_instances_is() -> None:
    found = model(
        aws_rds_cluster__c={"id": "c", "cluster_identifier": "airflow", "engine": "aurora-postgresql"},
        aws_rds_cluster_instance__a={"cluster_identifier": "c", "publicly_accessible": False},
        aws_rds_cluster_instance__b={"cluster_identifier": "airflow", "publicly_accessible": True},
    )
    assert [(one.id, one.public, one.zones) for one in databases.databases(found)] == [("airflow", True, 2)]


def test_caches_of_all_kinds() -> None:
    found = model(
        aws_elasticache_subnet_group__g={"name": "g", "subnet_ids": ["subnet-1"]},
        aws_elasticache_replication_group__r={
            "replication_group_id": "r", "at_rest_encryption_enabled": "true", "transit_encryption_enabled": True,
            "subnet_group_name": "g", "security_group_ids": ["sg-1"], "kms_key_id": KEY, "port": 6380,
        },
        aws_elasticache_cluster__c={"cluster_id": "c"},
        aws_elasticache_cluster__member={"cluster_id": "m", "replication_group_id": "r"},
        aws_elasticache_serverless_cache__s={"name": "s", "subnet_ids": ["subnet-2"]},
    )  # fmt: skip
    assert [(one.id, one.encryption, one.tls, one.port, one.subnets) for one in databases.caches(found)] == [
        ("r", Encryption(on=True, key=KEY), True, 6380, ("subnet-1",)),
        ("c", Encryption(on=False), False, 6379, ()),
        ("s", Encryption(on=True), True, 6379, ("subnet-2",)),
    ]
