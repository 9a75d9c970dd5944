"""File systems of EFS: who may mount them, how, and where a mount begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import grants
from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import could_read
from airlock.verify.rule import Rule, Violation
from airlock.verify.rules.buckets import refuses_plain
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.rule import Subject
    from airlock.verify.services import AccessPoint, FileSystem, TaskDefinition

_WHO = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:userid",
)


class PlainNfs(Rule):
    """The policy of a file system admits NFS without TLS.

    In production, a client that mounts without `tls` sends DAGs and logs readable through the VPC, and its own word
    is all that says who it is.

    Found: a file system without a policy; one whose policy has no `Deny` for everybody with `aws:SecureTransport` of
    `false`.

    Not found: one with that `Deny`, beside whatever it allows.

    Mend: add the `Deny`.
    """

    code = "AL821"
    title = "file system without a TLS-only policy"
    severity = Severity.ERROR
    fix = "deny * to * in aws_efs_file_system_policy where aws:SecureTransport is false"
    reads = ("file_systems",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for files in _judged(subject):
            statements = files.policy.statements if files.policy else ()
            if not any(refuses_plain(one) and _covers(one.actions) for one in statements):
                cause = "its policy does not deny it" if files.policy else "it has no policy"
                message = f"the file system {files.id} may be mounted without TLS: {cause}"
                place = files.policy.place if files.policy else files.place
                yield Violation(place, message, "aws:SecureTransport: not asked for")


class Anonymous(Rule):
    """A file system is open to whoever reaches its mount targets.

    In production, no credentials are asked for: each task and machine whose security group leads there reads and
    writes the DAGs of all, whatever its role says. Without a policy that is EFS's default.

    Found: a file system without a policy; `Allow` for `Principal: "*"` with no condition that names principals,
    `elasticfilesystem:AccessedViaMountTarget` alone included.

    Not found: `Allow` for named roles; `*` with `aws:PrincipalArn` or `aws:PrincipalAccount`.

    Mend: name the roles of the tasks in the policy; let them mount with `iam = "ENABLED"`.
    """

    code = "AL822"
    title = "file system open to anonymous clients"
    severity = Severity.ERROR
    fix = "allow elasticfilesystem:ClientMount (and ClientWrite) to the tasks' roles alone"
    reads = ("file_systems",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for files in _judged(subject):
            if cause := _anonymous(files):
                message = (
                    f"the file system {files.id} may be mounted by whoever reaches it, without credentials"
                )
                place = files.policy.place if files.policy else files.place
                yield Violation(place, message, cause)


class LooseVolume(Rule):
    """A task mounts a file system without TLS, IAM or an access point.

    In production, without `transit_encryption` NFS travels in the clear; without `iam` the task is nobody, and a
    policy that names roles refuses it (the task does not start: `mount.nfs4: access denied by server`); without an
    access point it sees the file system from its root, as whatever user it says it is.

    Found: `efs_volume_configuration` without `transit_encryption = "ENABLED"`, or without `authorization_config` with
    `access_point_id` and `iam = "ENABLED"`.

    Not found: a volume with all three; one that is no EFS.

    Mend: set what is missing.
    """

    code = "AL823"
    title = "volume without TLS, IAM or an access point"
    severity = Severity.ERROR
    fix = 'transit_encryption = "ENABLED", authorization_config { access_point_id, iam = "ENABLED" }'
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in subject.inventory.task_definitions if _loose(one)):
            lacks = " and ".join(dict.fromkeys(each for one in some for each in _loose(one)))
            message = f"a file system is mounted without {lacks}: {listed(one.family for one in some)}"
            volumes = listed(each.name for one in some for each in one.volumes if each.file_system)
            yield Violation(some[0].place, message, f"efs_volume_configuration of {volumes}")


class LooseAccessPoint(Rule):
    """An access point leads to the root of a file system, or acts as root.

    In production, who mounts by it reads all that others keep there, or writes with no permission in its way: it is
    as if there were none.

    Found: an access point without `root_directory`, or with `/`; without `posix_user`, or with uid 0.

    Not found: a folder, as a user other than root.

    Mend: a folder for each purpose, as the image's user, 50000.
    """

    code = "AL824"
    title = "access point at the root, or as root"
    severity = Severity.WARNING
    fix = "root_directory { path = … } of its own, posix_user { uid = 50000, gid = 0 }"
    reads = ("access_points",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(one for one in subject.inventory.access_points if _faults(one)):
            first = some[0]
            yield Violation(
                first.place,
                f"{' and '.join(_faults(first))}: {listed(f'the access point {one.id}' for one in some)}",
                f"path: {first.path or '/'}, uid: {'none' if first.uid is None else first.uid}",
            )


def _faults(point: AccessPoint) -> list[str]:
    found = ["leads to the root of the file system"] if point.path in ("", "/") else []
    if not point.uid:
        found.append("acts as root" if point.uid == 0 else "acts as whatever user a client says it is")
    return found


def _judged(subject: Subject) -> list[FileSystem]:
    """Return the file systems whose policy is known: a plan may not know one that is there."""
    inventory = subject.inventory
    return [one for one in inventory.file_systems if one.policy or could_read(inventory, "file_systems")]


def _covers(actions: tuple[str, ...]) -> bool:
    mounts = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
    return bool({"*", "elasticfilesystem:*", "elasticfilesystem:Client*"} & set(actions)) or set(
        mounts
    ) <= set(actions)


def _anonymous(files: FileSystem) -> str:
    """Say what lets anonymous clients in; "" where nothing does."""
    if not files.policy:
        return "file system policy: none"
    for one in files.policy.allowed:
        if grants.anybody(one) and not grants.narrowed(one, _WHO):
            return f"{grants.shown(one)}: {', '.join(one.actions)} for *"
    return ""


def _loose(definition: TaskDefinition) -> list[str]:
    """Return what volumes of a task definition lack, each once."""
    lacks = (
        (name, getattr(volume, attribute))
        for volume in definition.volumes
        if volume.file_system
        for name, attribute in (("TLS", "encrypted"), ("IAM", "iam"), ("an access point", "access_point"))
    )
    return list(dict.fromkeys(name for name, there in lacks if not there))


RULES: tuple[Rule, ...] = (PlainNfs(), Anonymous(), LooseVolume(), LooseAccessPoint())
