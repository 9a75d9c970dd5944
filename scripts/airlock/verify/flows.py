"""Connections that a deployment makes within its VPC, and whether security groups let them through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airlock.verify.called import called
from airlock.verify.grouped import known
from airlock.verify.needed import needed
from airlock.verify.network import Peer
from airlock.verify.placements import known_groups, placements, subnets_of, variable
from airlock.verify.ranges import covers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Permission, VpcEndpoint
    from airlock.verify.placements import Placement

HTTPS, NFS, API = 443, 2049, 8080
_PORTS = {"http": 80, "https": HTTPS}
_DATABASE = (("database", "sql_alchemy_conn"), ("celery", "result_backend"))
_CACHE = (("celery", "broker_url"),)
_API_URL = ("core", "execution_api_server_url")


@dataclass(frozen=True)
class End:
    """One side of a connection: what it is called, its security groups and its subnets."""

    name: str
    groups: tuple[str, ...]
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """A connection that must be possible: to any one of `servers`, each with its port; `to` says what they are."""

    client: End
    to: str
    servers: tuple[tuple[End, int], ...]


def passes(inventory: Inventory, permissions: tuple[Permission, ...], port: int, other: End) -> bool:
    """Tell whether rules of one side let TCP with the other side through."""
    return any(one.admits(port) and _is(inventory, one, other) for one in permissions)


def lets_out(inventory: Inventory, client: End, server: End, port: int) -> bool:
    """Tell whether a client's groups let it out to a server; true where the groups are not known."""
    groups = known_groups(inventory, client.groups)
    return groups is None or any(passes(inventory, one.egress, port, server) for one in groups)


def lets_in(inventory: Inventory, client: End, server: End, port: int) -> bool:
    """Tell whether a server's groups let a client in; true where the groups are not known."""
    groups = known_groups(inventory, server.groups)
    return groups is None or any(passes(inventory, one.ingress, port, client) for one in groups)


def end_of(placement: Placement) -> End:
    return End(placement.name, placement.groups, placement.subnets)


def to_endpoints(inventory: Inventory, needs: Mapping[str, str]) -> Iterator[tuple[Placement, VpcEndpoint]]:
    """Give all pairs of tasks and the endpoints in their VPC that they need."""
    everywhere = placements(inventory)
    workers = [one for one in everywhere if one.runs_dags]
    for service, reasons in needed(inventory, needs).items():
        named = {one.placement.name for one in reasons if one.placement}
        if any(one.placement is None for one in reasons):
            named |= {one.name for one in workers}  # they run what DAGs need
        for placement in everywhere:
            vpcs = {one.vpc for one in subnets_of(inventory, placement.subnets)}
            for endpoint in inventory.endpoints:
                if placement.name in named and endpoint.service == service and endpoint.vpc in vpcs:
                    yield placement, endpoint


def within(inventory: Inventory) -> Iterator[Flow]:
    """Give the connections to the database, the cache, file systems and the API server."""
    everywhere = placements(inventory)
    databases = tuple((End(one.id, one.groups, one.subnets), one.port) for one in inventory.databases)
    caches = tuple((End(one.id, one.groups, one.subnets), one.port) for one in inventory.caches)
    for one in everywhere:
        if any(_sets(one, *setting) for setting in _DATABASE):
            yield Flow(end_of(one), "the database", databases)
        broker = one.environment.get(variable("celery", "broker_url"), "")
        if any(_sets(one, *setting) for setting in _CACHE) and not broker.startswith("sqs:"):
            yield Flow(end_of(one), "the cache", caches)
        yield from _mounts(inventory, one)
        if _sets(one, *_API_URL) and one.runs_dags:  # all components may have the setting
            url = one.environment.get(variable(*_API_URL), "")
            yield Flow(end_of(one), "the API server", _api_servers(inventory, everywhere, url))
    api = tuple((end_of(one), API) for one in everywhere if one.runs("api-server"))
    for balancer in inventory.load_balancers:
        if api and balancer.groups:
            yield Flow(End(called(balancer), balancer.groups, balancer.subnets), "the API server", api)


def _mounts(inventory: Inventory, placement: Placement) -> Iterator[Flow]:
    volumes = placement.definition.volumes if placement.definition else ()
    for system in dict.fromkeys(one.file_system for one in volumes if one.file_system):
        targets = [one for one in inventory.mount_targets if one.file_system == system]
        servers = tuple((End(system, one.groups, (one.subnet,)), NFS) for one in targets)
        name = next((called(one) for one in inventory.file_systems if one.id == system), system)
        yield Flow(end_of(placement), f"the file system {name}", servers)


def _api_servers(
    inventory: Inventory, everywhere: tuple[Placement, ...], url: str
) -> tuple[tuple[End, int], ...]:
    """Return what the API's URL may lead to: tasks of the API server themselves, or a load balancer before them."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    behind = port or _PORTS.get(parts.scheme, HTTPS)
    return (
        *((end_of(one), port or API) for one in everywhere if one.runs("api-server")),
        *((End(one.id, one.groups, one.subnets), behind) for one in inventory.load_balancers if one.groups),
    )


def _sets(placement: Placement, section: str, key: str) -> bool:
    """Tell whether a task has an option of Airflow, by a variable, a command's output or a secret."""
    name = variable(section, key)
    given = {*placement.environment, *placement.secrets}
    return not given.isdisjoint((name, f"{name}_CMD", f"{name}_SECRET"))


def _is(inventory: Inventory, permission: Permission, other: End) -> bool:
    """Tell whether a rule's peer has the other side in it; what a plan does not know is taken to."""
    if not known(permission.peer):
        return True
    if permission.kind is Peer.GROUP:
        return permission.peer in other.groups
    ranges: tuple[str, ...] = (permission.peer,)
    if permission.kind is Peer.PREFIX_LIST:
        ranges = next((one.entries for one in inventory.prefix_lists if one.id == permission.peer), ())
    cidrs = [one.cidr for one in subnets_of(inventory, other.subnets) if known(one.cidr)]
    return bool(ranges) and all(any(covers(one, cidr) for one in ranges) for cidr in cidrs)
