"""Every call that is declared is made, as AWS describes it; nothing else is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session

from airlock.verify.account.account import Account
from airlock.verify.account.calls import CALLS
from airlock.verify.account.scope import Scope
from airlock.verify.inventory import Inventory
from airlock.verify.policy import Policy
from shaped_aws import DEPLOYED, ShapedAws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.account.call import Call

# What AWS cannot tell: files and lines of Terraform.
NOT_LIVE = ["Place.line", "Place.path"]
# The other ways that some answers can be, so that two deployments together have everything.
OTHERWISE: dict[str, Any] = {
    "DBClusterIdentifier": "",  # a database of its own
    "GroupName": "default",
    "KeyManager": "AWS",
    "MultiAZ": False,
    "PolicyArn": "arn:aws:iam::aws:policy/one",
    "Scheme": "internal",
    "SourceDestCheck": False,
    "Status": "Enabled",
    "Value": False,
    "VpcEndpointType": "Gateway",
    "assignPublicIp": "ENABLED",
    "essential": False,
    "iam": "ENABLED",
    "networkMode": "awsvpc",
    "scanOnPush": True,
    "transitEncryption": "ENABLED",
}
Reads = tuple[tuple[Inventory, ...], set[tuple[str, str]]]


@pytest.fixture
def read(aws_keys: None) -> Reads:
    """Read two deployments whose answers have every member; give what was called for them, too."""
    worlds = [ShapedAws(DEPLOYED), ShapedAws(DEPLOYED | OTHERWISE)]
    found = tuple(Account(one, Scope("airflow")).read() for one in worlds)
    return found, {call for one in worlds for call in one.called}


def test_every_declared_call_is_made_and_no_other(read: Reads) -> None:
    assert read[1] == {(call.service.name, call.method) for call in CALLS}


def test_whatever_an_answer_is_asked_for_is_in_its_description(read: Reads) -> None:
    assert not read[0][0].unread
    empty = [one.name for one in dataclasses.fields(Inventory) if not getattr(read[0][0], one.name)]
    assert empty == ["unread"]


def test_every_field_of_every_resource_is_filled_from_aws(read: Reads) -> None:
    seen, default = set[str](), set[str]()
    for one in read[0]:
        for told in dataclasses.fields(Inventory):
            for resource in (
                getattr(one, told.name) if told.name not in ("source", "region", "account") else ()
            ):
                for name, is_default in filled(resource):
                    (default if is_default else seen).add(name)
    assert sorted(default - seen) == NOT_LIVE


def filled(one: object) -> Iterator[tuple[str, bool]]:
    """Give every field of a resource, and of what is in it, with whether it is as it is where nothing is told."""
    if isinstance(one, tuple):
        for each in one:
            yield from filled(each)
    elif dataclasses.is_dataclass(one) and not isinstance(one, Policy):
        for told in dataclasses.fields(one):
            value = getattr(one, told.name)
            has_none = told.default is dataclasses.MISSING
            yield f"{type(one).__name__}.{told.name}", not value if has_none else value == told.default
            yield from filled(value)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.permission)
def test_a_call_is_named_as_the_api_names_it(call: Call) -> None:
    model = Session().get_service_model(call.service.name)
    operation = model.operation_model(call.operation)
    assert operation.name == call.operation
    assert operation.output_shape is not None
    assert not call.listed or call.listed in operation.output_shape.members


def test_no_call_changes_anything() -> None:
    assert {call.operation[:3] for call in CALLS} == {"Des", "Get", "Lis"}
