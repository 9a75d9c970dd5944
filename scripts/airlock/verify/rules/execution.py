"""The two roles of a task: that they are two, and that the one that starts it may do what that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import could_read, known
from airlock.verify.rule import Rule, Violation
from airlock.verify.starting import refused, wanted
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Subject
    from airlock.verify.services import Role, Service, TaskDefinition
    from airlock.verify.starting import Want

_SHOWN = 5  # of what a role lacks
_CHANNELS = (
    *("ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"),
    *("ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"),
)


class OneRoleForBoth(Rule):
    """A task runs as the role that it is started by.

    In production, the code of DAGs may then read every secret that the task definition names, also those that were
    meant for Airflow alone (the database's password, the Fernet key), and pull images.

    Found: `execution_role_arn` equal to `task_role_arn`.

    Not found: two roles; no task role, by which the task has no permissions.

    Mend: a role for each: ECS starts the task by one, its code runs as the other.
    """

    code = "AL889"
    title = "one role to start and to run"
    severity = Severity.ERROR
    fix = "give the task a task role of its own"
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        definitions = subject.inventory.task_definitions
        for some in by_block(one for one in definitions if one.task_role == one.execution_role):
            roles = listed(one.task_role for one in some if one.task_role and known(one.task_role))
            if roles:
                message = (
                    f"the role that starts it is the one it runs as: {listed(one.family for one in some)}"
                )
                yield Violation(some[0].place, message, f"task_role_arn and execution_role_arn: {roles}")


class CannotStart(Rule):
    """The execution role of a task lacks what its definition needs.

    In production, the task stops before its first line of log: `CannotPullContainerError`,
    `ResourceInitializationError: unable to pull secrets or registry auth`, `failed to validate logger args`. It
    looks like a missing endpoint.

    Found: a secret under `secrets` that the role may not read, or whose key it may not use, or whose policy denies
    it to all but others; an image of ECR without `ecr:BatchGetImage`; the driver `awslogs` without
    `logs:PutLogEvents`; such a definition with no execution role at all.

    Not found: what the key's or the secret's own policy allows to the role; a role that is not the deployment's, or
    that has other policies of AWS's, whose contents are not known here.

    Mend: add the action for the resource to the execution role.
    """

    code = "AL891"
    title = "execution role lacks what the task needs"
    severity = Severity.ERROR
    fix = "allow it in the policy of the execution role"
    reads = ("task_definitions", "roles", "secrets", "keys")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if not could_read(inventory, "roles"):
            return
        by_role = _by_role(inventory)
        unnamed = [one for one in by_role.get("", ()) if any(True for _ in wanted(inventory, one))]
        if unnamed:
            families = listed(one.family for one in unnamed)
            message = f"no execution role, by which image, secrets and logs are reached: {families}"
            yield Violation(unnamed[0].place, message, "execution_role_arn: none")
        roles = [role for arn in by_role if (role := inventory.role(arn))]
        for some in by_block(roles):
            lacking: dict[tuple[str, ...], list[tuple[str, str, Want]]] = {}
            for role in some:
                starts = {
                    want: one for one in by_role[_arn(by_role, role)] for want in wanted(inventory, one)
                }
                lacks = [want for want in starts if refused(inventory, role, want)]
                actions = tuple(sorted({want.action for want in lacks}))
                lacking.setdefault(actions, []).extend((role.name, starts[one].family, one) for one in lacks)
            for actions, found in lacking.items():
                if found:
                    yield Violation(
                        some[0].place,
                        f"{', '.join(actions)} is not allowed to {listed(name for name, _, _ in found)}, "
                        f"by which ECS starts {listed(family for _, family, _ in found)}",
                        "; ".join(f"{want.action} on {want.resources[0]}" for _, _, want in found[:_SHOWN]),
                    )


class NoChannels(Rule):
    """ECS Exec is on, and the task's role lacks what its agent calls.

    In production, `aws ecs execute-command` ends in `TargetNotConnectedException`, at the moment when somebody
    needs it.

    Found: a service with `enable_execute_command = true` whose task role lacks one of the four actions of
    `ssmmessages`, or that has no task role.

    Not found: `ssmmessages:*` or the four; a role with a policy of AWS's.

    Mend: allow the four actions on `*` to the task role.
    """

    code = "AL892"
    title = "ECS Exec without its permissions"
    severity = Severity.WARNING
    fix = "allow ssmmessages' CreateControlChannel, CreateDataChannel, OpenControlChannel, OpenDataChannel"
    reads = ("services", "task_definitions", "roles")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        for some in by_block(one for one in inventory.services if _no_channels(inventory, one)):
            lacks = listed(each for one in some for each in _no_channels(inventory, one))
            message = (
                f"ECS Exec is on, and the task's role may not {lacks}: {listed(one.name for one in some)}"
            )
            yield Violation(some[0].place, message, "enable_execute_command: true")


def _no_channels(inventory: Inventory, service: Service) -> list[str]:
    """Return what the role of a service's tasks lacks for ECS Exec, as far as it is known."""
    definition = inventory.definition_of(service) if service.exec_enabled else None
    role = inventory.role(definition.task_role) if definition else None
    if not definition or (role and role.managed) or (definition.task_role and not role):
        return []
    if not could_read(inventory, "roles"):
        return []
    statements = [one for policy in role.policies for one in policy.allowed] if role else []
    return [each for each in _CHANNELS if not any(one.names(each) for one in statements)]


def _by_role(inventory: Inventory) -> dict[str, list[TaskDefinition]]:
    found: dict[str, list[TaskDefinition]] = {}
    for one in inventory.task_definitions:
        found.setdefault(one.execution_role, []).append(one)
    return found


def _arn(by_role: dict[str, list[TaskDefinition]], role: Role) -> str:
    """Return how definitions name a role: by its ARN or its name."""
    return role.arn if role.arn in by_role else role.name


RULES: tuple[Rule, ...] = (OneRoleForBoth(), CannotStart(), NoChannels())
