"""What resources are called for people: by their ids in AWS, and by their addresses in Terraform.

A mocked run of Terraform makes ids up, and others each time: what is said of one deployment must stay the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from airlock.verify.grouped import Placed, known, listed
from airlock.verify.inventory import Source
from airlock.verify.network import Peer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Permission, SecurityGroup

_MODULES = re.compile(r"^(module\.[^.\[]+(\[[^\]]*\])?\.)+")


class Identified(Placed, Protocol):
    """A resource of an inventory that others name by its id."""

    @property
    def id(self) -> str: ...


def called(resource: Identified) -> str:
    """Return what a resource is called: its address without its modules, or AWS's id."""
    address = resource.place.resource
    return resource.id.rpartition(":")[2] if address.startswith("arn:") else _MODULES.sub("", address)


def group_called(group: SecurityGroup) -> str:
    """Return what a security group is called; of AWS with the name that it was given."""
    name = called(group)
    return f"{group.name} ({name})" if name == group.id and known(group.name) else name


def name_of(inventory: Inventory, identifier: str) -> str:
    """Return what the resource of an id is called; "" where it is made up, and nothing has it."""
    for some in (
        inventory.vpcs,
        inventory.subnets,
        inventory.route_tables,
        inventory.gateways,
        inventory.instances,
        inventory.endpoints,
        inventory.load_balancers,
    ):
        for one in some:
            if one.id == identifier:
                return called(one)
    if group := inventory.group(identifier):
        return group_called(group)
    made_up = inventory.source is Source.TERRAFORM and "-" not in identifier  # which each id of AWS has
    return identifier if known(identifier) and not made_up else ""


def names_of(inventory: Inventory, identifiers: Iterable[str]) -> str:
    """Return what resources are called, as a list for people."""
    return listed(name for one in identifiers if (name := name_of(inventory, one)))


def peer_called(inventory: Inventory, permission: Permission) -> str:
    """Return what the other side of a security group's rule is called: its range, its group, its prefix list."""
    if permission.kind is Peer.GROUP:
        return name_of(inventory, permission.peer) or "another group"
    if permission.kind is Peer.PREFIX_LIST:
        names = (one.name for one in inventory.prefix_lists if one.id == permission.peer)
        return next(names, permission.peer)
    return permission.peer


def rule_called(inventory: Inventory, permission: Permission) -> str:
    """Return a rule of a security group without its direction, as `tcp 443, 10.0.0.0/16`."""
    peer = peer_called(inventory, permission)
    if permission.protocol == "-1":
        return f"all protocols, {peer}"
    ports = "all ports" if permission.first < 0 else f"{permission.first}-{permission.last}"
    if 0 <= permission.first == permission.last:
        ports = str(permission.first)
    return f"{permission.protocol} {ports}, {peer}"
