"""The least policy of IAM that reading a deployment needs: an action for each call that is made, no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.verify.account.calls import CALLS
from airlock.verify.account.where import Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.verify.account.call import Call
    from airlock.verify.inventory import Inventory

_VERSION = "2012-10-17"  # of IAM's policy language


def policy(
    cluster: str = "", region: str = "", account: str = "", found: Inventory | None = None
) -> dict[str, Any]:
    """Return the policy, as JSON has it; what is not given is `*` in its ARNs.

    With an inventory of the same deployment that was read before, it names the resources themselves.
    """
    place = {
        "partition": Where(region).partition if region else "*",
        "region": region or "*",
        "account": account or "*",
        "cluster": cluster.rpartition("/")[2] or "*",
    }
    grouped: dict[tuple[tuple[str, ...], str], list[Call]] = {}
    for call in CALLS:
        key = (_resources(call, place, found), repr(sorted(call.only.items())))
        grouped.setdefault(key, []).append(call)
    return {
        "Version": _VERSION,
        "Statement": [_statement(resources, made, place) for (resources, _), made in grouped.items()],
    }


def _resources(call: Call, place: Mapping[str, str], found: Inventory | None) -> tuple[str, ...]:
    listed = getattr(found, call.kind) if found and call.kind else ()
    return tuple(one.place.resource for one in listed) or (call.resource.format_map(place),)


def _statement(resources: tuple[str, ...], made: list[Call], place: Mapping[str, str]) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": sorted({one.permission for one in made}),
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }
    if condition := made[0].only:
        statement["Condition"] = {
            operator: {key: value.format_map(place) for key, value in keys.items()}
            for operator, keys in condition.items()
        }
    return statement
