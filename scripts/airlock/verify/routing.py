"""Routes of an inventory: where they lead, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import names_of
from airlock.verify.network import Target
from airlock.verify.ranges import all_public

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Route, RouteTable


def routes(inventory: Inventory) -> Iterator[tuple[RouteTable, Route]]:
    """Give all routes, with their tables."""
    return ((table, route) for table in inventory.route_tables for route in table.routes)


def strays(inventory: Inventory, kinds: tuple[Target, ...]) -> Iterator[tuple[RouteTable, Route]]:
    """Give routes to what is not in the inventory, but for those that `leads_out` is about."""
    known = {one.id for one in inventory.gateways}
    for table, route in routes(inventory):
        if route.target in kinds and route.target_id not in known and not leads_out(inventory, route):
            yield table, route


def leads_out(inventory: Inventory, route: Route) -> bool:
    """Tell whether a route sends addresses of the internet to anything."""
    return route.target is not Target.LOCAL and bool(all_public(inventory, [route.destination]))


def whose(inventory: Inventory, table: RouteTable) -> str:
    """Return which subnets a table holds for, in words for people."""
    if table.subnets:
        return names_of(inventory, table.subnets) or "subnets that are not in the inventory"
    return "each subnet without a table of its own" if table.main else "no subnet yet"
