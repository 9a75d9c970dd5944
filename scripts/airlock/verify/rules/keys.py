"""Keys of KMS: that they rotate, and that their policies let in those who need them, and nobody else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.verify import accounts, grants
from airlock.verify.kept import ENCRYPTED, everything, key_of, known
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.policy import Policy, Statement
    from airlock.verify.rule import Subject
    from airlock.verify.services import Key

# What a service calls on behalf of whom it serves, by its name in kms:ViaService. Logs calls for itself.
_CALLS = {
    "s3": "kms:Decrypt",
    "secretsmanager": "kms:Decrypt",
    "sqs": "kms:Decrypt",
    "ecr": "kms:CreateGrant",
    "elasticfilesystem": "kms:CreateGrant",
    "rds": "kms:CreateGrant",
    "elasticache": "kms:CreateGrant",
}


class NoRotation(Rule):
    """A customer-managed key is not rotated.

    In production, all that was ever encrypted hangs on one piece of key material for as long as the key lives.
    Rotation is AWS's work: a new one each year, the old ones kept to decrypt, no change of ARN.

    Found: `aws_kms_key` without `enable_key_rotation = true`.

    Not found: a key that rotates, at whatever interval.

    Mend: `enable_key_rotation = true`.
    """

    code = "AL804"
    title = "key without rotation"
    severity = Severity.WARNING
    fix = "enable_key_rotation = true"
    reads = ("keys",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for key in subject.inventory.keys:
            if not key.rotates:
                yield Violation(
                    key.place, f"the key {_name(key)} is not rotated", "enable_key_rotation: false"
                )


class OpenKey(Rule):
    """The policy of a key lets in anybody, or another account.

    In production, a key's policy is what decides at last: with `*` and no condition, any principal of any account
    that has a ciphertext decrypts it, and may do to the key what the actions allow.

    Found: `Principal: "*"` with no condition, or with one that takes nothing away (`kms:ViaService` alone,
    `StringLike` with `*`, `StringEqualsIfExists`); `arn:aws:iam::999999999999:root`.

    Not found: `*` with `kms:CallerAccount`, `aws:PrincipalOrgID`, `aws:SourceVpce` or the like of a value.

    Mend: name the roles, or add `kms:CallerAccount` with this account beside `kms:ViaService`.
    """

    code = "AL805"
    title = "key policy open to others"
    severity = Severity.ERROR
    fix = "name the roles, or add a condition on kms:CallerAccount"
    reads = ("keys",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        own = accounts.own(subject.inventory)
        for key, policy, one in _allowed(subject):
            if grants.anybody(one) and not grants.narrowed(one) and not grants.closed(one, policy):
                yield Violation(
                    policy.place,
                    f"the policy of the key {_name(key)} lets anybody use it, of any account",
                    f"{grants.shown(one)}: principal *, {_conditions(one)}",
                )
            elif own and (others := sorted(set(grants.accounts(one)) - own)):
                yield Violation(
                    policy.place,
                    f"the policy of the key {_name(key)} lets another account in: {', '.join(others)}",
                    f"{grants.shown(one)}: {', '.join(others)}",
                    "remove that account, or accept this where it is yours as well",
                )


class WholeKey(Rule):
    """The policy of a key allows everything (`kms:*`) to others than those who administer it.

    In production, whoever runs with that role may decrypt what the key protects, hand the key on (`kms:CreateGrant`,
    `kms:PutKeyPolicy`), and schedule its deletion, after which nothing can be read any more.

    Found: `kms:*` for a role of a task or of the release job, or for a service of AWS. As information: `kms:*` for
    the account itself (`:root`, AWS's default), by which any IAM policy of the account that allows `kms:Decrypt` on
    `*` opens this key too.

    Not found: `kms:*` for a role that nothing of the deployment runs as; administration (`kms:Put*`,
    `kms:Describe*`, …) without the use of the key; everything, but under a condition that says for whom.

    Mend: list the actions: `kms:Decrypt` and `kms:GenerateDataKey` for those who use it.
    """

    code = "AL806"
    title = "key policy allows everything"
    severity = Severity.ERROR
    fix = "list actions instead of kms:*"
    reads = ("keys", "roles")

    def find(self, subject: Subject) -> Iterator[Violation]:
        for key, policy, one in _allowed(subject):
            if not list(grants.whole_services(one)) or grants.anybody(one) or grants.narrowed(one):
                continue
            for principal in one.principals:
                name = principal.value
                evidence = f"{grants.shown(one)}: {', '.join(one.actions)} for {name}"
                if principal.kind == "Service" or subject.inventory.role(name):
                    message = f"the policy of the key {_name(key)} allows everything to {name}"
                    yield Violation(policy.place, message, evidence)
                elif name.endswith(":root") or name.isdigit():
                    yield Violation(
                        policy.place,
                        f"the key {_name(key)} is open to all that IAM policies of the account allow",
                        evidence,
                        "name administrators, and allow use through services (kms:ViaService, kms:CallerAccount)",
                        Severity.INFO,
                    )


class ShutOut(Rule):
    """The policy of a key lets a service not use it that needs it.

    In production, the log group is not made ("the specified KMS key does not exist or is not allowed to be used"),
    the task does not start (its secret cannot be decrypted), the database ends in
    `inaccessible-encryption-credentials`.

    Found: a log group with this key where no statement allows `logs.REGION.amazonaws.com`; a bucket with it where
    `kms:ViaService` lists other services, and no other statement allows `kms:Decrypt` to the account or a role.

    Not found: a key whose policy is not known; one that lets the account's IAM policies decide (`:root`).

    Mend: add the service to the statement that lets services use the key.
    """

    code = "AL807"
    title = "key policy shuts a service out"
    severity = Severity.ERROR
    fix = "allow the service to use the key in its policy"
    reads = ("keys", *ENCRYPTED)

    def find(self, subject: Subject) -> Iterator[Violation]:
        told: set[tuple[str, str]] = set()
        for one in everything(subject.inventory):
            key = key_of(subject.inventory, one.encryption.key) if one.encryption.key else None
            if not key or not key.policy or not key.policy.statements or (key.names[0], one.service) in told:
                continue
            host = f"{one.service}.{subject.inventory.region}.amazonaws.com"
            if not any(_lets_in(statement, one.service, host) for statement in key.policy.allowed):
                told.add((key.names[0], one.service))
                call = _CALLS.get(one.service, "kms:GenerateDataKey")
                yield Violation(
                    key.place,
                    f"the policy of the key {_name(key)} lets {host} not use it, by which {one.what} is encrypted",
                    f"no statement allows {call} to {host}"
                    + ("" if one.service == "logs" else " or through it"),
                )


def _lets_in(statement: Statement, service: str, host: str) -> bool:
    if service == "logs":
        principals = {one.value for one in statement.principals if one.kind == "Service"}
        hosts = {host, "logs.amazonaws.com", grants.ANYBODY}
        return statement.names("kms:GenerateDataKey") and bool(principals & hosts)
    if not statement.names(_CALLS[service]) or not any(one.kind == "AWS" for one in statement.principals):
        return False
    through = grants.limiting(statement, "kms:viaservice")
    return not through or any(fnmatchcase(host, one) or not known(one) for one in through)


def _allowed(subject: Subject) -> Iterator[tuple[Key, Policy, Statement]]:
    for key in subject.inventory.keys:
        if key.policy:
            yield from ((key, key.policy, one) for one in key.policy.allowed)


def _name(key: Key) -> str:
    aliases = (one for one in key.names if one.startswith("alias/"))
    return next(aliases, key.names[0] if key.names else key.place.resource)


def _conditions(statement: Statement) -> str:
    keys = sorted({one.key for one in statement.conditions})
    return f"conditions only on {', '.join(keys)}" if keys else "no condition"


RULES: tuple[Rule, ...] = (NoRotation(), OpenKey(), WholeKey(), ShutOut())
