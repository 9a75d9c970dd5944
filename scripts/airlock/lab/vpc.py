"""The VPC of the lab: which addresses it has, and what its resolver answers; values alone, no network.

An interface endpoint has a private address. A gateway endpoint keeps public ones, which are routed. All other names
of the world have public addresses, as in any VPC, whose packets nobody answers. Public addresses are those that
are kept for documentation (RFC 5737), so that a mistake in the lab reaches nobody.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from airlock_spec.endpoints import BY_SERVICE, service_of_host

if TYPE_CHECKING:
    from airlock_spec.endpoint import Endpoint

TASK = "10.20.1.10"
ROUTER = "10.20.0.1"
RESOLVER = (
    "10.20.0.2"  # a VPC's resolver has the second address above its first (Amazon VPC, DHCP option sets)
)
TASK_ROLE = "169.254.170.2"  # credentials and metadata of an ECS task
INSTANCE = "169.254.169.254"  # metadata of an EC2 instance, which a task on Fargate has none of
_ENDPOINTS = ipaddress.IPv4Network("10.20.2.0/23")
_GATEWAYS = ipaddress.IPv4Network("198.51.100.0/24")
_OUTSIDE = (ipaddress.IPv4Network("203.0.113.0/24"), ipaddress.IPv4Network("192.0.2.0/24"))
_FIRST = 10
_NOWHERE = (".internal", ".local", ".localdomain", ".invalid", ".arpa", ".test")


class Way(StrEnum):
    """What a name or an address leads to, in words for people."""

    ENDPOINT = "endpoint"
    GATEWAY = "gateway endpoint"
    MISSING = "no endpoint: swallowed"
    OUTSIDE = "outside: swallowed"
    NOWHERE = "no such name"
    TASK_ROLE = "the task's role and metadata"
    INSTANCE = "an instance's metadata: swallowed"
    RESOLVER = "the resolver"
    ROUTER = "the router"


@dataclass(frozen=True)
class Answer:
    """What the resolver says to a name, and the service that it is of, where it is one of AWS's."""

    way: Way
    address: str = ""
    service: str = ""


@dataclass(frozen=True)
class Place:
    """An endpoint that is there: its address, and the names that lead to it, as patterns."""

    service: str
    way: Way
    address: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Vpc:
    """A VPC with the endpoints of these services, in this order."""

    region: str
    services: tuple[str, ...]

    @cached_property
    def places(self) -> tuple[Place, ...]:
        known = [BY_SERVICE[service] for service in self.services if service in BY_SERVICE]
        interfaces = [one for one in known if not one.gateway and one.only_in in ("", self.region)]
        gateways = [one for one in known if one.gateway]
        return (
            *(self._place(one, Way.ENDPOINT, _ENDPOINTS, number) for number, one in enumerate(interfaces)),
            *(self._place(one, Way.GATEWAY, _GATEWAYS, number) for number, one in enumerate(gateways)),
        )

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every name that a certificate must be for."""
        return tuple(host for place in self.places for host in place.hosts)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address at which something answers."""
        return (ROUTER, RESOLVER, TASK_ROLE, *(place.address for place in self.places))

    def answer(self, name: str) -> Answer:
        """Return what the resolver says to a name."""
        asked = name.lower().rstrip(".")
        for place in self.places:
            if any(_matches(asked, host, deep=place.way == Way.GATEWAY) for host in place.hosts):
                return Answer(place.way, place.address, place.service)
        if "." not in asked or asked.endswith(_NOWHERE):
            return Answer(Way.NOWHERE)
        service = service_of_host(asked)
        return Answer(Way.MISSING if service else Way.OUTSIDE, public_address(asked), service)

    def at(self, address: str) -> Answer:
        """Return what is at an address."""
        for place in self.places:
            if place.address == address:
                return Answer(place.way, address, place.service)
        known = {TASK_ROLE: Way.TASK_ROLE, INSTANCE: Way.INSTANCE, RESOLVER: Way.RESOLVER, ROUTER: Way.ROUTER}
        return Answer(known.get(address, Way.OUTSIDE), address)

    def _place(self, endpoint: Endpoint, way: Way, network: ipaddress.IPv4Network, number: int) -> Place:
        return Place(endpoint.service, way, str(network[_FIRST + number]), _hosts(endpoint, self.region))


def public_address(name: str) -> str:
    """Return the public address of a name: always the same, with a few names to each."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    network = _OUTSIDE[number % len(_OUTSIDE)]
    return str(network[1 + number // len(_OUTSIDE) % (network.num_addresses - 2)])


def _hosts(endpoint: Endpoint, region: str) -> tuple[str, ...]:
    host = endpoint.at(region, "*")
    if endpoint.service != "s3":
        return (host,)
    # S3's names without a region lead to us-east-1, whose addresses no other region's gateway routes
    without = ("s3.amazonaws.com", "*.s3.amazonaws.com") if region == "us-east-1" else ()
    return (host, f"*.{host}", *without)


def _matches(name: str, pattern: str, *, deep: bool) -> bool:
    """Whether a name is of a pattern; `deep`: also with more labels, as a bucket's, which no certificate is for."""
    return fnmatchcase(name, pattern) and (deep or name.count(".") == pattern.count("."))
