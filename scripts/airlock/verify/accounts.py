"""Which accounts are the deployment's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import grants
from airlock.verify.images import in_ecr

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory


def own(inventory: Inventory) -> frozenset[str]:
    """Return the account's number; where the source does not know it, those that the deployment's resources are of.

    Without AWS, ARNs are partly made up: so whose images tasks run, and for whom services may take roles, counts too.
    Empty where nothing tells.
    """
    if inventory.account:
        return frozenset((inventory.account,))
    arns = [one.arn for one in inventory.roles] + [one.arn for one in inventory.secrets]
    arns += [one.id for one in inventory.task_definitions]
    found = {grants.account_of(one) for one in arns}
    containers = (one for definition in inventory.task_definitions for one in definition.containers)
    found |= {image.account for one in containers if (image := in_ecr(one.image))}
    trusts = (one for role in inventory.roles if role.trust for one in role.trust.allowed)
    found |= {
        value
        for one in trusts
        if not grants.anybody(one)
        for value in grants.limiting(one, "aws:sourceaccount")
    }
    return frozenset(found - {""})
