"""Ways out of the VPC: gateways, instances that forward, and routes to what is not its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airlock.verify.called import called, name_of
from airlock.verify.grouped import listed
from airlock.verify.network import Target
from airlock.verify.routing import routes, strays, whose
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Gateway, Route, RouteTable
    from airlock.verify.rule import Subject


class Ways(Rule):
    """A rule that reports gateways of one kind, and routes to such that are not in the inventory."""

    kind: ClassVar[Target]
    severity = Severity.ERROR
    reads = ("gateways", "route_tables", "prefix_lists")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        for one in inventory.gateways:
            if one.kind is self.kind:
                yield Violation(one.place, f"there is {self.kind}{_of(inventory, one)}", called(one))
        for table, route in strays(inventory, (self.kind,)):
            yield _stray(inventory, table, route)


class InternetGateway(Ways):
    """There is an internet gateway.

    In production, it is half of a way out: with a route to it and a public address, a task talks to the internet, and
    the internet to it. The architecture's decision is that there is none: then neither a route nor an address that
    somebody adds later leads anywhere.

    Found: `aws_internet_gateway`, attached or not yet; a route to one that is not in the inventory.

    Not found: a VPC without one.

    Mend: remove the `aws_internet_gateway` and the routes to it. What must call out goes by way of the outbox
    (docs/outbox.md), which stands outside the VPC.
    """

    code = "AL701"
    title = "internet gateway"
    fix = "remove the aws_internet_gateway and the routes to it"
    kind = Target.INTERNET


class NatGateway(Ways):
    """There is a NAT gateway.

    In production, each task whose subnet has a route to it reaches every host of the internet, unseen by endpoint
    policies; and it is what the architecture was to save: an hourly price in each availability zone, and for
    each gigabyte several times an endpoint's.

    Found: `aws_nat_gateway`; a route to one that is not in the inventory.

    Not found: interface endpoints, which reach their service alone.

    Mend: remove the `aws_nat_gateway`, its Elastic IP and the routes to it, and make the endpoints that AL721 names;
    `airlock cost` compares the two.
    """

    code = "AL702"
    title = "NAT gateway"
    fix = (
        "remove the aws_nat_gateway, its Elastic IP and the routes to it; make endpoints for what it was for"
    )
    kind = Target.NAT


class NatInstance(Rule):
    """An instance forwards what is not its own, or a route leads to an instance or a network interface.

    In production, that is a NAT gateway by another name, or a proxy or firewall that nobody counts: a way out on a
    machine that must be patched, and that takes the way with it when it dies.

    Found: `aws_instance` with `source_dest_check = false`; a route to an instance or a network interface.

    Not found: an instance that keeps the check and that no route leads to.

    Mend: remove the instance and the routes to it, or set `source_dest_check = true` where it forwards nothing.
    """

    code = "AL703"
    title = "instance that forwards"
    severity = Severity.ERROR
    fix = "remove the instance and the routes to it, or set source_dest_check = true"
    reads = ("instances", "route_tables", "prefix_lists")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        for one in inventory.instances:
            if one.forwards:
                yield Violation(
                    one.place,
                    f"the instance {called(one)} forwards what is not its own",
                    "source_dest_check = false",
                )
        forwarding = {one.id for one in inventory.instances if one.forwards}
        for table, route in strays(inventory, (Target.INSTANCE, Target.INTERFACE)):
            if route.target_id not in forwarding:
                yield _stray(inventory, table, route)


class EgressOnlyGateway(Ways):
    """There is an egress-only internet gateway.

    In production, it is for IPv6 what a NAT gateway is for IPv4, and free: with a route to it, each task with an IPv6
    address reaches the internet.

    Found: `aws_egress_only_internet_gateway`; a route to one that is not in the inventory.

    Not found: a VPC with a range of IPv6 and without such a gateway.

    Mend: remove the gateway and the routes of `::/0` to it.
    """

    code = "AL704"
    title = "egress-only internet gateway"
    fix = "remove the aws_egress_only_internet_gateway and the routes to it"
    kind = Target.EGRESS_ONLY


_NETWORKS = (
    Target.PEERING,
    Target.TRANSIT,
    Target.VPN,
    Target.CARRIER,
    Target.CORE_NETWORK,
    Target.LOCAL_GATEWAY,
)


class OtherNetworks(Rule):
    """There is a way to other networks: peering, a transit gateway, a VPN, a core network, a carrier's.

    In production, what those networks reach, tasks may reach by way of them, an internet gateway of theirs among it;
    and what they let in may reach the tasks. It is an error where a route leads there, and a warning where none does
    yet. Where `hosts` of `[tool.airlock.network]` names hosts that can be reached all the same, the way is taken to
    be for them, and reported as information; but never a carrier's, which is a way to the internet.

    Found: `aws_vpc_peering_connection` with a route to it.

    Not found: an endpoint for somebody else's service (PrivateLink), which is one service and no network.

    Mend: remove it, or offer the one service there by PrivateLink; or name what it is for in `hosts`.
    """

    code = "AL705"
    title = "way to other networks"
    severity = Severity.ERROR
    fix = "remove it, use PrivateLink for the one service, or name what it is for in hosts of [tool.airlock.network]"
    reads = ("gateways", "route_tables", "prefix_lists")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory, hosts = subject.inventory, subject.network.hosts
        for one in inventory.gateways:
            if one.kind not in _NETWORKS:
                continue
            to = [route.destination for _, route in routes(inventory) if route.target_id == one.id]
            there = f", to which {listed(to)} is routed" if to else ", to which no route leads yet"
            why = f"; [tool.airlock.network] says that {listed(hosts)} can be reached" if hosts else ""
            severity = Severity.ERROR if to else Severity.WARNING
            if one.kind is Target.CARRIER:
                severity, why = Severity.ERROR, ""
            elif hosts:
                severity = Severity.INFO
            yield Violation(
                one.place,
                f"there is {one.kind}{_of(inventory, one)}{there}{why}",
                called(one),
                severity=severity,
            )
        for table, route in strays(inventory, _NETWORKS):
            reason = hosts and route.target is not Target.CARRIER
            yield _stray(inventory, table, route, Severity.INFO if reason else None)


def _of(inventory: Inventory, gateway: Gateway) -> str:
    nowhere = "" if gateway.vpc or gateway.subnet else ", attached to no VPC yet"
    vpc = name_of(inventory, gateway.vpc)
    return f" of {vpc}" if vpc else nowhere


def _stray(
    inventory: Inventory, table: RouteTable, route: Route, severity: Severity | None = None
) -> Violation:
    target = name_of(inventory, route.target_id)
    return Violation(
        route.place,
        f"{route.destination} leads to {route.target}{f' ({target})' if target else ''}, "
        f"for {whose(inventory, table)}",
        f"{called(table)}: {route.destination} → {target or route.target}",
        severity=severity,
    )


RULES: tuple[Rule, ...] = (
    InternetGateway(),
    NatGateway(),
    NatInstance(),
    EgressOnlyGateway(),
    OtherNetworks(),
)
