"""The clean deployment with one policy, container or role spoiled: for tests of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from verify_inventory import changed, clean, named
from verify_network import policy_of

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from airlock.verify.services import Container, Role


def with_policy(kind: str, key: str, *statements: dict[str, Any]) -> Inventory:
    """Return an inventory in which one resource has this policy."""
    return changed(kind, key, policy=policy_of(f"{kind}.policy", *statements))


def with_container(family: str, inventory: Inventory | None = None, **values: Any) -> Inventory:
    """Return an inventory in which the one container of a task definition has other values."""
    container: Container = named("task_definitions", family, inventory).containers[0]
    return changed("task_definitions", family, inventory, containers=(replace(container, **values),))


def with_rights(name: str, *statements: dict[str, Any], inventory: Inventory | None = None) -> Inventory:
    """Return an inventory in which a role has one more policy, of these statements."""
    role: Role = named("roles", name, inventory)
    more = policy_of("aws_iam_role_policy.more", *statements)
    return changed("roles", name, inventory, policies=(*role.policies, more))


def with_trust(name: str, *statements: dict[str, Any]) -> Inventory:
    """Return an inventory in which these statements say who may take a role."""
    return changed("roles", name, trust=policy_of("aws_iam_role.trust", *statements))


def less_action(name: str, action: str) -> Inventory:
    """Return an inventory in which no statement of a role has this action."""
    role: Role = named("roles", name)
    policies = tuple(
        replace(
            policy,
            statements=tuple(
                replace(one, actions=tuple(each for each in one.actions if each != action))
                for one in policy.statements
            ),
        )
        for policy in role.policies
    )
    return changed("roles", name, policies=policies)


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def to_all(action: str | list[str] = "s3:GetObject", **condition: dict[str, Any]) -> dict[str, Any]:
    """Return a statement that allows something to `*`, under conditions by operator."""
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}


def unread(kind: str, inventory: Inventory | None = None) -> Inventory:
    """Return an inventory without a kind of resource, because it could not be read."""
    from airlock.verify.inventory import Unread  # noqa: PLC0415 - of this function alone

    values: dict[str, Any] = {kind: (), "unread": (Unread(kind, "AccessDenied"),)}
    return replace(inventory or clean(), **values)
