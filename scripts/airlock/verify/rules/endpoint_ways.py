"""Whether calls come to the endpoints that are there: names, zones, routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import called, names_of
from airlock.verify.grouped import by_block, known, listed
from airlock.verify.needed import needed
from airlock.verify.network import Target
from airlock.verify.placements import placements, subnets_of
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity
from airlock_spec.endpoints import BY_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import RouteTable, Subnet, VpcEndpoint
    from airlock.verify.rule import Subject


class NoPrivateNames(Rule):
    """An interface endpoint has no private DNS.

    In production, the service's usual name resolves to public addresses as if there were no endpoint, and each call
    hangs: only clients that are told the endpoint's own name reach it, and ECS is not among them.

    Found: `aws_vpc_endpoint` of type Interface without `private_dns_enabled = true`.

    Not found: gateway endpoints, and interface endpoints beside them for S3 and DynamoDB, which the gateways serve; an
    endpoint for somebody else's service, whose clients are told its name.

    Mend: set `private_dns_enabled = true`; the VPC needs `enable_dns_support` and `enable_dns_hostnames`.
    """

    code = "AL723"
    title = "endpoint without private DNS"
    severity = Severity.ERROR
    fix = "set private_dns_enabled = true"
    reads = ("endpoints",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        endpoints = subject.inventory.endpoints
        gateways = {(one.vpc, one.service) for one in endpoints if one.gateway}
        public = [
            one
            for one in endpoints
            if not one.gateway
            and not one.private_dns
            and one.service in BY_SERVICE
            and (one.vpc, one.service) not in gateways
        ]
        for some in by_block(public):
            yield Violation(
                some[0].place,
                f"{_endpoints(some)} no private DNS: the usual names lead to public addresses",
                "private_dns_enabled = false",
            )


class TooFewZones(Rule):
    """Tasks run in an availability zone in which an interface endpoint has no address.

    In production, their calls cross zones, which AWS bills by the gigabyte, and stop where the endpoint's zone fails,
    though the tasks' own is well. ADR-001 promises endpoints in all zones. That each is billed by the hour is the other
    side: fewer zones for tasks save more than fewer for endpoints.

    Found: services in three zones, an endpoint in two.

    Not found: an endpoint with a zone in which nothing runs; zones that a plan does not know.

    Mend: give the endpoint a subnet of each zone (`subnet_ids`).
    """

    code = "AL724"
    title = "endpoint in too few zones"
    severity = Severity.WARNING
    fix = "add a subnet of each zone to subnet_ids"
    reads = ("endpoints", "subnets", "services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        subnets = [one for some in placements(inventory) for one in subnets_of(inventory, some.subnets)]
        lacking: dict[str, list[VpcEndpoint]] = {}
        for one in inventory.endpoints:
            own = subnets_of(inventory, one.subnets)
            if one.gateway or len(own) < len(one.subnets):
                continue
            zones = {found.zone for found in subnets if found.vpc == one.vpc} - {found.zone for found in own}
            if zones and all(known(zone) for zone in (*zones, *(found.zone for found in own))):
                lacking.setdefault(listed(sorted(zones)), []).append(one)
        for zones_missing, endpoints in lacking.items():
            for some in by_block(endpoints):
                yield Violation(
                    some[0].place,
                    f"{_endpoints(some)} no address in {zones_missing}, where tasks run",
                    f"subnet_ids: {names_of(inventory, some[0].subnets)}",
                )


class GatewayWithoutRoute(Rule):
    """A gateway endpoint has no route in the route table of a subnet in which tasks run.

    In production, a gateway endpoint is that route, and nothing else: without it, S3's public addresses lead nowhere.
    Image layers come from S3, so that no task starts there (`CannotPullContainerError`).

    Found: an `aws_vpc_endpoint` for s3 whose `route_table_ids` lack the table of a service's subnet.

    Not found: a table for subnets in which nothing runs; a gateway endpoint that nothing needs.

    Mend: add the table to `route_table_ids`.
    """

    code = "AL725"
    title = "gateway endpoint without a route"
    severity = Severity.ERROR
    fix = "add the table to route_table_ids of the endpoint"
    reads = ("endpoints", "subnets", "route_tables", "services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if inventory.lacks("route_tables"):
            return
        wanted = needed(inventory, subject.needs)
        for one in inventory.endpoints:
            if not one.gateway or one.service not in wanted:
                continue
            users = {reason.placement.name for reason in wanted[one.service] if reason.placement}
            places = (some for some in placements(inventory) if some.name in users)
            subnets = {found.id: found for some in places for found in subnets_of(inventory, some.subnets)}
            cut = [
                subnet
                for subnet in subnets.values()
                if subnet.vpc == one.vpc and _cut(inventory, one, subnet)
            ]
            tables = listed(
                called(table) if (table := inventory.table_of(subnet)) else "no table" for subnet in cut
            )
            if cut:
                yield Violation(
                    one.place,
                    f"the gateway endpoint for {one.service} has no route for {listed(called(found) for found in cut)} "
                    f"({tables}), where tasks run",
                    f"route_table_ids: {names_of(inventory, one.route_tables)}",
                )


class NoNames(Rule):
    """A VPC has DNS support or DNS hostnames switched off.

    In production, endpoints' private names need both: without support nothing resolves in the VPC, without hostnames
    AWS refuses private DNS, or names lead to public addresses.

    Found: `aws_vpc` without `enable_dns_hostnames = true`, which is off by default.

    Not found: a VPC without interface endpoints and tasks.

    Mend: set `enable_dns_support = true` and `enable_dns_hostnames = true`.
    """

    code = "AL726"
    title = "VPC without DNS"
    severity = Severity.ERROR
    fix = "set enable_dns_support = true and enable_dns_hostnames = true"
    reads = ("vpcs", "endpoints", "subnets")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        tasks = {found for some in placements(inventory) for found in some.subnets}
        used = {one.vpc for one in inventory.endpoints} | {
            one.vpc for one in inventory.subnets if one.id in tasks
        }
        for one in inventory.vpcs:
            settings = {"enable_dns_support": one.dns_support, "enable_dns_hostnames": one.dns_hostnames}
            off = [name for name, on in settings.items() if not on]
            if off and one.id in used:
                yield Violation(
                    one.place,
                    f"{called(one)} has {' and '.join(off)} off: names of endpoints do not resolve to their addresses",
                    "\n".join(f"{name} = false" for name in off),
                )


def _cut(inventory: Inventory, endpoint: VpcEndpoint, subnet: Subnet) -> bool:
    """Tell whether a subnet has no route to a gateway endpoint; a plan may not know the tables yet."""
    if any(not known(one) for one in endpoint.route_tables):
        return False
    table = inventory.table_of(subnet)
    return table is None or not (table.id in endpoint.route_tables or _routed(table, endpoint))


def _routed(table: RouteTable, endpoint: VpcEndpoint) -> bool:
    return any(one.target is Target.ENDPOINT and one.target_id == endpoint.id for one in table.routes)


def _endpoints(some: list[VpcEndpoint]) -> str:
    services = listed(one.service for one in some)
    return f"the endpoint for {services} has" if len(some) == 1 else f"the endpoints for {services} have"


RULES: tuple[Rule, ...] = (NoPrivateNames(), TooFewZones(), GatewayWithoutRoute(), NoNames())
