"""Services of ECS: whether a bad deployment is taken back, a sick task replaced, and what runs now (live)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock.verify.kept import cluster_of
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Subject
    from airlock.verify.services import Service, TaskDefinition

# A health check that starts a whole Airflow, or Celery, each time.
_FORKS = re.compile(r"(?:^|[\s/'\"(])(?:airflow\s+\w|celery\s.*\binspect\b)")
_SICK = re.compile(
    r"unhealthy|failed (?:container )?health checks|unable to (?:place|consistently start)|deployment failed"
    r"|failed to (?:start|launch)",
    re.IGNORECASE,
)
_FLAPS = 3  # such events among the newest: one is an accident, two a coincidence


class NoWayBack(Rule):
    """A service does not give up a deployment that fails, or does not go back.

    In production, ECS goes on starting tasks that stop at once, for hours; and where it gives up without going
    back, the service stays with what there is left of it.

    Found: a service without `deployment_circuit_breaker`, or with `rollback = false`.

    Not found: both true.

    Mend: `deployment_circuit_breaker { enable = true, rollback = true }`.
    """

    code = "AL861"
    title = "service without circuit breaker or rollback"
    severity = Severity.WARNING
    fix = "deployment_circuit_breaker { enable = true, rollback = true }"
    reads = ("services",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.services:
            if not one.breaker or not one.rolls_back:
                lacks = (
                    "does not give up a deployment that fails" if not one.breaker else "does not roll back"
                )
                yield Violation(
                    one.place,
                    f"the service {one.name} {lacks}",
                    f"deployment_circuit_breaker: enable {_word(one.breaker)}, rollback {_word(one.rolls_back)}",
                )


class NoHealthCheck(Rule):
    """No essential container of a service has a health check.

    In production, a scheduler that hangs is a task that runs: ECS replaces it when its process ends, and not before.

    Found: a service whose task definition has `healthCheck` in none of its essential containers.

    Not found: a sidecar without one beside a container that has one; a definition that no service runs, as the ECS
    executor's.

    Mend: `"healthCheck": {"command": ["CMD", "airlock-health", "scheduler"], …}` ([health](health.md)).
    """

    code = "AL862"
    title = "service without a health check"
    severity = Severity.WARNING
    fix = '"healthCheck": {"command": ["CMD", "airlock-health", COMPONENT]}'
    reads = ("services", "task_definitions")

    def find(self, subject: Subject) -> Iterator[Violation]:
        for service, definition in _definitions(subject.inventory):
            essential = [one for one in definition.containers if one.essential]
            if essential and not any(one.health for one in essential):
                message = f"the service {service.name} has no health check: a task that hangs is not replaced"
                evidence = f"healthCheck: none in {', '.join(one.name for one in essential)}"
                yield Violation(definition.place, message, evidence)


class ForkingHealthCheck(Rule):
    """A health check starts Airflow.

    In production, `airflow jobs check` takes 2 to 4 s of a processor and 150 MB each time, in the container that it
    watches: on a small task it is most of the load, and times out when it matters.

    Found: `airflow jobs check …`, `airflow db check`, `celery … inspect ping`.

    Not found: `airlock-health`, `curl`.

    Mend: `["CMD", "airlock-health", COMPONENT]`.
    """

    code = "AL863"
    title = "health check that starts Airflow"
    severity = Severity.WARNING
    fix = '"command": ["CMD", "airlock-health", COMPONENT]'
    reads = ("task_definitions",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for definition in subject.inventory.task_definitions:
            for one in definition.containers:
                command = " ".join(one.health)
                if _FORKS.search(command):
                    message = f"{definition.family}: the health check of {one.name} starts Airflow each time"
                    yield Violation(definition.place, message, f"healthCheck: {command}")


class ExecInTheOpen(Rule):
    """ECS Exec is on, and its sessions are not encrypted by a key of the deployment's.

    In production, what is typed and shown in a task (variables, connections, rows) has TLS, and nothing by which a
    policy could say who may open a session.

    Found: a service with `enable_execute_command = true` in a cluster without
    `configuration { execute_command_configuration { kms_key_id } }`.

    Not found: a service without ECS Exec, whatever its cluster has.

    Mend: set `kms_key_id`, and `logging = "OVERRIDE"` with a log group; or switch ECS Exec off.
    """

    code = "AL864"
    title = "ECS Exec without a key"
    severity = Severity.ERROR
    fix = 'execute_command_configuration { kms_key_id = …, logging = "OVERRIDE" … } in the cluster'
    reads = ("services", "clusters")

    def find(self, subject: Subject) -> Iterator[Violation]:
        open_to: dict[str, list[str]] = {}
        places = {one.name: one.place for one in subject.inventory.clusters}
        for service in subject.inventory.services:
            cluster = cluster_of(subject.inventory, service) if service.exec_enabled else None
            if cluster and not cluster.exec_key:
                open_to.setdefault(cluster.name, []).append(service.name)
        for name, services in open_to.items():
            message = (
                f"sessions of ECS Exec in {', '.join(services)} are encrypted by no key of the deployment's"
            )
            yield Violation(places[name], message, "execute_command_configuration.kms_key_id: none")


class NotAtStrength(Rule):
    """Fewer tasks of a service run than are to run (live).

    In production, the service is down or weak now; in this network mostly because a task cannot pull its image,
    read its secret or reach its log group: an endpoint, a rule or a permission is missing.

    Found: `runningCount` below `desiredCount`.

    Not found: equal counts; more, while a deployment goes on; a deployment known from Terraform alone.

    Mend: read the reasons of stopped tasks (`aws ecs describe-tasks`), and the findings of this report first.
    """

    code = "AL865"
    title = "fewer tasks than wanted"
    severity = Severity.ERROR
    fix = "read why tasks stopped: aws ecs list-tasks --desired-status STOPPED, aws ecs describe-tasks"
    reads = ("services",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.services:
            if one.running is not None and one.running < one.desired:
                last = f"; newest event: {one.events[0]}" if one.events else ""
                yield Violation(
                    one.place,
                    f"{one.running} of {one.desired} tasks of the service {one.name} run",
                    f"runningCount: {one.running}, desiredCount: {one.desired}{last}",
                )


class Flapping(Rule):
    """Tasks of a service come and go (live).

    In production, each of them loses what it was at: tasks of Celery, a triggerer's triggers, a scheduler's turn.

    Found: three or more of the newest events that tell of failed health checks, of tasks that could not be placed
    or did not start, of a failed deployment.

    Not found: one such event; tasks that a deployment started and stopped.

    Mend: look at the health check's time-out and start period, at memory, and at why tasks stopped.
    """

    code = "AL866"
    title = "tasks come and go"
    severity = Severity.WARNING
    fix = "read why tasks stopped, and look at memory and at the health check's times"
    reads = ("services",)

    def find(self, subject: Subject) -> Iterator[Violation]:
        for one in subject.inventory.services:
            sick = [event for event in one.events if _SICK.search(event)]
            if len(sick) >= _FLAPS:
                message = (
                    f"{len(sick)} of {len(one.events)} events of the service {one.name} tell of failures"
                )
                yield Violation(one.place, message, f"the newest: {sick[0]}")


def _definitions(inventory: Inventory) -> Iterator[tuple[Service, TaskDefinition]]:
    """Give each definition that a service runs once, with the first such service."""
    seen: set[str] = set()
    for service in inventory.services:
        definition = inventory.definition_of(service)
        if definition and definition.family not in seen:
            seen.add(definition.family)
            yield service, definition


def _word(value: bool) -> str:  # noqa: FBT001 - the value is the whole of it
    return str(value).lower()


RULES: tuple[Rule, ...] = (
    NoWayBack(),
    NoHealthCheck(),
    ForkingHealthCheck(),
    ExecInTheOpen(),
    NotAtStrength(),
    Flapping(),
)
