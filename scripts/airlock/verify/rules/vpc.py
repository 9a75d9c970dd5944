"""The VPC around tasks: flow logs, load balancers, zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.called import called, names_of
from airlock.verify.grouped import by_block, known, listed
from airlock.verify.placements import placements, subnets_of
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import Vpc
    from airlock.verify.rule import Subject

_ALL = "ALL"
_TWO = 2


class NoFlowLogs(Rule):
    """A VPC has no flow logs, or logs a part of its traffic.

    In production, a flow log is what tells a call that a group refused from one that had no route, and what shows that
    nothing went elsewhere. REJECT alone does not show what was let through; ACCEPT alone not what is missing.

    Found: a VPC without `aws_flow_log`, or with one whose `traffic_type` is ACCEPT or REJECT.

    Not found: logs of all traffic of the VPC, or of each of its subnets; one of ACCEPT beside one of REJECT.

    Mend: write an `aws_flow_log` with `vpc_id` and `traffic_type = "ALL"`.
    """

    code = "AL751"
    title = "VPC without flow logs"
    severity = Severity.WARNING
    fix = 'write an aws_flow_log with vpc_id and traffic_type = "ALL"'
    reads = ("vpcs", "subnets", "flow_logs")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if inventory.lacks("flow_logs") or any(not known(one.of) for one in inventory.flow_logs):
            return  # a plan does not know yet whose they are
        for vpc in inventory.vpcs:
            logged = _logged(inventory, vpc)
            if _ALL in logged:
                continue
            kinds = " and ".join(sorted(logged))
            logs = [one for one in inventory.flow_logs if one.of == vpc.id]
            yield Violation(
                logs[0].place if logs else vpc.place,
                f"flow logs of {called(vpc)} have {kinds} traffic alone"
                if kinds
                else f"{called(vpc)} has no flow logs",
                f"traffic_type = {kinds}" if kinds else "no aws_flow_log of it, nor of each of its subnets",
            )


class PublicBalancer(Rule):
    """A load balancer faces the internet.

    In production, it has public addresses and wants an internet gateway: Airflow's API and its page to log in are there
    for all.

    Found: `aws_lb` without `internal = true`.

    Not found: an internal load balancer, which people reach from a peered network or a VPN.

    Mend: set `internal = true`; it makes a new load balancer.
    """

    code = "AL752"
    title = "load balancer facing the internet"
    severity = Severity.ERROR
    fix = "set internal = true"
    reads = ("load_balancers",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.load_balancers:
            if not one.internal:
                yield Violation(
                    one.place, f"the load balancer {called(one)} faces the internet", "internal = false"
                )


class PlainBalancer(Rule):
    """A load balancer listens on plain HTTP.

    In production, passwords and tokens of Airflow's API pass in clear between people and the load balancer. Whether a
    listener only redirects to HTTPS is not looked at: in a private network nobody needs that.

    Found: `aws_lb_listener` with `protocol = "HTTP"`.

    Not found: HTTPS and TLS; TCP, behind which the tasks may speak TLS themselves.

    Mend: set `protocol = "HTTPS"` with a certificate.
    """

    code = "AL753"
    title = "load balancer on plain HTTP"
    severity = Severity.ERROR
    fix = 'set protocol = "HTTPS" and a certificate_arn'
    reads = ("load_balancers",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.load_balancers:
            if "HTTP" in one.protocols:
                yield Violation(
                    one.place,
                    f"the load balancer {called(one)} listens on plain HTTP",
                    f"protocols of listeners: {listed(one.protocols)}",
                )


class OneZone(Rule):
    """Tasks run in one availability zone.

    In production, they stop where it fails, and ECS has nowhere else to start them.

    Found: a service with subnets of one zone, or with one subnet.

    Not found: subnets of two zones; subnets that are not in the inventory.

    Mend: give the service subnets of two zones or more, in which the endpoints are, too.
    """

    code = "AL754"
    title = "tasks in one zone"
    severity = Severity.WARNING
    fix = "give the service subnets of two availability zones or more"
    reads = ("subnets", "services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        found = []
        for one in placements(inventory):
            subnets = subnets_of(inventory, one.subnets)
            zones = {subnet.zone for subnet in subnets}
            complete = len(subnets) == len(set(one.subnets)) and all(known(zone) for zone in zones)
            if subnets and complete and len(zones) < _TWO:
                found.append(one)
        for some in by_block(found):
            zones = {subnet.zone for subnet in subnets_of(inventory, some[0].subnets)}
            yield Violation(
                some[0].place,
                f"tasks of {listed(one.name for one in some)} run in {listed(zones)} alone",
                f"subnets: {names_of(inventory, some[0].subnets)}",
            )


def _logged(inventory: Inventory, vpc: Vpc) -> set[str]:
    """Return which traffic of a VPC is logged: ALL, or what there is of ACCEPT and REJECT."""
    of: dict[str, set[str]] = {}
    for one in inventory.flow_logs:
        of.setdefault(one.of, set()).add(one.traffic)
    subnets = [of.get(one.id, set()) for one in inventory.subnets if one.vpc == vpc.id]
    everywhere = set.intersection(*subnets) if subnets else set()
    found = of.get(vpc.id, set()) | everywhere
    return {_ALL} if _ALL in found or {"ACCEPT", "REJECT"} <= found else found


RULES: tuple[Rule, ...] = (NoFlowLogs(), PublicBalancer(), PlainBalancer(), OneZone())
