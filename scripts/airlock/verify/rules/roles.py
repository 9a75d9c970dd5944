"""Roles: what they may do beyond what they need, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import grants, resources
from airlock.verify.grouped import listed
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.policy import Policy, Statement
    from airlock.verify.rule import Subject


class WholeService(Rule):
    """A role may do everything, or everything of a service.

    In production, a DAG that somebody else wrote may do the same: a task's credentials are at an address that each
    process in it reaches.

    Found: `Allow` with `*`, `*:*`, `s3:*`, `s3:**`.

    Not found: `s3:Get*`; `ssmmessages:*`, whose four actions ECS Exec needs; a `Deny`.

    Mend: list the actions that are called.
    """

    code = "AL883"
    title = "role with every action"
    severity = Severity.ERROR
    fix = "list the actions that are called"
    reads = ("roles",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for names, policy, one in allowed(subject.inventory):
            if every := [action for action in whole(one) if action.lower() != "ssmmessages:*"]:
                yield Violation(
                    policy.place,
                    f"{names} may do {', '.join(every)}",
                    f"{policy.name}, {grants.shown(one)}: Action {', '.join(one.actions)}",
                )


class EveryResource(Rule):
    """A role may do something to every resource, where it could be said which.

    In production, `s3:GetObject` on `*` reads each bucket of the account, `secretsmanager:GetSecretValue` each
    secret, `ecs:RunTask` starts each task definition with each role that it may pass.

    Found: `Resource: "*"` with such an action. As a warning: all of a type, `arn:aws:secretsmanager:…:secret:*`.

    Not found: actions that know no resource (`ecr:GetAuthorizationToken`, `ssmmessages:*`, `logs:Describe*`,
    `ec2:Describe*`, `ecs:RegisterTaskDefinition`, …); a condition that names the resource (`ecs:cluster`,
    `aws:ResourceTag/…`); what AL883, AL885 and AL886 find.

    Mend: name the resources, in a statement of their own.
    """

    code = "AL884"
    title = "role over every resource"
    severity = Severity.ERROR
    fix = "name the resources; leave * to a statement for actions that know none"
    reads = ("roles",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for names, policy, one in allowed(subject.inventory):
            wide = [each for each in one.resources if resources.everything(each)]
            types = [each for each in one.resources if resources.all_of_a_type(each)]
            actions = [
                each for each in resources.needless(one) if each not in whole(one) and not passes(each)
            ]
            if not actions or not (wide or types) or resources.named_by_condition(one):
                continue
            yield Violation(
                policy.place,
                f"{names} may {listed(actions)} on {'every resource' if wide else ', '.join(types)}",
                f"{policy.name}, {grants.shown(one)}: Resource {', '.join(wide or types)}",
                severity=None if wide else Severity.WARNING,
            )


class AllBut(Rule):
    """A role may do everything but what is listed.

    In production, whatever AWS adds tomorrow is allowed as well; `NotAction` with `iam:*` still allows
    `sts:AssumeRole`, `s3:*` and `kms:*`.

    Found: `Allow` with `NotAction` or with `NotResource`.

    Not found: `Deny` with either.

    Mend: list what is called, and on what.
    """

    code = "AL885"
    title = "role with everything but"
    severity = Severity.ERROR
    fix = "write Action and Resource instead of NotAction and NotResource"
    reads = ("roles",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for names, policy, one in allowed(subject.inventory):
            for name, values in (("NotAction", one.not_actions), ("NotResource", one.not_resources)):
                if values:
                    yield Violation(
                        policy.place,
                        f"{names} may do all but what {name} lists",
                        f"{policy.name}, {grants.shown(one)}: {name} {', '.join(values)}",
                    )


def allowed(inventory: Inventory, of: Collection[str] = ()) -> Iterator[tuple[str, Policy, Statement]]:
    """Give each statement of roles' policies that allows something, and the names of the roles that have it.

    Roles whose policies one block of Terraform makes have a statement together. Only those in `of` (ARNs, names), if
    there are any.
    """
    found: dict[tuple[str, int, str, Statement], tuple[Policy, list[str]]] = {}
    for role in inventory.roles:
        if of and role.arn not in of and role.name not in of:
            continue
        for policy in role.policies:
            place = policy.place
            for one in policy.allowed:
                block = (place.path, place.line, "" if place.line else f"{place.resource} {role.name}", one)
                found.setdefault(block, (policy, []))[1].append(role.name)
    for (*_, one), (policy, names) in found.items():
        yield f"the role{'s' if len(names) > 1 else ''} {listed(names)}", policy, one


def of_tasks(inventory: Inventory) -> set[str]:
    """Return the roles that tasks are started by and run as, as their definitions name them."""
    return {arn for one in inventory.task_definitions for arn in (one.task_role, one.execution_role) if arn}


def whole(statement: Statement) -> list[str]:
    return list(grants.whole_services(statement))


def passes(action: str) -> bool:
    """Tell whether an action is iam:PassRole, or a pattern of some of IAM's that has it."""
    low = action.lower()
    return low == "iam:passrole" or (low.startswith("iam:pass") and "*" in low)


RULES: tuple[Rule, ...] = (WholeService(), EveryResource(), AllBut())
