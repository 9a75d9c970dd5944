from __future__ import annotations

from dataclasses import fields

from airlock.verify.inventory import Inventory, Source
from airlock.verify.terraform.mapping.whole import _ELSEWHERE, inventory_of
from airlock.verify.terraform.modules import Modules
from airlock.verify.terraform.unknowns import KINDS
from terraform_states import resource


def test_what_is_looked_up_instead_of_made_leaves_its_fields_unread() -> None:
    state = [
        resource("data.aws_vpc.v"),
        resource("data.aws_caller_identity.me", {"account_id": "123456789012"}),
    ]
    found = inventory_of(state, Modules(), Source.TERRAFORM, "eu-west-1")
    assert found.account == "123456789012"
    assert {one.kind for one in found.unread} == {"vpcs", "gateways", "route_tables"}
    assert all("data.aws_vpc.v" in one.cause for one in found.unread)


def test_what_is_unread_is_named_by_fields_of_the_inventory() -> None:
    known = {one.name for one in fields(Inventory)}
    assert {kind for kinds in _ELSEWHERE.values() for kind in kinds} | set(KINDS.values()) <= known
