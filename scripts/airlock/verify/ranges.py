"""Ranges of addresses in routes and security groups: which of them are of the internet, and which cover which."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.verify.inventory import Inventory

Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_AWS = "com.amazonaws."  # how names of AWS's own prefix lists begin
# What no network of the internet has: RFC 1918, 3927, 4193, 4291, 6598; loopback and multicast are no destinations.
_PRIVATE = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)


def parsed(text: str) -> Range | None:
    """Read a range; None where it is none, as the id of a prefix list or what a plan does not know yet."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def covers(outer: str, inner: str) -> bool:
    """Tell whether one range has all addresses of another, both of one family."""
    whole, part = parsed(outer), parsed(inner)
    return whole is not None and part is not None and _within(part, whole)


def is_public(text: str) -> bool:
    """Tell whether a range has addresses of the internet."""
    found = parsed(text)
    return found is not None and not any(_within(found, one) for one in _PRIVATE)


def is_world(text: str) -> bool:
    found = parsed(text)
    return found is not None and found.prefixlen == 0


def entries(inventory: Inventory, peer: str) -> tuple[str, ...]:
    """Return the ranges that a destination or a peer stands for: itself, or those of a prefix list of one's own.

    AWS's own lists stand for a service: of those nothing is returned.
    """
    if parsed(peer):
        return (peer,)
    return next(
        (one.entries for one in inventory.prefix_lists if one.id == peer and not one.name.startswith(_AWS)),
        (),
    )


def in_vpc(inventory: Inventory, text: str) -> bool:
    """Tell whether a range lies within one of a VPC."""
    return any(covers(cidr, text) for one in inventory.vpcs for cidr in one.cidrs)


def covers_vpc(inventory: Inventory, text: str) -> bool:
    """Tell whether a range has a whole range of a VPC."""
    return any(covers(text, cidr) for one in inventory.vpcs for cidr in one.cidrs)


def all_public(inventory: Inventory, peers: Iterable[str]) -> list[str]:
    """Return those of some peers or destinations that are ranges of the internet, outside the VPCs' own."""
    return [
        peer
        for peer in peers
        if any(is_public(one) and not in_vpc(inventory, one) for one in entries(inventory, peer))
    ]


def _within(part: Range, whole: Range) -> bool:
    if isinstance(part, ipaddress.IPv4Network):
        return isinstance(whole, ipaddress.IPv4Network) and part.subnet_of(whole)
    return isinstance(whole, ipaddress.IPv6Network) and part.subnet_of(whole)
