"""Policies of buckets, repositories, queues and secrets: whom they let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import grants
from airlock.verify.kept import policies
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.kept import Held
    from airlock.verify.policy import Statement
    from airlock.verify.rule import Subject

_READS = ("buckets", "repositories", "queues", "secrets")


class OpenToAnybody(Rule):
    """The policy of a bucket, a repository, a queue or a secret lets in anybody.

    In production, whoever knows its name does what the statement allows, from any account and, where it needs no
    signature, without one: read DAGs and logs, pull the image, take the database's password.

    Found: `Allow` with `Principal: "*"` or with `NotPrincipal`, and with no condition that says who; also where the
    condition takes nothing away: `aws:SecureTransport`, `StringLike` with `*`, `…IfExists`, `aws:SourceIp` of
    `0.0.0.0/0`.

    Not found: `*` with `aws:SourceVpce`, `aws:PrincipalOrgID`, `aws:PrincipalAccount`, … of a value; `*` where a
    `Deny` of the same policy takes the same actions from all but those (`StringNotEquals` of such a key).

    Mend: name the roles; or add `aws:PrincipalAccount`, or `aws:SourceVpce`.
    """

    code = "AL811"
    title = "policy lets anybody in"
    severity = Severity.ERROR
    fix = "name the roles, or add a condition on aws:PrincipalAccount or aws:SourceVpce"
    reads = _READS

    def find(self, subject: Subject) -> Iterator[Violation]:
        for held, one in _allowed(subject):
            if grants.anybody(one) and not grants.narrowed(one) and not grants.closed(one, held.policy):
                yield Violation(
                    held.place, f"the policy of {held.what} lets anybody in, of any account", _evidence(one)
                )


class OtherAccount(Rule):
    """The policy of a bucket, a repository, a queue or a secret lets in another account.

    In production, who may take it is decided over there: each administrator of that account may give it to each of
    its roles.

    Found: `arn:aws:iam::999999999999:root` as a principal; `*` with `aws:PrincipalAccount` of another account.

    Not found: this account's principals; services of AWS; where the account is not known.

    Mend: remove it, or accept it where that account is yours as well.
    """

    code = "AL812"
    title = "policy lets another account in"
    severity = Severity.ERROR
    fix = "remove that account from the policy, or accept it where it is yours"
    reads = _READS

    def find(self, subject: Subject) -> Iterator[Violation]:
        own = subject.inventory.account
        for held, one in _allowed(subject):
            others = sorted({found for found in grants.accounts(one) if found != own})
            if own and others:
                yield Violation(
                    held.place,
                    f"the policy of {held.what} lets another account in: {', '.join(others)}",
                    _evidence(one),
                )


class ServiceForAnybody(Rule):
    """A policy lets a service of AWS in, whoever it acts for.

    In production, that service is everybody's: who makes a topic, a trail or a log group in an account of their own
    lets the service reach yours in their name (the confused deputy).

    Found: `Principal: {"Service": "events.amazonaws.com"}` with `sqs:SendMessage` and no condition;
    `logs.eu-west-1.amazonaws.com` in a key's policy without `kms:EncryptionContext:aws:logs:arn`.

    Not found: the same with `aws:SourceAccount`, `aws:SourceArn`, or, of a key, an encryption context; a trust policy
    of a role, which is AL881.

    Mend: add `aws:SourceAccount` with this account, or `aws:SourceArn`.
    """

    code = "AL813"
    title = "policy lets a service in for anybody"
    severity = Severity.WARNING
    fix = "add a condition on aws:SourceAccount or aws:SourceArn"
    reads = (*_READS, "keys")

    def find(self, subject: Subject) -> Iterator[Violation]:
        wanted = (*grants.WHO, "kms:encryptioncontext:")
        for held, one in _allowed(subject):
            if (services := _services(one)) and not grants.narrowed(one):
                message = f"the policy of {held.what} lets {services} in, whoever it acts for"
                yield Violation(held.place, message, _evidence(one))
        for key in subject.inventory.keys:
            for one in key.policy.allowed if key.policy else ():
                if (services := _services(one)) and not grants.narrowed(one, wanted):
                    yield Violation(
                        key.place,
                        f"the key's policy lets {services} use it, whoever it acts for",
                        _evidence(one),
                        "add a condition on kms:EncryptionContext:aws:logs:arn, or on aws:SourceArn",
                    )


def _allowed(subject: Subject) -> Iterator[tuple[Held, Statement]]:
    for held in policies(subject.inventory):
        yield from ((held, one) for one in held.policy.allowed)


def _services(statement: Statement) -> str:
    return ", ".join(one.value for one in statement.principals if one.kind == "Service")


def _evidence(statement: Statement) -> str:
    """Return what of a statement shows whom it admits."""
    kept = ", ".join(f"{one.operator} {one.key}" for one in statement.conditions)
    who = [one.value for one in statement.principals] or [
        f"all but {one.value}" for one in statement.not_principals
    ]
    actions = ", ".join(statement.actions) or f"all but {', '.join(statement.not_actions)}"
    return f"{grants.shown(statement)}: {actions} for {', '.join(who)}; conditions: {kept or 'none'}"


RULES: tuple[Rule, ...] = (OpenToAnybody(), OtherAccount(), ServiceForAnybody())
