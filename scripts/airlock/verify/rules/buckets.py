"""Buckets of S3: versions, public access, TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.grants import anybody
from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import could_read, known
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.policy import Statement
    from airlock.verify.rule import Subject
    from airlock.verify.services import Bucket


class NotVersioned(Rule):
    """A bucket keeps no versions.

    In production, what is overwritten or deleted is gone: by a mistake, by a lifecycle rule with a wrong prefix, by
    somebody with the role of a task. A release's files never change, but `current`, receipts and logs do.

    Found: a bucket without `aws_s3_bucket_versioning`, or where it is `Suspended`.

    Not found: one where it is `Enabled`.

    Mend: enable it, with a lifecycle rule that lets old versions expire.
    """

    code = "AL814"
    title = "bucket without versions"
    severity = Severity.WARNING
    fix = 'aws_s3_bucket_versioning with status = "Enabled"'
    reads = ("buckets",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in subject.inventory.buckets if not one.versioned):
            message = f"no versions are kept, what is overwritten is gone: {_names(some)}"
            yield Violation(some[0].place, message, "versioning: not enabled")


class PublicAccess(Rule):
    """A bucket does not block public access.

    In production, one statement or one ACL makes it public. All four settings refuse that, whoever tries.

    Found: a bucket without `aws_s3_bucket_public_access_block`, or where one of the four is false.

    Not found: all four true.

    Mend: set `block_public_acls`, `block_public_policy`, `ignore_public_acls` and `restrict_public_buckets`.
    """

    code = "AL815"
    title = "public access of a bucket is not blocked"
    severity = Severity.ERROR
    fix = "aws_s3_bucket_public_access_block with all four settings true"
    reads = ("buckets",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in subject.inventory.buckets if not one.public_blocked):
            message = f"public access is not blocked: {_names(some)}"
            yield Violation(some[0].place, message, "public access block: not all four settings are true")


class WithoutTls(Rule):
    """A bucket answers over plain HTTP.

    In production, S3 listens on port 80 as well: who signs a request over HTTP sends DAGs and logs readable to all
    on the way. A `Deny` is what ends that; it must be for everybody, for all actions, for the bucket and for its
    objects.

    Found: no policy; a `Deny` with `aws:SecureTransport` of `true`; one for `s3:GetObject` alone; one for
    `arn:aws:s3:::NAME/*` without the bucket itself, by which lists still travel in the clear; one for a single role;
    one with a second condition beside it, which both must hold.

    Not found: `Deny`, `Principal: "*"`, `s3:*`, both resources, `Bool` `aws:SecureTransport` `false`; a policy that a
    plan does not know yet.

    Mend: that statement.
    """

    code = "AL816"
    title = "bucket without a TLS-only policy"
    severity = Severity.ERROR
    fix = "deny s3:* to * on the bucket and its objects where aws:SecureTransport is false"
    reads = ("buckets",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        known_to_lack = could_read(inventory, "buckets")  # a plan may not know a policy that is there
        judged = (one for one in inventory.buckets if one.policy or known_to_lack)
        for some in by_block(one for one in judged if _lacks_tls(one)):
            message = f"plain HTTP is answered: {_names(some)}"
            place = some[0].policy.place if some[0].policy else some[0].place
            yield Violation(place, message, f"bucket policy: {_lacks_tls(some[0])}")


def _names(buckets: list[Bucket]) -> str:
    return listed(f"the bucket {one.name}" for one in buckets)


def refuses_plain(statement: Statement) -> bool:
    """Tell whether a statement denies to everybody what comes without TLS, and asks for nothing else."""
    if statement.allows or not anybody(statement) or len(statement.conditions) != 1:
        return False
    one = statement.conditions[0]
    plain = {value.lower() for value in one.values} == {"false"}
    return one.operator in ("bool", "boolifexists") and one.key == "aws:securetransport" and plain


def _lacks_tls(bucket: Bucket) -> str:
    """Say what a bucket lacks to be reached over TLS alone; "" where it lacks nothing."""
    denials = [one for one in bucket.policy.statements if refuses_plain(one)] if bucket.policy else []
    if not denials:
        return "no statement denies what comes without TLS"
    whole = [one for one in denials if set(one.actions) & {"*", "s3:*"}]
    if not whole:
        return "it denies what comes without TLS only for " + ", ".join(
            denials[0].actions or ("some actions",)
        )
    resources = {resource for one in whole for resource in one.resources}
    if not any(_is_all(one) or "/" not in one for one in resources):
        return "it denies what comes without TLS for objects alone, not for the bucket itself"
    if not any(_is_all(one) or (one.endswith("/*") and one.count("/") == 1) for one in resources):
        return "it denies what comes without TLS for the bucket alone, not for its objects"
    return ""


def _is_all(resource: str) -> bool:
    """Tell whether a resource is the bucket and its objects at once, or not known."""
    return not known(resource) or (resource.endswith("*") and "/" not in resource)


RULES: tuple[Rule, ...] = (NotVersioned(), PublicAccess(), WithoutTls())
