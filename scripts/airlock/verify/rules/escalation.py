"""Roles that may become more than they are: by passing others, by AWS's broad policies, by changing permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import grants, resources
from airlock.verify.grouped import listed
from airlock.verify.rule import Rule, Violation
from airlock.verify.rules.roles import allowed, of_tasks, passes, whole
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.policy import Policy
    from airlock.verify.rule import Subject

_BROAD = ("AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "SystemAdministrator", "DataScientist")
# With any of these a role gives itself, or others, what it has not.
_ESCALATES = (
    *("iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:AttachUserPolicy"),
    *(
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:CreatePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
    ),
    *("iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy", "iam:SetDefaultPolicyVersion"),
    *("iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "kms:PutKeyPolicy", "s3:PutBucketPolicy"),
    *("ecr:SetRepositoryPolicy", "elasticfilesystem:PutFileSystemPolicy", "lambda:AddPermission"),
    *("secretsmanager:PutResourcePolicy", "sqs:AddPermission", "sqs:SetQueueAttributes"),
)


class PassesAnyRole(Rule):
    """A role may pass roles that are not named, or to services that are not.

    In production, who passes a role to a task runs as it: with `*` the scheduler's code, and so each DAG with its
    credentials, becomes the strongest role of the account that ECS may take. Without `iam:PassedToService` the same
    role may be handed to EC2, Lambda or Glue.

    Found: `iam:PassRole` (or `iam:Pass*`) on `*` or on `…:role/*`; on named roles without `iam:PassedToService`, or
    with `StringLike` and `*`.

    Not found: named roles with `iam:PassedToService`; a `Deny` of the same policy for `iam:PassRole` on `*`
    with `StringNotEquals` and `iam:PassedToService`, which says to whom for all statements.

    Mend: the ARNs of the tasks' two roles, and `iam:PassedToService` of `ecs-tasks.amazonaws.com`.
    """

    code = "AL886"
    title = "role that passes any role"
    severity = Severity.ERROR
    fix = "name the roles, with StringEquals iam:PassedToService ecs-tasks.amazonaws.com"
    reads = ("roles",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for names, policy, one in allowed(subject.inventory):
            if not any(passes(each) for each in one.actions):
                continue
            wide = any(resources.everything(each) or resources.all_of_a_type(each) for each in one.resources)
            anywhere = not grants.narrowed(one, ("iam:passedtoservice",)) and not _only_to_some(policy)
            if wide or anywhere:
                which = "any role" if wide else "its roles"
                yield Violation(
                    policy.place,
                    f"{names} may pass {which}{' to any service' if anywhere else ''}",
                    f"{policy.name}, {grants.shown(one)}: iam:PassRole on {', '.join(one.resources)}",
                )


class BroadManaged(Rule):
    """A role has one of AWS's broad policies.

    In production, `AmazonS3FullAccess` is `s3:*` on every bucket, `AdministratorAccess` is all; what they allow
    changes when AWS likes.

    Found: `AdministratorAccess`, `PowerUserAccess`, `ReadOnlyAccess`, whatever ends in `FullAccess`.

    Not found: `AmazonECSTaskExecutionRolePolicy` and others for one purpose.

    Mend: a policy of your own with the actions and resources that are used.
    """

    code = "AL887"
    title = "role with a broad policy of AWS's"
    severity = Severity.ERROR
    fix = "write a policy of the actions and resources that are used"
    reads = ("roles",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for role in subject.inventory.roles:
            for arn in role.managed:
                name = arn.rpartition("/")[2]
                if name in _BROAD or name.endswith("FullAccess"):
                    message = f"the role {role.name} has AWS's policy {name}"
                    yield Violation(role.place, message, f"attached: {arn}")


class Escalates(Rule):
    """What a task runs as may change permissions.

    In production, a DAG that may write a policy, or the trust of a role, has every permission a step later.

    Found: a role of a task with `iam:PutRolePolicy`, `iam:AttachRolePolicy`, `iam:CreatePolicyVersion`, `iam:Put*`,
    `kms:PutKeyPolicy`, `s3:PutBucketPolicy`, ….

    Not found: those of a role that no task has, as the release job's; `iam:*`, which AL883 finds.

    Mend: leave permissions to Terraform's role.
    """

    code = "AL888"
    title = "task that may change permissions"
    severity = Severity.ERROR
    fix = "remove these actions: permissions are Terraform's business"
    reads = ("roles", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        used = of_tasks(subject.inventory)
        for names, policy, one in allowed(subject.inventory, used) if used else ():
            if one.not_actions or whole(one):
                continue
            if may := [each for each in _ESCALATES if one.names(each)]:
                yield Violation(
                    policy.place,
                    f"{names}, which tasks have, may change permissions: {listed(may)}",
                    f"{policy.name}, {grants.shown(one)}: Action {', '.join(one.actions)}",
                )


def _only_to_some(policy: Policy) -> bool:
    """Tell whether a Deny of a policy says for all its statements to which services roles may be passed."""
    return any(
        one.names("iam:PassRole")
        and any(resources.everything(each) for each in one.resources)
        and [(each.operator, each.key) for each in one.conditions]
        == [("stringnotequals", "iam:passedtoservice")]
        for one in policy.statements
        if not one.allows
    )


RULES: tuple[Rule, ...] = (PassesAnyRole(), BroadManaged(), Escalates())
