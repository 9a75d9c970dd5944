"""What keeps data in a deployment, kind by kind: how it is encrypted, and who may use it by its own policy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.verify.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Place
    from airlock.verify.policy import Policy
    from airlock.verify.services import Cluster, Encryption, Key, Secret, Service

ENCRYPTED = (
    "buckets",
    "repositories",
    "file_systems",
    "databases",
    "caches",
    "queues",
    "secrets",
    "log_groups",
)
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")  # which Secrets Manager adds to a name in its ARN


@dataclass(frozen=True)
class Kept:
    """One thing that keeps data; `what` is its kind and name in words, `attribute` Terraform's for its key."""

    place: Place
    what: str
    attribute: str
    service: str  # as kms:ViaService has it
    encryption: Encryption


@dataclass(frozen=True)
class Held:
    """Something with a policy of its own; `place` is the policy's."""

    place: Place
    what: str
    policy: Policy


def everything(inventory: Inventory) -> Iterator[Kept]:
    """Give all that is encrypted at rest, or should be."""
    for bucket in inventory.buckets:
        attribute = "aws_s3_bucket_server_side_encryption_configuration.kms_master_key_id"
        yield Kept(bucket.place, f"the bucket {bucket.name}", attribute, "s3", bucket.encryption)
    for repository in inventory.repositories:
        what = f"the repository {repository.name}"
        yield Kept(repository.place, what, "encryption_configuration.kms_key", "ecr", repository.encryption)
    for files in inventory.file_systems:
        yield Kept(
            files.place, f"the file system {files.id}", "kms_key_id", "elasticfilesystem", files.encryption
        )
    for database in inventory.databases:
        yield Kept(database.place, f"the database {database.id}", "kms_key_id", "rds", database.encryption)
    for cache in inventory.caches:
        yield Kept(cache.place, f"the cache {cache.id}", "kms_key_id", "elasticache", cache.encryption)
    for queue in inventory.queues:
        yield Kept(queue.place, f"the queue {queue.name}", "kms_master_key_id", "sqs", queue.encryption)
    for secret in inventory.secrets:
        what = f"the secret {secret.name}"
        yield Kept(secret.place, what, "kms_key_id", "secretsmanager", secret.encryption)
    for group in inventory.log_groups:
        yield Kept(group.place, f"the log group {group.name}", "kms_key_id", "logs", group.encryption)


def policies(inventory: Inventory) -> Iterator[Held]:
    """Give the policies of what keeps data, but for those of keys and file systems, which have rules of their own."""
    held = (
        *((f"the bucket {one.name}", one.policy) for one in inventory.buckets),
        *((f"the repository {one.name}", one.policy) for one in inventory.repositories),
        *((f"the queue {one.name}", one.policy) for one in inventory.queues),
        *((f"the secret {one.name}", one.policy) for one in inventory.secrets),
    )
    return (Held(policy.place, what, policy) for what, policy in held if policy)


def key_of(inventory: Inventory, name: str) -> Key | None:
    """Return the customer-managed key that a name stands for: an ARN of it or of its alias, an id, an alias."""
    short = name.rpartition(":")[2]  # alias/NAME or key/ID of an ARN
    return inventory.key(name) or inventory.key(short) or inventory.key(short.removeprefix("key/"))


def known(name: str) -> bool:
    """Tell whether a plan knows this value."""
    return UNKNOWN not in name


def could_read(inventory: Inventory, *kinds: str) -> bool:
    """Tell whether all of these could be read, so that what is not among them is not there."""
    return not any(one.kind in kinds for one in inventory.unread)


def cluster_of(inventory: Inventory, service: Service) -> Cluster | None:
    """Return the cluster of a service, which names it by its name or its ARN."""
    wanted = service.cluster
    return next((one for one in inventory.clusters if one.name == wanted.rpartition("/")[2]), None) or next(
        (one for one in inventory.clusters if one.place.resource == wanted), None
    )


def secret_arn(value: str) -> str:
    """Return the ARN of a secret without the key, stage and version that `valueFrom` may have behind it."""
    return ":".join(value.split(":")[:7])


def secret_of(secrets: tuple[Secret, ...], value: str) -> Secret | None:
    """Return the secret that `valueFrom` names, by its ARN with or without the six characters."""
    arn = secret_arn(value)
    return next((one for one in secrets if arn == one.arn), None) or next(
        (one for one in secrets if one.arn and arn == _SUFFIX.sub("", one.arn)), None
    )
