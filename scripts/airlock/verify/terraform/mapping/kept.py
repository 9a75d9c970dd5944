"""Keys, and what keeps something: buckets, images, file systems, databases, caches, queues, secrets, logs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.verify import services as run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.services import Encryption
    from airlock.verify.terraform.mapping.model import Model
    from airlock.verify.terraform.state import Resource

_KEYS = ("aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key")
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def keys(model: Model) -> Iterator[run.Key]:
    for one in (*model.of(*_KEYS), *model.looked_up("aws_kms_key")):
        aliases = [
            each for each in model.of("aws_kms_alias") if _is_of(model, each.text("target_key_id"), one)
        ]
        names = [one.text("arn"), one.text("id"), one.text("key_id")]
        for each in aliases:
            names += [each.text("name"), each.text("arn"), each.text("id"), each.text("target_key_arn")]
        rotates = one.flag("enable_key_rotation")
        policy = model.policy_of(one, "keys", "aws_kms_key_policy", "key_id")
        given = dict.fromkeys(name for name in (*names, one.address) if name)
        yield run.Key(model.place(one), tuple(given), policy, rotates)


def _is_of(model: Model, name: str, key: Resource) -> bool:
    return model.named(name, key.type) is key


def buckets(model: Model) -> Iterator[run.Bucket]:
    for one in model.of("aws_s3_bucket"):
        blocked = model.beside(one, "aws_s3_bucket_public_access_block", "bucket")
        yield run.Bucket(
            model.place(one),
            one.called("bucket"),
            _bucket_encryption(model, one),
            _is_versioned(model, one),
            any(all(each.flag(key) for key in _BLOCKS) for each in blocked),
            model.policy_of(one, "buckets", "aws_s3_bucket_policy", "bucket"),
        )


def _is_versioned(model: Model, bucket: Resource) -> bool:
    for one in model.beside(bucket, "aws_s3_bucket_versioning", "bucket"):
        return one.block("versioning_configuration").flag("status")
    return bucket.block("versioning").flag("enabled")


def _bucket_encryption(model: Model, bucket: Resource) -> Encryption:
    """Return how a bucket encrypts; S3 does it always, with a key of its own where nothing is said."""
    kind = "aws_s3_bucket_server_side_encryption_configuration"
    apart = next(model.beside(bucket, kind, "bucket"), None)
    rule = (apart or bucket.block("server_side_encryption_configuration")).block("rule")
    default = rule.block("apply_server_side_encryption_by_default")
    by_kms = default.text("sse_algorithm").startswith("aws:kms")
    return model.encryption(default.text("kms_master_key_id") if by_kms else "", on=True)


def repositories(model: Model) -> Iterator[run.Repository]:
    scanned = [
        each.text("filter")
        for one in model.of("aws_ecr_registry_scanning_configuration")
        for rule in one.blocks("rule")
        if rule.text("scan_frequency") != "MANUAL"
        for each in rule.blocks("repository_filter")
    ]
    for one in model.of("aws_ecr_repository"):
        name = one.called("name")
        scans = one.block("image_scanning_configuration").flag("scan_on_push")
        excluded = (each.text("filter") for each in one.blocks("image_tag_mutability_exclusion_filter"))
        yield run.Repository(
            model.place(one),
            name,
            model.encryption(one.block("encryption_configuration").text("kms_key"), on=True),
            one.text("image_tag_mutability") or "MUTABLE",
            tuple(excluded),
            scans or any(fnmatchcase(name, pattern) for pattern in scanned),
            model.policy_of(one, "repositories", "aws_ecr_repository_policy", "repository"),
        )


def file_systems(model: Model) -> Iterator[run.FileSystem]:
    for one in model.of("aws_efs_file_system"):
        encryption = model.encryption(one.text("kms_key_id"), on=one.flag("encrypted"))
        policy = model.policy_of(one, "file_systems", "aws_efs_file_system_policy", "file_system_id")
        yield run.FileSystem(model.place(one), one.called("id"), encryption, policy)


def mount_targets(model: Model) -> Iterator[run.MountTarget]:
    for one in model.of("aws_efs_mount_target"):
        subnet = one.text("subnet_id")
        groups = one.texts("security_groups") or model.default_group(model.vpc_of([subnet]))
        yield run.MountTarget(model.place(one), one.text("file_system_id"), subnet, groups)


def access_points(model: Model) -> Iterator[run.AccessPoint]:
    for one in model.of("aws_efs_access_point"):
        user = one.block("posix_user")
        path = one.block("root_directory").text("path") or "/"
        uid = user.number("uid") if user else None
        yield run.AccessPoint(model.place(one), one.called("id"), one.text("file_system_id"), path, uid)


def queues(model: Model) -> Iterator[run.Queue]:
    for one in model.of("aws_sqs_queue"):
        key = one.text("kms_master_key_id")
        encryption = model.encryption(key, on=bool(key) or one.flag("sqs_managed_sse_enabled"))
        policy = model.policy_of(one, "queues", "aws_sqs_queue_policy", "queue_url")
        yield run.Queue(model.place(one), one.called("name"), encryption, policy)


def secrets(model: Model) -> Iterator[run.Secret]:
    """Give secrets: those made, and those that RDS keeps a master password in."""
    for one in model.of("aws_secretsmanager_secret"):
        yield run.Secret(
            model.place(one),
            one.called("name"),
            one.called("arn", "id"),
            model.encryption(one.text("kms_key_id"), on=True),
            model.policy_of(one, "secrets", "aws_secretsmanager_secret_policy", "secret_arn"),
        )
    for one in model.of("aws_db_instance", "aws_rds_cluster"):
        arn = one.block("master_user_secret").text("secret_arn")
        if one.flag("manage_master_user_password") and arn:
            encryption = model.encryption(one.text("master_user_secret_kms_key_id"), on=True)
            yield run.Secret(model.place(one), f"{one.address} master_user_secret", arn, encryption)


def log_groups(model: Model) -> Iterator[run.LogGroup]:
    for one in model.of("aws_cloudwatch_log_group"):
        encryption = model.encryption(one.text("kms_key_id"), on=True)
        yield run.LogGroup(model.place(one), one.called("name"), encryption, one.number("retention_in_days"))
