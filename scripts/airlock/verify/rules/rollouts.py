"""Services of ECS: whether a bad deployment is taken back, a sick task replaced, and what runs now (live)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock.verify.grouped import by_block, listed
from airlock.verify.kept import cluster_of
from airlock.verify.rule import Rule, Violation
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.inventory import Inventory
    from airlock.verify.rule import Subject
    from airlock.verify.services import Container, TaskDefinition

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
        services = subject.inventory.services
        for some in by_block(one for one in services if not one.breaker or not one.rolls_back):
            first = some[0]
            lacks = "does not go back" if first.breaker else "is not given up"
            yield Violation(
                first.place,
                f"a deployment that fails {lacks}: {listed(one.name for one in some)}",
                f"deployment_circuit_breaker: enable {_word(first.breaker)}, rollback {_word(first.rolls_back)}",
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
        bad = [one for one in _run(subject.inventory) if not _watched(one)]
        for some in by_block(bad):
            families = listed(one.family for one in some)
            message = f"no health check, so that a task that hangs is not replaced: {families}"
            names = listed(each.name for one in some for each in one.containers if each.essential)
            yield Violation(some[0].place, message, f"healthCheck: none in {names}")


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
        definitions = subject.inventory.task_definitions
        for some in by_block(one for one in definitions if any(map(_forks, one.containers))):
            names = listed(
                f"{one.family}/{each.name}" for one in some for each in one.containers if _forks(each)
            )
            command = next(each.health for each in some[0].containers if _forks(each))
            message = f"the health check starts Airflow each time: {names}"
            yield Violation(some[0].place, message, f"healthCheck: {' '.join(command)}")


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


def _run(inventory: Inventory) -> list[TaskDefinition]:
    """Return the task definitions that services run."""
    found = (inventory.definition_of(one) for one in inventory.services)
    return list({(one.id, one.family): one for one in found if one}.values())


def _watched(definition: TaskDefinition) -> bool:
    essential = [one for one in definition.containers if one.essential]
    return not essential or any(one.health for one in essential)


def _forks(container: Container) -> bool:
    return bool(_FORKS.search(" ".join(container.health)))


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
