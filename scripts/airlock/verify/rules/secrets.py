"""Secrets of tasks: that they come from Secrets Manager, and from one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import plain_secrets
from airlock.verify.grouped import by_block, listed
from airlock.verify.inventory import Source
from airlock.verify.kept import could_read, known, secret_arn, secret_of
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.network import Place
    from airlock.verify.rule import Subject

_OF_RDS = "secret:rds!"  # which RDS makes and rotates itself


class PlainSecret(Rule):
    """A task definition holds a secret in the clear.

    In production, whoever may call `ecs:DescribeTaskDefinition` reads it, in every revision that there ever was; it
    is in Terraform's state and in CloudTrail too.

    Found: `AIRFLOW__DATABASE__SQL_ALCHEMY_CONN` with a password in its URL, `AIRFLOW__CORE__FERNET_KEY`,
    `SLACK_TOKEN` or `DB_PASSWORD` under `environment`; an access key of AWS in any variable; a password in an
    argument of the command. The value is never shown.

    Not found: the same under `secrets`; `AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET`, which is a name; a URL
    without a password; a value that is an ARN, a path or a number.

    Mend: put it into Secrets Manager, name it under `secrets`, and change it: it has been seen.
    """

    code = "AL871"
    title = "secret in the clear"
    severity = Severity.ERROR
    fix = "put it into Secrets Manager, name its ARN under secrets, and change it"
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for some in by_block(subject.inventory.task_definitions):
            found: dict[tuple[str, str], list[str]] = {}
            for definition in some:
                for one in definition.containers:
                    for where in plain_secrets.of(one):
                        found.setdefault(where, []).append(f"{definition.family}/{one.name}")
            for (name, reason), users in found.items():
                message = f"a secret in the clear, {name}: {listed(users)}"
                yield Violation(some[0].place, message, f"{name}: shown by {reason}; value not shown")


class UnknownSecret(Rule):
    """A task definition names a secret that is not among the deployment's.

    In production, where it does not exist the task does not start (`ResourceInitializationError: unable to pull
    secrets`). Where it does, nothing here looked at its key and its policy.

    Found: `valueFrom` with the ARN of a secret that nothing makes; an error where AWS itself was asked, else a
    warning.

    Not found: the ARN of one that is there, with or without `:KEY:STAGE:VERSION` and the six characters; a
    parameter of Systems Manager; a password that RDS manages.

    Mend: make the secret with the deployment, or mend the ARN.
    """

    code = "AL872"
    title = "secret that is not the deployment's"
    severity = Severity.WARNING
    fix = "make the secret with the deployment (aws_secretsmanager_secret), or mend its ARN"
    reads = ("task_definitions", "secrets")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if not could_read(inventory, "secrets") or not all(known(one.arn) for one in inventory.secrets):
            return
        missing: dict[str, tuple[Place, list[str]]] = {}
        for definition in inventory.task_definitions:
            wanted = {(name, arn) for one in definition.containers for name, arn in one.secrets.items()}
            for name, arn in sorted(wanted):
                if _looked_for(arn) and not secret_of(inventory.secrets, arn):
                    users = missing.setdefault(secret_arn(arn), (definition.place, []))[1]
                    users.append(f"{definition.family} ({name})")
        severity = Severity.ERROR if inventory.source is Source.AWS else None
        for arn, (place, users) in missing.items():
            message = f"{', '.join(users)}: the secret is none of the deployment's"
            yield Violation(place, message, f"valueFrom: {arn}", severity=severity)


def _looked_for(value: str) -> bool:
    return known(value) and ":secretsmanager:" in value and _OF_RDS not in value


RULES: tuple[Rule, ...] = (PlainSecret(), UnknownSecret())
