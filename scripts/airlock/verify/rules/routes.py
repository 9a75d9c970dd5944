"""Route tables: routes to the internet, and subnets that have no table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import called, name_of
from airlock.verify.grouped import by_block, known, listed
from airlock.verify.network import Target
from airlock.verify.placements import placements
from airlock.verify.routing import leads_out, whose
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.network import Route
    from airlock.verify.rule import Subject


class RouteOut(Rule):
    """A route sends addresses of the internet to something.

    In production, this is what makes a subnet no private one. A default route (`0.0.0.0/0`, `::/0`) is the usual form;
    its two halves (`0.0.0.0/1` and `128.0.0.0/1`) and any other public range are the same. Where the route leads to a
    gateway that is not there any more, calls without an endpoint hang as without the route.

    Found: `0.0.0.0/0` to a NAT gateway, to a transit gateway, or to an endpoint of a Gateway Load Balancer.

    Not found: the VPC's own range; the prefix list of S3 to the gateway endpoint.

    Mend: remove the route; endpoints take its place.
    """

    code = "AL706"
    title = "route to the internet"
    severity = Severity.ERROR
    fix = (
        "remove the route: a NAT-free route table has its VPC's own range and gateway endpoints, nothing else"
    )
    reads = ("route_tables", "prefix_lists", "vpcs")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        for table in inventory.route_tables:
            out: dict[tuple[Target, str], list[Route]] = {}
            for route in table.routes:
                if leads_out(inventory, route):
                    out.setdefault((route.target, route.target_id), []).append(route)
            for (target, identifier), routes in out.items():
                ranges = listed(one.destination for one in routes)
                name = name_of(inventory, identifier)
                named = f" ({name})" if name else ""
                yield Violation(
                    routes[0].place,
                    f"{ranges} leads to {target}{named}, for {whose(inventory, table)}",
                    f"{called(table)}: {ranges} → {name or target}",
                )


class MainTable(Rule):
    """A subnet in which tasks run has no route table of its own.

    In production, the VPC's main route table holds for it: what somebody adds there for another subnet, a default route
    for one, holds for the tasks, too. It is an error where the main table has a route beside the VPC's own already.

    Found: an `aws_subnet` without an `aws_route_table_association`, in which a service runs.

    Not found: subnets in which nothing runs; tables that a plan does not know yet.

    Mend: write an `aws_route_table_association` for it.
    """

    code = "AL707"
    title = "subnet on the main route table"
    severity = Severity.WARNING
    fix = "write an aws_route_table_association for it"
    reads = ("subnets", "route_tables", "services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        own = {subnet for one in inventory.route_tables for subnet in one.subnets}
        if inventory.lacks("route_tables") or not all(known(one) for one in own):
            return
        used = {found for one in placements(inventory) for found in one.subnets}
        strays = (one for one in inventory.subnets if one.id in used and one.id not in own)
        for some in by_block(strays):
            table = inventory.table_of(some[0])
            routes = [one for one in table.routes if one.target is not Target.LOCAL] if table else []
            also = f", which has routes to {listed(one.target for one in routes)}" if routes else ""
            yield Violation(
                some[0].place,
                f"no route table of its own for {listed(called(one) for one in some)}: the main one holds{also}",
                f"main route table: {called(table) if table else 'not in the inventory'}",
                severity=Severity.ERROR if routes else None,
            )


RULES: tuple[Rule, ...] = (RouteOut(), MainTable())
