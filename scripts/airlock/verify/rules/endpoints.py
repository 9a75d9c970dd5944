"""VPC endpoints: those that are missing, and those that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.grouped import known, listed
from airlock.verify.needed import Reason, needed
from airlock.verify.network import Place
from airlock.verify.placements import placements, subnets_of
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity
from airlock_spec.endpoints import BY_SERVICE, remedy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.inventory import Inventory
    from airlock.verify.placements import Placement
    from airlock.verify.rule import Subject

PROMISE = "[tool.airlock.network] endpoints"
# What ECS needs itself fails before the task runs; what a task calls hangs by botocore's defaults: three attempts, each
# with 60 s to connect. Measured.
_STARTS = "no task of it starts: ECS tries for minutes, then stops it"
_HANGS = "each call hangs for 180 s, by botocore's defaults, and again with each retry of a task"


class MissingEndpoint(Rule):
    """Something needs an AWS service for which the VPC has no endpoint.

    In production, the service's name resolves to public addresses, to which nothing leads. What ECS itself needs (the
    image, the log driver, secrets of the task definition) keeps tasks from starting, with `CannotPullContainerError` or
    `ResourceInitializationError` after minutes. What a task or a component of Airflow calls hangs for 180 s by
    botocore's defaults, and fails; where it is the scheduler's executor, nothing is ever started. What is needed is
    read from the task definitions (images, log drivers, secrets, Airflow's settings among the variables), services
    (ECS Exec), DAGs where they were asked, and `endpoints` of `[tool.airlock.network]`, which `airlock check` trusts.

    Found: `AwsEcsExecutor` in `AIRFLOW__CORE__EXECUTOR` without an endpoint for `ecs`, which ADR-001 leaves out.

    Not found: a service that nothing is known to need; S3 by an interface endpoint with private DNS.

    Mend: make the endpoint.
    """

    code = "AL721"
    title = "endpoint missing"
    severity = Severity.ERROR
    fix = "make the endpoint"
    reads = ("endpoints", "services", "task_definitions", "subnets")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        if inventory.lacks("endpoints"):
            return
        zones = zones_of(inventory) or subject.network.zones
        for service, reasons in _promised(subject).items():
            lacking = [one for one in reasons if not _has(inventory, service, one.placement)]
            if lacking:
                yield Violation(
                    _where(inventory, lacking),
                    f"there is no endpoint for {service}, {_by(lacking)}",
                    "\n".join(f"{one.who}: {one.why}" for one in lacking),
                    remedy(service, zones),
                )


class NeedlessEndpoint(Rule):
    """Nothing is known to need an endpoint.

    In production, it works and is billed: an interface endpoint by the hour in each availability zone. What a DAG calls
    is known only where DAGs are asked for; what is needed all the same belongs into `endpoints` of
    `[tool.airlock.network]`. Of ADR-001's, kms and sts are often such: encryption at rest is the services' own
    business, and a task's credentials come from a link-local address.

    Found: an endpoint for `sts` where no connection assumes a role.

    Not found: a gateway endpoint, which is free; an endpoint for somebody else's service; any endpoint of an inventory
    without services, since nothing there tells.

    Mend: remove it, or name it in `endpoints` of `[tool.airlock.network]`.
    """

    code = "AL722"
    title = "endpoint that nobody needs"
    severity = Severity.INFO
    fix = f"remove it, or name it in {PROMISE}"
    reads = ("endpoints", "services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        inventory = subject.inventory
        everywhere = placements(inventory)
        told = any(one.definition and one.definition.containers for one in everywhere)
        if inventory.lacks(*self.reads) or not told:
            return
        wanted = _promised(subject)
        for one in inventory.endpoints:
            endpoint = BY_SERVICE.get(one.service)
            if endpoint and not one.gateway and not endpoint.gateway and one.service not in wanted:
                price = endpoint.monthly(len(one.subnets))
                yield Violation(
                    one.place,
                    f"nothing is known to need the endpoint for {one.service}, ${price:.2f} a month before traffic",
                    f"in {len(one.subnets)} subnets",
                )


def zones_of(inventory: Inventory) -> int:
    """Return in how many availability zones tasks run, 0 where nothing tells."""
    everywhere = (one.subnets for one in placements(inventory))
    return len({one.zone for some in everywhere for one in subnets_of(inventory, some) if known(one.zone)})


def _promised(subject: Subject) -> Mapping[str, tuple[Reason, ...]]:
    """Return what is needed, with what the project says it has as one more reason."""
    found = dict(needed(subject.inventory, subject.needs))
    for service in subject.network.endpoints or ():
        found[service] = (*found.get(service, ()), Reason(PROMISE, "airlock check judges DAGs by it"))
    return found


def _has(inventory: Inventory, service: str, placement: Placement | None) -> bool:
    """Tell whether the VPC of some tasks has the endpoint; of no tasks in particular, whether any VPC has."""
    there = [one for one in inventory.endpoints if one.service == service]
    subnets = subnets_of(inventory, placement.subnets) if placement else []
    vpcs = {one.vpc for one in subnets if known(one.vpc)}
    return bool(there) and all(any(one.vpc == vpc or not known(one.vpc) for one in there) for vpc in vpcs)


def _where(inventory: Inventory, reasons: list[Reason]) -> Place:
    """Return the place of the VPC that lacks something, or of what needs it."""
    placed = [one.placement for one in reasons if one.placement]
    subnets = [one for some in placed for one in subnets_of(inventory, some.subnets)]
    vpc = next((one for one in inventory.vpcs if not subnets or one.id == subnets[0].vpc), None)
    if vpc:
        return vpc.place
    return placed[0].place if placed else Place(inventory.region)


def _by(reasons: list[Reason]) -> str:
    """Say who needs something, for what, and what comes of it."""
    who = listed(one.who for one in reasons if one.who != PROMISE)
    if not who:
        return f"though {PROMISE} promises it: airlock check lets DAGs pass that need it"
    why = listed((one.why for one in reasons if one.who != PROMISE), 3)
    first = _STARTS if any(one.starts for one in reasons) else _HANGS
    return f"needed by {who} ({why}): {first}"


RULES: tuple[Rule, ...] = (MissingEndpoint(), NeedlessEndpoint())
