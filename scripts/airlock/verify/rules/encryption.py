"""Encryption at rest: of all that keeps data, and by whose key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import ENCRYPTED, could_read, everything, key_of, known
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.kept import Kept
    from airlock.verify.rule import Subject

OF_AWS = "alias/aws/"  # how keys begin that AWS makes, one a service and account


class Unencrypted(Rule):
    """Something keeps data that is not encrypted at rest.

    In production, whoever gets a copy of the disk, a snapshot or a backup has the data: Airflow's database with its
    connections, DAGs, logs with what tasks printed. Most of it cannot be encrypted later, only made anew.

    Found: `aws_db_instance` without `storage_encrypted = true`; `aws_efs_file_system` without `encrypted = true`; a
    queue with `sqs_managed_sse_enabled = false`.

    Not found: what is encrypted by AWS's own key, which is AL802.

    Mend: encrypt it, by the deployment's own key. Databases and file systems are restored from an encrypted copy.
    """

    code = "AL801"
    title = "not encrypted at rest"
    severity = Severity.ERROR
    fix = "encrypt it, by the deployment's customer-managed key"
    reads = ENCRYPTED

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in everything(subject.inventory) if not one.encryption.on):
            yield Violation(
                some[0].place,
                f"not encrypted at rest: {_names(some)}",
                "encryption: off",
                f"encrypt it, with the ARN of the deployment's key as {some[0].attribute}",
            )


class KeyOfAws(Rule):
    """Something is encrypted by a key that AWS owns or manages, not by one of the deployment's own.

    In production, nobody can say who may decrypt: the policy of such a key is AWS's, it cannot be narrowed or taken
    away, and (for keys that AWS owns) no use of it is in CloudTrail. ADR-001 promises a customer-managed key for
    everything.

    Found: a bucket with `AES256`; a log group, a secret or a queue without a key; `kms_key_id = "alias/aws/rds"`.

    Not found: what names a customer-managed key, by its ARN, id or alias.

    Mend: name the deployment's key. A repository of ECR, a file system and a database have their key for ever: make
    them anew.
    """

    code = "AL802"
    title = "encrypted by a key of AWS's"
    severity = Severity.ERROR
    fix = "name the deployment's customer-managed key"
    reads = ENCRYPTED

    def find(self, subject: Subject) -> Iterator[Violation]:
        encrypted = (one for one in everything(subject.inventory) if one.encryption.on)
        for some in by_block(
            one for one in encrypted if not one.encryption.key or OF_AWS in one.encryption.key
        ):
            yield Violation(
                some[0].place,
                f"encrypted by a key of AWS's, not by the deployment's own: {_names(some)}",
                f"{some[0].attribute}: {some[0].encryption.key or 'none'}",
                f"set {some[0].attribute} to the ARN of the deployment's key",
            )


class UnknownKey(Rule):
    """Something names a key that is not among the deployment's.

    In production, that key may be managed by AWS, be of another account, be disabled or have been deleted: nothing
    here can tell, and its policy and rotation are not looked at.

    Found: `kms_key_id = var.shared_key_arn`, where no `aws_kms_key` of the deployment has this ARN.

    Not found: a key that a plan does not know yet; any, where keys could not be read.

    Mend: use the deployment's key, or accept this where a key is shared on purpose.
    """

    code = "AL803"
    title = "key that is not the deployment's"
    severity = Severity.WARNING
    fix = "use the deployment's key, or look at that one by hand"
    reads = (*ENCRYPTED, "keys")

    def find(self, subject: Subject) -> Iterator[Violation]:
        if not could_read(subject.inventory, "keys"):
            return
        strange: dict[str, list[Kept]] = {}
        for one in everything(subject.inventory):
            key = one.encryption.key
            if key and known(key) and OF_AWS not in key and not key_of(subject.inventory, key):
                strange.setdefault(key, []).append(one)
        for key, kept in strange.items():
            yield Violation(
                kept[0].place,
                f"encrypted by a key that is none of the deployment's, whose policy is not known: {_names(kept)}",
                f"{kept[0].attribute}: {key}",
            )


def _names(kept: list[Kept]) -> str:
    return listed(one.what for one in kept)


RULES: tuple[Rule, ...] = (Unencrypted(), KeyOfAws(), UnknownKey())
