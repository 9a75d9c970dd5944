"""Buckets, repositories, secrets and log groups that a deployment names."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from airlock.errors import AwsError
from airlock.verify.account import calls
from airlock.verify.account.reading import Job, document
from airlock.verify.network import Place
from airlock.verify.services import Bucket, Encryption, LogGroup, Repository, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.account import scope
    from airlock.verify.account.api import Api
    from airlock.verify.account.where import Where

_PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def jobs(api: Api, where: Where, named: scope.Named) -> Iterator[Job]:
    """Give what is read by name."""
    for bucket in named.buckets:
        yield Job("buckets", partial(_bucket, api, where, bucket))
    for repository in named.repositories:
        yield Job("repositories", partial(_repository, api, where, repository))
    for arn in named.secrets:
        yield Job("secrets", partial(_secret, api, arn))
    for prefix in named.secret_prefixes:
        yield Job("secrets", partial(_secrets_below, api, prefix))
    for group in named.log_groups:
        yield Job("log_groups", partial(_log_group, api, group))


def _bucket(api: Api, where: Where, name: str) -> Iterator[Bucket]:
    place = Place(f"arn:{where.partition}:s3:::{name}")
    told = api.one(calls.ENCRYPTION, name, Bucket=name)
    rules = told.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    defaults = [
        one["ApplyServerSideEncryptionByDefault"]
        for one in rules
        if "ApplyServerSideEncryptionByDefault" in one
    ]
    block = api.one(calls.PUBLIC_BLOCK, name, Bucket=name).get("PublicAccessBlockConfiguration", {})
    yield Bucket(
        place=place,
        name=name,
        encryption=Encryption(bool(defaults), next((one.get("KMSMasterKeyID", "") for one in defaults), "")),
        versioned=api.one(calls.VERSIONING, name, Bucket=name).get("Status") == "Enabled",
        public_blocked=all(block.get(one) for one in _PUBLIC),
        policy=document(place, name, api.one(calls.BUCKET_POLICY, name, Bucket=name).get("Policy")),
    )


def _repository(api: Api, where: Where, named: scope.Repository) -> Iterator[Repository]:
    if named.region != where.region:
        raise AwsError(
            f"repository {named.name} is in another region, {named.region}",
            cause="the endpoints of this region do not lead to it",
        )
    request = {"registryId": named.account, "repositoryName": named.name}
    listed = api.all(calls.REPOSITORIES, named.name, registryId=named.account, repositoryNames=[named.name])
    for one in listed:
        place = Place(one["repositoryArn"])
        encryption = one.get("encryptionConfiguration", {})
        flag = one.get("imageScanningConfiguration", {}).get("scanOnPush")
        told = api.one(calls.REPOSITORY_POLICY, named.name, **request)
        yield Repository(
            place=place,
            name=one["repositoryName"],
            # ECR encrypts all there is: with a key of S3's, AES256, or with one of KMS's
            encryption=Encryption(True, encryption.get("kmsKey", "")),  # noqa: FBT003 - the dataclass's field
            mutability=one.get("imageTagMutability", "MUTABLE"),
            excluded=tuple(entry["filter"] for entry in one.get("imageTagMutabilityExclusionFilters", [])),
            scans=bool(flag) or _scanned_by_registry(api, named.name),
            policy=document(place, named.name, told.get("policyText")),
        )


def _scanned_by_registry(api: Api, name: str) -> bool:
    """Tell whether a rule of the registry has a repository scanned, as enhanced scanning has it."""
    rules = api.one(calls.SCANNING).get("scanningConfiguration", {}).get("rules", [])
    filters = (
        entry["filter"]
        for rule in rules
        if rule.get("scanFrequency") != "MANUAL"
        for entry in rule.get("repositoryFilters", [])
    )
    # a pattern without a wildcard is one with a wildcard at both ends
    return any(fnmatchcase(name, one if "*" in one else f"*{one}*") for one in filters)


def _secret(api: Api, arn: str) -> Iterator[Secret]:
    yield _of_secret(api, api.one(calls.SECRET, arn, SecretId=arn))


def _secrets_below(api: Api, prefix: str) -> Iterator[Secret]:
    filters = [{"Key": "name", "Values": [prefix]}]
    for one in api.all(calls.SECRET_NAMES, prefix, Filters=filters):
        if one["Name"].startswith(prefix):
            yield _of_secret(api, one)


def _of_secret(api: Api, told: Mapping[str, Any]) -> Secret:
    place = Place(told["ARN"])
    policy = api.one(calls.SECRET_POLICY, told["Name"], SecretId=told["ARN"]).get("ResourcePolicy")
    return Secret(
        place=place,
        name=told["Name"],
        arn=told["ARN"],
        encryption=Encryption(True, told.get("KmsKeyId", "")),  # noqa: FBT003 - as above
        policy=document(place, told["Name"], policy),
    )


def _log_group(api: Api, name: str) -> Iterator[LogGroup]:
    for one in api.all(calls.LOG_GROUPS, name, logGroupNamePrefix=name):
        if one["logGroupName"] == name:
            yield LogGroup(
                place=Place(one["arn"].removesuffix(":*")),
                name=name,
                encryption=Encryption(True, one.get("kmsKeyId", "")),  # noqa: FBT003 - as above
                retention=int(one.get("retentionInDays", 0)),
            )
