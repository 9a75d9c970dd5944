"""The network of a deployment, as rules see it, whatever it was read from.

Identifiers are those of the source: AWS's own, or what a mocked run of Terraform made up. Where a plan does not know
a value yet, it is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airlock.verify.policy import Policy

UNKNOWN = "(known after apply)"  # what a plan leaves open; no identifier is equal to it
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}


def partition(region: str) -> str:
    """Return the partition that a region is of, as ARNs have it."""
    return next((name for begin, name in _PARTITIONS.items() if region.startswith(begin)), "aws")


@dataclass(frozen=True)
class Place:
    """Where something is: a Terraform address or an ARN, and from Terraform the file and line of its block."""

    resource: str
    path: str = ""  # relative to the project
    line: int = 0


class Target(StrEnum):
    """What a route leads to, or what kind of gateway something is."""

    LOCAL = "the VPC itself"
    INTERNET = "an internet gateway"
    NAT = "a NAT gateway"
    EGRESS_ONLY = "an egress-only internet gateway"
    PEERING = "a VPC peering connection"
    TRANSIT = "a transit gateway"
    VPN = "a virtual private gateway"
    CARRIER = "a carrier gateway"
    CORE_NETWORK = "a core network"
    LOCAL_GATEWAY = "a local gateway"  # of an Outpost
    INTERFACE = "a network interface"
    INSTANCE = "an instance"
    ENDPOINT = "a VPC endpoint"
    OTHER = "something unknown"


@dataclass(frozen=True)
class Vpc:
    """A VPC; `cidrs` of both families."""

    place: Place
    id: str
    cidrs: tuple[str, ...] = ()
    dns_support: bool = True
    dns_hostnames: bool = False


@dataclass(frozen=True)
class Subnet:
    """A subnet; `public_addresses` is what is given to an interface that asks for nothing."""

    place: Place
    id: str
    vpc: str
    zone: str
    cidr: str = ""
    public_addresses: bool = False
    ipv6_addresses: bool = False


@dataclass(frozen=True)
class Route:
    """One route; `destination` is a range of addresses or the id of a prefix list."""

    place: Place
    destination: str
    target: Target
    target_id: str = ""


@dataclass(frozen=True)
class RouteTable:
    """A route table; a `main` one holds for each subnet that no other names."""

    place: Place
    id: str
    vpc: str
    main: bool = False
    subnets: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class Gateway:
    """What might lead out of a VPC, attached to one (or not yet: "")."""

    place: Place
    id: str
    kind: Target
    vpc: str = ""
    subnet: str = ""


@dataclass(frozen=True)
class PublicAddress:
    """An Elastic IP address, or one that an interface has got (live)."""

    place: Place
    id: str
    address: str = ""
    attached_to: str = ""


@dataclass(frozen=True)
class Instance:
    """An EC2 instance; it forwards what is not its own where `forwards` (source_dest_check is off)."""

    place: Place
    id: str
    subnet: str = ""
    groups: tuple[str, ...] = ()
    public_address: bool = False
    forwards: bool = False


@dataclass(frozen=True)
class VpcEndpoint:
    """A VPC endpoint; `service` is its short name (`ecr.api`, `s3`), as airlock_spec.endpoints has it.

    Of a service of somebody else (PrivateLink), `service` is the whole name. No `policy` is AWS's default: everything.
    """

    place: Place
    id: str
    service: str
    vpc: str
    gateway: bool = False
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()
    private_dns: bool = False
    policy: Policy | None = None


class Peer(StrEnum):
    """What the other side of a security group's rule is."""

    RANGE = "range"  # of addresses
    GROUP = "group"
    PREFIX_LIST = "prefix list"


@dataclass(frozen=True)
class Permission:
    """One rule of a security group, with one peer; ports are those of `protocol`, -1 where it is of all."""

    place: Place
    protocol: str  # tcp, udp, icmp, …, or -1
    first: int
    last: int
    kind: Peer
    peer: str  # a range, a group's id, a prefix list's id

    def admits(self, port: int) -> bool:
        """Tell whether TCP to a port passes."""
        return self.protocol == "-1" or (self.protocol in ("tcp", "6") and self.first <= port <= self.last)


@dataclass(frozen=True)
class SecurityGroup:
    """A security group; `default` is the one that a VPC comes with."""

    place: Place
    id: str
    vpc: str
    name: str = ""
    default: bool = False
    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()


@dataclass(frozen=True)
class PrefixList:
    """A managed prefix list: `name` is `com.amazonaws.REGION.s3` for the gateway endpoint's."""

    place: Place
    id: str
    name: str
    entries: tuple[str, ...] = ()


@dataclass(frozen=True)
class FlowLog:
    """A flow log of a VPC, a subnet or an interface; `traffic` is ALL, ACCEPT or REJECT."""

    place: Place
    id: str
    of: str
    traffic: str


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer; `protocols` are those of its listeners."""

    place: Place
    id: str
    internal: bool
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
