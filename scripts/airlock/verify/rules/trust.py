"""Who may take a role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock.verify import accounts, grants
from airlock.verify.grouped import listed
from airlock.verify.kept import known
from airlock.verify.rule import Rule, Violation
from airlock.verify.rules.roles import of_tasks
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.policy import Policy, Statement
    from airlock.verify.rule import Subject
    from airlock.verify.services import Role

TASKS = "ecs-tasks.amazonaws.com"
_GITHUB = "token.actions.githubusercontent.com"
_REPOSITORY = re.compile(r"^repo:[^*?:/]+/[^*?:/]+:(?P<rest>.+)$")


class OpenTrust(Rule):
    """A role may be taken by anybody, by another account, or by more than the tasks that it is for.

    In production, who takes a task's role reads its secrets and writes its buckets from elsewhere: from a laptop,
    an EC2 instance with a way out, another account.

    Found: a trust policy with `Principal: "*"` and no condition that says who; with another account; for a role of a
    task (a warning), with the account's principals, or with a service other than `ecs-tasks.amazonaws.com`.

    Not found: `ecs-tasks.amazonaws.com` with or without `aws:SourceAccount`; other services and principals of this
    account for roles that no task has; a federated provider, which AL882 looks at.

    Mend: `Principal: {"Service": "ecs-tasks.amazonaws.com"}` with `aws:SourceAccount`.
    """

    code = "AL881"
    title = "role that others may take"
    severity = Severity.ERROR
    fix = "let ecs-tasks.amazonaws.com alone assume it, with aws:SourceAccount"
    reads = ("roles", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        used, own = of_tasks(subject.inventory), accounts.own(subject.inventory)
        for roles, policy, one in _trusting(subject.inventory):
            evidence = (
                f"trust policy, {grants.shown(one)}: {', '.join(each.value for each in one.principals)}"
            )
            others = set(grants.accounts(one)) - own if own else set()
            if grants.anybody(one):
                if not grants.narrowed(one) and not grants.closed(one, policy):
                    yield Violation(roles[0].place, f"{_named(roles)} may be taken by anybody", evidence)
                    continue
            elif not others and any({each.arn, each.name} & used for each in roles):
                strange = [each.value for each in one.principals if each.value != TASKS and known(each.value)]
                if strange:
                    message = f"{_named(roles)} of tasks may be taken by {', '.join(strange)}"
                    yield Violation(roles[0].place, message, evidence, severity=Severity.WARNING)
            if others:
                message = f"{_named(roles)} may be taken from another account: {', '.join(sorted(others))}"
                yield Violation(roles[0].place, message, evidence)


class LooseOidc(Rule):
    """A role may be taken by workflows that nobody named.

    In production, the provider signs for each repository there is: without a condition on `sub` any workflow on
    GitHub takes the role, pushes images and deploys them.

    Found: a trust policy for an OIDC provider without a condition on `:sub` or on `:aud`, with one that lets a
    missing key pass (`…IfExists`, `ForAllValues:`), or with a wildcard in owner or repository (`repo:acme/*`). As a
    warning: all of a repository (`repo:acme/airflow:*`), which pull requests are part of.

    Not found: `repo:acme/airflow:ref:refs/heads/main`, `repo:acme/airflow:environment:production`, a pattern of
    tags.

    Mend: `StringEquals` of `token.actions.githubusercontent.com:sub` with the repository and a branch or an
    environment, and of `:aud` with `sts.amazonaws.com`.
    """

    code = "AL882"
    title = "role for any workflow"
    severity = Severity.ERROR
    fix = "StringEquals on :sub (repository, and a branch or an environment) and on :aud (sts.amazonaws.com)"
    reads = ("roles",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for roles, _, one in _trusting(subject.inventory):
            if not any(
                each.kind == "Federated" and "saml-provider" not in each.value for each in one.principals
            ):
                continue
            subjects, audiences = _values(one, ":sub"), _values(one, ":aud")
            evidence = f"trust policy, {grants.shown(one)}: sub {', '.join(subjects) or 'any'}"
            lacks = [name for name, values in (("sub", subjects), ("aud", audiences)) if not values]
            wide = [each for each in subjects if known(each) and _names_no_repository(one, each)]
            if lacks:
                message = f"{_named(roles)} may be taken without a condition on {' and '.join(lacks)}"
                yield Violation(roles[0].place, message, evidence)
            elif wide:
                message = f"{_named(roles)} may be taken by more than one repository: {', '.join(wide)}"
                yield Violation(roles[0].place, message, evidence)
            elif whole := [each for each in subjects if _whole_repository(each)]:
                message = (
                    f"{_named(roles)} may be taken by every workflow of a repository: {', '.join(whole)}"
                )
                yield Violation(roles[0].place, message, evidence, severity=Severity.WARNING)


def _trusting(inventory: Inventory) -> Iterator[tuple[list[Role], Policy, Statement]]:
    """Give each statement that lets somebody take roles, once for those that one block makes."""
    found: dict[tuple[str, int, str, Statement], tuple[Policy, list[Role]]] = {}
    for role in inventory.roles:
        place = role.place
        if not role.trust:
            continue
        for one in role.trust.allowed:
            block = (place.path, place.line, "" if place.line else place.resource, one)
            found.setdefault(block, (role.trust, []))[1].append(role)
    for (*_, one), (policy, roles) in found.items():
        yield roles, policy, one


def _named(roles: list[Role]) -> str:
    return f"the role{'s' if len(roles) > 1 else ''} {listed(one.name for one in roles)}"


def _values(statement: Statement, end: str) -> tuple[str, ...]:
    """Return what a claim of the token must be; () where a token with any passes."""
    return tuple(
        value
        for one in statement.conditions
        if one.key.endswith(end) and grants.limits(one, (one.key,))
        for value in one.values
    )


def _names_no_repository(statement: Statement, value: str) -> bool:
    if not any(one.key.startswith(_GITHUB) for one in statement.conditions):
        return not value.strip("*?")
    return not _REPOSITORY.match(value) and (value.startswith("repo:") or bool(set(value) & set("*?")))


def _whole_repository(value: str) -> bool:
    if found := _REPOSITORY.match(value):
        return not found["rest"].strip("*?") or found["rest"] == "pull_request"
    return False


RULES: tuple[Rule, ...] = (OpenTrust(), LooseOidc())
