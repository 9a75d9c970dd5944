"""Security groups, and the prefix lists that they and routes name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.verify.account import calls
from airlock.verify.account.reading import Job
from airlock.verify.network import Peer, Permission, Place, PrefixList, RouteTable, SecurityGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.account.api import Api
    from airlock.verify.account.where import Where

_PEERS = (
    ("IpRanges", "CidrIp", Peer.RANGE),
    ("Ipv6Ranges", "CidrIpv6", Peer.RANGE),
    ("UserIdGroupPairs", "GroupId", Peer.GROUP),
    ("PrefixListIds", "PrefixListId", Peer.PREFIX_LIST),
)


def jobs(api: Api, where: Where) -> Iterator[Job]:
    yield Job("security_groups", lambda: _groups(api, where))


def prefix_list_jobs(
    api: Api, groups: Iterable[SecurityGroup], tables: Iterable[RouteTable]
) -> Iterator[Job]:
    """Give the prefix lists that groups and routes name."""
    rules = (rule for one in groups for rule in (*one.ingress, *one.egress))
    named = {rule.peer for rule in rules if rule.kind is Peer.PREFIX_LIST}
    named |= {
        route.destination for one in tables for route in one.routes if route.destination.startswith("pl-")
    }
    if named:
        yield Job("prefix_lists", lambda: _prefix_lists(api, sorted(named)))


def _groups(api: Api, where: Where) -> Iterator[SecurityGroup]:
    for one in api.all(calls.GROUPS, Filters=where.within()):
        place = where.ec2("security-group", one["GroupId"])
        yield SecurityGroup(
            place=place,
            id=one["GroupId"],
            vpc=one["VpcId"],
            name=one.get("GroupName", ""),
            default=one.get("GroupName") == "default",  # nobody else may have the name
            ingress=tuple(permissions(place, one.get("IpPermissions", []))),
            egress=tuple(permissions(place, one.get("IpPermissionsEgress", []))),
        )


def permissions(place: Place, told: Iterable[Mapping[str, Any]]) -> Iterator[Permission]:
    """Give rules of a group with one peer each."""
    for one in told:
        protocol = str(one.get("IpProtocol", "-1"))
        first, last = int(one.get("FromPort", -1)), int(one.get("ToPort", -1))
        for listed, key, kind in _PEERS:
            for peer in one.get(listed, []):
                yield Permission(place, protocol, first, last, kind, str(peer.get(key, "")))


def _prefix_lists(api: Api, named: list[str]) -> Iterator[PrefixList]:
    for one in api.all(calls.PREFIX_LISTS, Filters=[{"Name": "prefix-list-id", "Values": named}]):
        identifier = one["PrefixListId"]
        if identifier not in named:
            continue
        entries = api.all(calls.PREFIXES, identifier, PrefixListId=identifier)
        yield PrefixList(
            place=Place(one["PrefixListArn"]),
            id=identifier,
            name=one["PrefixListName"],
            entries=tuple(entry["Cidr"] for entry in entries),
        )
