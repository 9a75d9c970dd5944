"""What ECS needs to start a task, by its execution role: the image, the secrets, their key, the log group."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.verify import grants
from airlock.verify.images import in_ecr
from airlock.verify.inventory import Source
from airlock.verify.kept import key_of, known, secret_arn, secret_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.policy import Statement
    from airlock.verify.services import Container, Role, Secret, TaskDefinition

MANAGED = "AmazonECSTaskExecutionRolePolicy"  # pulls of every repository, writing to every log group
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - an action's name


@dataclass(frozen=True)
class Want:
    """One action that ECS calls as the execution role; any of `resources` names what it is for."""

    action: str
    resources: tuple[str, ...]
    through: str = ""  # the service, where KMS is called by one


def wanted(inventory: Inventory, definition: TaskDefinition) -> Iterator[Want]:
    """Give what a task's start calls, as far as its definition is known."""
    for container in definition.containers:
        yield from _pulls(container)
        yield from _writes(inventory, container)
        yield from _reads(inventory, container)


def refused(inventory: Inventory, role: Role, want: Want) -> bool:
    """Tell whether a role may not do what is wanted; where that is not known, it may."""
    others = [one for one in role.managed if not one.endswith(f"/{MANAGED}")]
    if others or (len(role.managed) > len(others) and want.action.startswith(("ecr:", "logs:"))):
        return False
    statements = [one for policy in role.policies for one in policy.statements]
    if any(_denies(one, want) for one in statements):
        return True
    secret = secret_of(inventory.secrets, want.resources[0]) if want.action == _READ_SECRET else None
    if secret and _shuts_out(secret, role):
        return True
    if any(_allows(inventory, one, want) for one in statements):
        return False
    return not _granted_there(inventory, role, want, secret)


def _pulls(container: Container) -> Iterator[Want]:
    image = in_ecr(container.image) if known(container.image) else None
    if image:
        yield Want("ecr:GetAuthorizationToken", ("*",))
        yield from (Want(action, (image.arn,)) for action in _PULL)


def _writes(inventory: Inventory, container: Container) -> Iterator[Want]:
    options = container.log_options
    group = options.get("awslogs-group", "")
    if container.log_driver == "awslogs" and group and known(group):
        region = options.get("awslogs-region") or inventory.region
        arn = f"arn:aws:logs:{region}:{inventory.account}:log-group:{group}"
        actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
        if options.get("awslogs-create-group") == "true":
            actions.append("logs:CreateLogGroup")
        yield from (Want(action, (f"{arn}:log-stream:x",)) for action in actions)


def _reads(inventory: Inventory, container: Container) -> Iterator[Want]:
    for value in dict.fromkeys(container.secrets.values()):
        if not known(value):
            continue
        if ":secretsmanager:" not in value:
            name = value.rpartition(":parameter/")[2].lstrip("/")
            arn = f"arn:aws:ssm:{inventory.region}:{inventory.account}:parameter/{name}"
            yield Want("ssm:GetParameters", (value if value.startswith("arn:") else arn,))
            continue
        yield Want(_READ_SECRET, (secret_arn(value),))
        secret = secret_of(inventory.secrets, value)
        key = key_of(inventory, secret.encryption.key) if secret and secret.encryption.key else None
        if key:
            yield Want("kms:Decrypt", key.names, "secretsmanager")


def _allows(inventory: Inventory, statement: Statement, want: Want) -> bool:
    if not statement.allows or not statement.names(want.action):
        return False
    through = grants.limiting(statement, "kms:viaservice")
    if want.through and through and not any(one.startswith((f"{want.through}.", "*")) for one in through):
        return False
    if statement.not_resources:
        return not _matches(statement.not_resources, want)
    if _matches(statement.resources, want):
        return True
    # Without AWS, ARNs that it gives are made up: only one that is another's of this deployment is certainly another.
    made = {one.arn for one in inventory.secrets} | {name for one in inventory.keys for name in one.names}
    return inventory.source is not Source.AWS and any(one not in made for one in statement.resources)


def _denies(statement: Statement, want: Want) -> bool:
    unconditional = not statement.allows and not statement.conditions and not statement.principals
    return unconditional and statement.names(want.action) and _matches(statement.resources, want)


def _matches(patterns: tuple[str, ...], want: Want) -> bool:
    return any(not known(one) or any(fnmatchcase(arn, one) for arn in want.resources) for one in patterns)


def _shuts_out(secret: Secret, role: Role) -> bool:
    """Tell whether a secret's policy denies reading it to all but some, and the role is none of these."""
    for one in secret.policy.statements if secret.policy else ():
        spared = [each for each in one.conditions if each.key == "aws:principalarn"]
        if one.allows or not grants.anybody(one) or not one.names(_READ_SECRET) or len(one.conditions) != 1:
            continue
        names = spared[0].values if spared and "not" in spared[0].operator else ()
        if (
            names
            and known(role.arn)
            and not any(not known(name) or fnmatchcase(role.arn, name) for name in names)
        ):
            return True
    return False


def _granted_there(inventory: Inventory, role: Role, want: Want, secret: Secret | None) -> bool:
    """Tell whether the secret's or the key's own policy allows it to the role, which does as well."""
    policies = [secret.policy] if secret else []
    if want.action == "kms:Decrypt":
        key = inventory.key(want.resources[0])
        policies = [key.policy] if key else []
    return any(
        one.names(want.action) and any(each.value in ("*", role.arn) for each in one.principals)
        for policy in policies
        if policy
        for one in policy.allowed
    )
