"""Faults of what a deployment keeps: encryption, keys, buckets, files, the database, the registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeded.deployed import Deployed

_OTHER_KEY = "arn:aws:kms:eu-west-1:999999999999:key/fault"

# at rest


def _own_repository(one: Deployed) -> None:
    ecr = one.client("ecr")
    [old] = ecr.describe_repositories(repositoryNames=[one.repository])["repositories"]
    ecr.delete_repository(repositoryName=one.repository, force=True)
    kept = {key: old[key] for key in ("repositoryName", "imageTagMutability", "imageScanningConfiguration")}
    ecr.create_repository(**kept, encryptionConfiguration={"encryptionType": "AES256"})


def _database(one: Deployed, **changed: Any) -> None:
    """Make the database anew: what it is encrypted with cannot be changed."""
    rds = one.client("rds")
    [old] = rds.describe_db_instances()["DBInstances"]
    name = old["DBInstanceIdentifier"]
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    same = (
        "DBInstanceIdentifier", "DBInstanceClass", "Engine", "EngineVersion", "AllocatedStorage", "MasterUsername",
        "MultiAZ", "BackupRetentionPeriod", "PubliclyAccessible", "StorageEncrypted", "KmsKeyId",
    )  # fmt: skip
    made = {key: old[key] for key in same if key in old} | changed
    rds.create_db_instance(
        **{key: value for key, value in made.items() if value is not None},
        ManageMasterUserPassword=True,
        DBSubnetGroupName=old["DBSubnetGroup"]["DBSubnetGroupName"],
        DBParameterGroupName=old["DBParameterGroups"][0]["DBParameterGroupName"],
        VpcSecurityGroupIds=[group["VpcSecurityGroupId"] for group in old["VpcSecurityGroups"]],
        EnableCloudwatchLogsExports=old.get("EnabledCloudwatchLogsExports", []),
    )


def _file_system(one: Deployed) -> str:
    """Return the file system of DAGs."""
    [told] = one.client("efs").describe_file_systems()["FileSystems"]
    return str(told["FileSystemId"])


def _plain_files(one: Deployed) -> None:
    """Make one more, which has an interface in a subnet: the old one is mounted by every task."""
    efs = one.client("efs")
    made = efs.create_file_system(CreationToken="fault", Encrypted=False)["FileSystemId"]
    efs.create_mount_target(FileSystemId=made, SubnetId=one.subnet)


def _log_groups(one: Deployed, beginning: str) -> None:
    logs = one.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix=beginning)["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
        logs.create_log_group(logGroupName=group["logGroupName"])


def _secrets(one: Deployed) -> None:
    secrets = one.client("secretsmanager")
    for old in secrets.list_secrets()["SecretList"]:
        if not old["Name"].startswith("rds!"):
            secrets.update_secret(SecretId=old["ARN"], KmsKeyId="alias/aws/secretsmanager", SecretString="x")


# the key


def _statement(policy: Any, sid: str) -> Any:
    return next(each for each in policy["Statement"] if each.get("Sid") == sid)


def _anybody_uses(policy: Any) -> None:
    statement = _statement(policy, "UseThroughServices")
    statement.update(Principal={"AWS": "*"}, Condition={})
    del statement["Condition"]


def _account_may_all(policy: Any) -> None:
    statement = _statement(policy, "Administration")
    statement.update(Principal={"AWS": "arn:aws:iam::123456789012:root"}, Action="kms:*")


def _not_logs(policy: Any) -> None:
    _statement(policy, "CloudWatchLogs").update(Principal={"Service": "events.eu-west-1.amazonaws.com"})


# buckets, files, database, registry


def _unversioned(one: Deployed) -> None:
    for bucket in one.buckets:
        one.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def _unblocked(one: Deployed) -> None:
    blocks = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    for bucket in one.buckets:
        one.client("s3").put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration={**blocks, "BlockPublicPolicy": False}
        )


def _by_http(policy: Any, _: str) -> None:
    _statement(policy, "TlsAlone")["Condition"]["Bool"]["aws:SecureTransport"] = "true"


def _objects_by_http(policy: Any, bucket: str) -> None:
    _statement(policy, "TlsAlone").update(Resource=f"arn:aws:s3:::{bucket}")


def _reads(principal: Any) -> Callable[[Any, str], None]:
    def change(policy: Any, bucket: str) -> None:
        statement = {"Sid": "Fault", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"}
        policy["Statement"].append({**statement, "Resource": f"arn:aws:s3:::{bucket}/*"})

    return change


def _files(one: Deployed, change: Callable[[Any], Any]) -> None:
    """Change the policy of the file system."""
    efs, identifier = one.client("efs"), _file_system(one)
    policy = json.loads(efs.describe_file_system_policy(FileSystemId=identifier)["Policy"])
    change(policy)
    efs.put_file_system_policy(FileSystemId=identifier, Policy=json.dumps(policy))


def _no_tls(policy: Any) -> None:
    policy["Statement"].remove(_statement(policy, "TlsAlone"))


def _anybody_mounts(policy: Any) -> None:
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow":
            statement["Principal"] = {"AWS": "*"}


def _as_root(one: Deployed) -> None:
    one.client("efs").create_access_point(
        ClientToken="fault",
        FileSystemId=_file_system(one),
        PosixUser={"Uid": 0, "Gid": 0},
        RootDirectory={"Path": "/fault"},
    )


def _without_tls(one: Deployed) -> None:
    rds = one.client("rds")
    [old] = rds.describe_db_instances()["DBInstances"]
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(
        DBParameterGroupName=old["DBParameterGroups"][0]["DBParameterGroupName"], Parameters=[parameter]
    )


def _modified(one: Deployed, **changed: Any) -> None:
    rds = one.client("rds")
    [old] = rds.describe_db_instances()["DBInstances"]
    rds.modify_db_instance(DBInstanceIdentifier=old["DBInstanceIdentifier"], ApplyImmediately=True, **changed)


SPOILED: dict[str, Callable[[Deployed], Any]] = {
    "buckets encrypted by S3's own key": lambda one: one.bucket_encryption(SSEAlgorithm="AES256"),
    "buckets encrypted by AWS's key for S3": lambda one: one.bucket_encryption(SSEAlgorithm="aws:kms"),
    "a bucket encrypted by a key of another account": lambda one: one.bucket_encryption(
        SSEAlgorithm="aws:kms", KMSMasterKeyID=_OTHER_KEY
    ),
    "a repository encrypted by ECR's own key": _own_repository,
    "a database that is not encrypted": lambda one: _database(one, StorageEncrypted=False, KmsKeyId=None),
    "a file system that is not encrypted": _plain_files,
    "log groups without the key": lambda one: _log_groups(one, "/airflow"),
    "flow logs without the key": lambda one: _log_groups(one, _flow_logs(one)),
    "secrets encrypted by AWS's key": _secrets,
    "a key that is never rotated": lambda one: one.client("kms").disable_key_rotation(
        KeyId=one.outputs["key_arn"]
    ),
    "a key that anybody may use": lambda one: one.key_policy(_anybody_uses),
    "a key's policy that allows the whole account everything": lambda one: one.key_policy(_account_may_all),
    "a key's policy that shuts CloudWatch Logs out": lambda one: one.key_policy(_not_logs),
    "buckets without versions": _unversioned,
    "buckets whose public access is not blocked": _unblocked,
    "buckets that are reached over plain HTTP": lambda one: one.bucket_policy(_by_http),
    "buckets whose objects are reached over plain HTTP": lambda one: one.bucket_policy(_objects_by_http),
    "buckets that anybody may read": lambda one: one.bucket_policy(_reads("*")),
    "a bucket that another account may read": lambda one: one.bucket_policy(
        _reads({"AWS": "arn:aws:iam::999999999999:root"})
    ),
    "a file system that is mounted without TLS": lambda one: _files(one, _no_tls),
    "a file system that anybody may mount": lambda one: _files(one, _anybody_mounts),
    "an access point as root": _as_root,
    "a database with a public address": lambda one: _modified(one, PubliclyAccessible=True),
    "a database that takes connections without TLS": _without_tls,
    "a database without backups": lambda one: _modified(one, BackupRetentionPeriod=0),
    "mutable tags": lambda one: one.client("ecr").put_image_tag_mutability(
        repositoryName=one.repository, imageTagMutability="MUTABLE"
    ),
    "images that nobody scans": lambda one: one.client("ecr").put_image_scanning_configuration(
        repositoryName=one.repository, imageScanningConfiguration={"scanOnPush": False}
    ),
}


def _flow_logs(one: Deployed) -> str:
    destination = one.ec2.describe_flow_logs()["FlowLogs"][0]["LogDestination"]
    return str(destination.split(":log-group:")[1].removesuffix(":*"))
