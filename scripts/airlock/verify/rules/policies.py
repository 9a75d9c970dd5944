"""Policies of buckets, repositories, queues and secrets: whom they let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import accounts, grants
from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import policies
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.verify.kept import Held
    from airlock.verify.network import Place
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
        for place, names, one in _grouped(subject, _open):
            yield Violation(
                place, f"anybody is let in, of any account, by the policy of {names}", _evidence(one)
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
        own = accounts.own(subject.inventory)
        for place, names, one in _grouped(
            subject, lambda _, one: bool(own and set(grants.accounts(one)) - own)
        ):
            others = ", ".join(sorted(set(grants.accounts(one)) - own))
            message = f"another account, {others}, is let in by the policy of {names}"
            yield Violation(place, message, _evidence(one))


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
        for place, names, one in _grouped(
            subject, lambda _, one: bool(_services(one)) and not grants.narrowed(one)
        ):
            message = f"{_services(one)} is let in, whoever it acts for, by the policy of {names}"
            yield Violation(place, message, _evidence(one))
        for policy in (key.policy for key in subject.inventory.keys if key.policy):
            for one in policy.allowed:
                if (services := _services(one)) and not grants.narrowed(one, wanted):
                    yield Violation(
                        policy.place,
                        f"the key's policy lets {services} use it, whoever it acts for",
                        _evidence(one),
                        "add a condition on kms:EncryptionContext:aws:logs:arn, or on aws:SourceArn",
                    )


def _open(held: Held, statement: Statement) -> bool:
    if not grants.anybody(statement):
        return False
    return not grants.narrowed(statement) and not grants.closed(statement, held.policy)


def _grouped(
    subject: Subject, bad: Callable[[Held, Statement], bool]
) -> Iterator[tuple[Place, str, Statement]]:
    """Give what is bad once for a block that makes several: its place, all their names, the first one's statement."""
    found: dict[tuple[Place, int], list[tuple[str, Statement]]] = {}
    for some in by_block(policies(subject.inventory)):
        for held in some:
            for index, one in enumerate(held.policy.allowed):
                if bad(held, one):
                    found.setdefault((some[0].place, index), []).append((held.what, one))
    for (place, _), each in found.items():
        yield place, listed(name for name, _ in each), each[0][1]


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
