"""Roles of tasks: who may take them, and what they allow."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from airlock.verify.account import calls
from airlock.verify.account.reading import Job, document
from airlock.verify.network import Place
from airlock.verify.services import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.verify.account.api import Api
    from airlock.verify.policy import Policy


def jobs(api: Api, arns: Iterable[str]) -> Iterator[Job]:
    """Give the roles of these ARNs to read."""
    for arn in arns:
        yield Job("roles", partial(_role, api, arn.rpartition("/")[2]))


def _role(api: Api, name: str) -> Iterator[Role]:
    told = api.one(calls.ROLE, name, RoleName=name)["Role"]
    place = Place(told["Arn"])
    attached = [one["PolicyArn"] for one in api.all(calls.ATTACHED, name, RoleName=name)]
    managed = tuple(one for one in attached if one.split(":")[4] == "aws")
    policies = [*_inline(api, place, name), *(_attached(api, one) for one in attached if one not in managed)]
    yield Role(
        place=place,
        arn=told["Arn"],
        name=name,
        trust=document(place, name, told.get("AssumeRolePolicyDocument")),
        policies=tuple(one for one in policies if one),
        managed=managed,
    )


def _inline(api: Api, place: Place, role: str) -> Iterator[Policy | None]:
    for name in api.all(calls.INLINE_NAMES, role, RoleName=role):
        told = api.one(calls.INLINE, role, RoleName=role, PolicyName=name)
        yield document(place, name, told["PolicyDocument"])


def _attached(api: Api, arn: str) -> Policy | None:
    told = api.one(calls.POLICY, arn, PolicyArn=arn)["Policy"]
    version = api.one(calls.POLICY_VERSION, arn, PolicyArn=arn, VersionId=told["DefaultVersionId"])
    return document(Place(arn), told["PolicyName"], version["PolicyVersion"]["Document"])
