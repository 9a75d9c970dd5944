"""Whether security groups let through what tasks connect to: endpoints, S3, the database, the cache, files, the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import names_of
from airlock.verify.flows import HTTPS, End, Flow, end_of, lets_in, lets_out, to_endpoints, within
from airlock.verify.grouped import block_of, known, listed
from airlock.verify.network import Peer
from airlock.verify.placements import known_groups
from airlock.verify.ranges import covers
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Permission, Place, VpcEndpoint
    from airlock.verify.placements import Placement
    from airlock.verify.rule import Subject

_READS = ("security_groups", "endpoints", "subnets", "services", "task_definitions", "prefix_lists")


class EndpointShut(Rule):
    """An interface endpoint's security groups do not let in HTTPS from tasks that need it.

    In production, packets are dropped in silence: calls hang as if there were no endpoint, and tasks whose image, log
    or secrets come by it do not start.

    Found: an endpoint's group without ingress on TCP 443 from a service's group.

    Not found: a rule that names one of the service's groups, or a range with all of its subnets (which AL742 and AL743
    are about); tasks that do not need the endpoint.

    Mend: add an `aws_vpc_security_group_ingress_rule` for TCP 443 that refers to the tasks' group.
    """

    code = "AL731"
    title = "endpoint shut to tasks"
    severity = Severity.ERROR
    fix = "add an ingress rule for TCP 443 to the endpoint's group, from the tasks' group"
    reads = _READS

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        shut: dict[object, list[tuple[End, VpcEndpoint]]] = {}
        for placement, endpoint in to_endpoints(inventory, subject.needs):
            client, server = end_of(placement), _end(endpoint)
            if not endpoint.gateway and not lets_in(inventory, client, server, HTTPS):
                block = block_of(_place(inventory, server.groups))
                shut.setdefault(block, []).append((client, endpoint))
        for pairs in shut.values():
            groups = [group for _, endpoint in pairs for group in endpoint.groups]
            services = listed(endpoint.service for _, endpoint in pairs)
            clients = names_of(inventory, (group for client, _ in pairs for group in client.groups))
            yield Violation(
                _place(inventory, groups),
                f"tasks of {listed(client.name for client, _ in pairs)} are not let in on TCP 443 by the endpoints "
                f"for {services}",
                f"no ingress rule of {names_of(inventory, groups)} for TCP 443 from {clients}",
            )


class TasksShut(Rule):
    """Tasks' security groups do not let out HTTPS to an interface endpoint that they need.

    In production, it is as AL731: packets are dropped in silence, on the tasks' side.

    Found: a service whose groups have no egress on TCP 443 to the endpoint's group.

    Not found: a rule that names one of the endpoint's groups, or a range with all of its subnets.

    Mend: add an `aws_vpc_security_group_egress_rule` for TCP 443 that refers to the endpoint's group.
    """

    code = "AL732"
    title = "tasks shut off from endpoint"
    severity = Severity.ERROR
    fix = "add an egress rule for TCP 443 to the tasks' group, to the endpoint's group"
    reads = _READS

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        shut: dict[object, list[tuple[End, VpcEndpoint]]] = {}
        for placement, endpoint in to_endpoints(inventory, subject.needs):
            client = end_of(placement)
            if not endpoint.gateway and not lets_out(inventory, client, _end(endpoint), HTTPS):
                block = block_of(_place(inventory, client.groups))
                shut.setdefault(block, []).append((client, endpoint))
        for pairs in shut.values():
            groups = [group for client, _ in pairs for group in client.groups]
            services = listed(endpoint.service for _, endpoint in pairs)
            servers = names_of(inventory, (group for _, endpoint in pairs for group in endpoint.groups))
            yield Violation(
                _place(inventory, groups),
                f"tasks of {listed(client.name for client, _ in pairs)} are not let out on TCP 443 to the endpoints "
                f"for {services}",
                f"no egress rule of {names_of(inventory, groups)} for TCP 443 to {servers}",
            )


class NoPrefixList(Rule):
    """Tasks' security groups do not let out HTTPS to the prefix list of a gateway endpoint that they need.

    In production, S3 keeps its public addresses behind a gateway endpoint, which has no security group that a rule
    could name: without a rule to its prefix list, the route is there and the packets are dropped. Layers of images come
    from S3, so that no task starts.

    Found: a service with egress to the interface endpoints' group alone.

    Not found: egress on TCP 443 to `aws_prefix_list` of S3; egress to the world, which AL741 is about.

    Mend: add an `aws_vpc_security_group_egress_rule` for TCP 443 with the `prefix_list_id` of the endpoint.
    """

    code = "AL733"
    title = "tasks shut off from S3"
    severity = Severity.ERROR
    fix = "add an egress rule for TCP 443 to the tasks' group with prefix_list_id of the gateway endpoint"
    reads = _READS

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        shut: dict[tuple[object, str], list[Placement]] = {}
        for placement, endpoint in to_endpoints(inventory, subject.needs):
            groups = known_groups(inventory, placement.groups) if endpoint.gateway else None
            if groups and not any(
                _to_list(inventory, one, endpoint.service) for found in groups for one in found.egress
            ):
                key = (block_of(groups[0].place), endpoint.service)
                shut.setdefault(key, []).append(placement)
        for (_, service), some in shut.items():
            ids = [group for one in some for group in one.groups]
            prefixes = f"com.amazonaws.{inventory.region}.{service}"
            yield Violation(
                _place(inventory, ids),
                f"tasks of {listed(one.name for one in some)} are not let out on TCP 443 to the prefix list of "
                f"{service}",
                f"no egress rule of {names_of(inventory, ids)} with prefix_list_id of {prefixes}",
            )


class FlowShut(Rule):
    """Security groups do not let tasks reach the database, the cache, a file system or the API server.

    In production, Airflow's components hang where they connect, and their health checks fail with no message that names
    the cause. What connects to what is read from task definitions: the variables for the database, Celery's broker and
    the execution API, volumes of EFS (TCP 2049), and load balancers before the API server (TCP 8080).

    Found: a worker with `AIRFLOW__CORE__EXECUTION_API_SERVER_URL` whose groups have no egress to the API server's; a
    database whose group does not let the triggerer's in.

    Not found: a task without the variable; what is not in the inventory, as a broker of somebody else.

    Mend: add the missing rule, on the side that the finding names.
    """

    code = "AL734"
    title = "way within the VPC shut"
    severity = Severity.ERROR
    fix = "add the missing rule, by reference to the other group"
    reads = (*_READS, "databases", "caches", "mount_targets", "load_balancers")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        shut: dict[tuple[str, object, str, int], list[tuple[End, End]]] = {}
        for flow in within(inventory):
            for side, ours, other, port in _shut(inventory, flow):
                key = (side, block_of(_place(inventory, ours.groups)), flow.to, port)
                shut.setdefault(key, []).append((ours, other))
        for (side, _, to, port), ends in shut.items():
            egress = side == "egress"
            who = listed((ours if egress else other).name for ours, other in ends)
            groups = [group for ours, _ in ends for group in ours.groups]
            peers = names_of(inventory, (group for _, other in ends for group in other.groups))
            yield Violation(
                _place(inventory, groups),
                f"{who} cannot connect to {to} on TCP {port}: not let {'out' if egress else 'in'}",
                f"no {side} rule of {names_of(inventory, groups)} for TCP {port} "
                f"{'to' if egress else 'from'} {peers}",
            )


def _shut(inventory: Inventory, flow: Flow) -> Iterator[tuple[str, End, End, int]]:
    """Give the sides on which a connection is not let through, with whose they are and who the others are."""
    ways = [
        (
            lets_out(inventory, flow.client, server, port),
            lets_in(inventory, flow.client, server, port),
            server,
            port,
        )
        for server, port in flow.servers
    ]
    if not ways or any(out and into for out, into, _, _ in ways):
        return
    # What lacks one side only is what was meant; the others are other ways.
    out, into, server, port = max(ways, key=lambda way: way[0] + way[1])
    if not out:
        yield "egress", flow.client, server, port
    if not into:
        yield "ingress", server, flow.client, port


def _to_list(inventory: Inventory, permission: Permission, service: str) -> bool:
    """Tell whether a rule lets HTTPS out to a service's prefix list, or to all that is in it."""
    if not permission.admits(HTTPS):
        return False
    if not known(permission.peer):
        return True
    lists = {one.id: one for one in inventory.prefix_lists}
    if permission.kind is Peer.PREFIX_LIST:
        found = lists.get(permission.peer)
        return found is None or found.name.endswith(f".{service}") or not known(found.name)
    named = next((one for one in lists.values() if one.name.endswith(f".{service}")), None)
    entries = (named.entries if named else ()) or ("0.0.0.0/0",)
    return permission.kind is Peer.RANGE and all(
        covers(permission.peer, one) for one in entries if ":" not in one
    )


def _end(endpoint: VpcEndpoint) -> End:
    return End(endpoint.service, endpoint.groups, endpoint.subnets)


def _place(inventory: Inventory, groups: Sequence[str]) -> Place:
    found = inventory.group(groups[0])
    assert found, "only what known groups do not let through is reported"
    return found.place


RULES: tuple[Rule, ...] = (EndpointShut(), TasksShut(), NoPrefixList(), FlowShut())
