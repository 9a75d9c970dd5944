"""Which VPC endpoints a deployment needs, by whom and why: from task definitions, DAGs and the project's promises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from airlock.verify.placements import placements, variable
from airlock_spec import configured
from airlock_spec.configured import EXECUTORS
from airlock_spec.endpoint import Need
from airlock_spec.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.inventory import Inventory
    from airlock.verify.placements import Placement
    from airlock.verify.services import Container

IMAGE = re.compile(r"^\d{12}\.dkr\.ecr[.-]")  # of a registry of ECR
DAGS = "DAGs"
_STARTS_TASKS = {need for found in EXECUTORS.values() for need in found}  # which the scheduler alone calls
_FIRELENS = {"cloudwatch", "cloudwatch_logs"}  # names of Fluent Bit's plugins


@dataclass(frozen=True)
class Reason:
    """One reason for an endpoint: who needs it, and by what.

    `starts` where no task of it starts without, since it is ECS that needs it. `placement` is None for DAGs, whose
    tasks may run anywhere.
    """

    who: str
    why: str
    starts: bool = False
    placement: Placement | None = None


def needed(inventory: Inventory, needs: Mapping[str, str] | None = None) -> dict[str, tuple[Reason, ...]]:
    """Return the services that need an endpoint, by names of airlock_spec.endpoints, and all reasons for each.

    `needs` are services that DAGs need, and by what, as `Subject.needs`.
    """
    found: dict[str, dict[tuple[str, str], Reason]] = {}
    everywhere = placements(inventory)
    for placement in everywhere:
        for service, reason in _of(inventory, placement, everywhere):
            found.setdefault(service, {}).setdefault((reason.who, reason.why), reason)
    for service, by in (needs or {}).items():
        found.setdefault(service, {})[DAGS, by] = Reason(DAGS, by)
    order = [one.service for one in ENDPOINTS]
    known = sorted(found, key=lambda one: (order.index(one) if one in order else len(order), one))
    return {service: tuple(found[service].values()) for service in known}


def _of(
    inventory: Inventory, placement: Placement, everywhere: tuple[Placement, ...]
) -> Iterator[tuple[str, Reason]]:
    """Give what one placement needs."""
    because = partial(Reason, placement.name, placement=placement)
    definition = placement.definition
    for container in definition.containers if definition else ():
        for service, why in _to_start(inventory, container):
            yield service, because(why, starts=True)
    for need, why in _configured(inventory, placement, everywhere):
        for service in _serving(need):
            yield service, because(why)
    if any(_assumes(name, value) for name, value in placement.environment.items()):
        for service in _serving(Need.ROLES):
            yield service, because("a connection that assumes a role")
    if placement.exec_enabled:
        for service in _serving(Need.ECS_EXEC):
            yield service, because("ECS Exec")
        if any(
            one.exec_key for one in inventory.clusters if one.name == placement.cluster.rpartition("/")[2]
        ):
            yield "kms", because("ECS Exec under a customer key")


def _to_start(inventory: Inventory, container: Container) -> Iterator[tuple[str, str]]:
    """Give what ECS needs before a container starts on Fargate: its image, its log, its secrets."""
    fargate = set(_serving(Need.FARGATE))
    if IMAGE.match(container.image) or "/" not in container.image:  # a mocked run knows no registry's host
        for service in sorted(fargate - {"logs"}):  # layers come from S3
            yield service, "the image"
    if container.log_driver == "awslogs":
        yield "logs", "the log driver awslogs"
    elif container.log_driver == "awsfirelens" and container.log_options.get("Name") in _FIRELENS:
        yield "logs", "the log driver awsfirelens"
    for name, source in container.secrets.items():
        for service in _serving(_kept_by(inventory, source)):
            yield service, f"the secret {name}"
    for name, source in container.log_options.items():
        if source.startswith("arn:") and ":secretsmanager:" in source:
            yield "secretsmanager", f"the log option {name}"


def _kept_by(inventory: Inventory, source: str) -> Need:
    """Tell where a secret of a task definition is kept: a bare name is one of the Parameter Store."""
    known = any(one.arn and source.startswith(one.arn) for one in inventory.secrets)
    if known or ":secretsmanager:" in source or (":ssm:" not in source and "(" in source):
        return Need.SECRETS_MANAGER  # what a plan does not know yet is taken for the usual
    return Need.PARAMETER_STORE


def _configured(
    inventory: Inventory, placement: Placement, everywhere: tuple[Placement, ...]
) -> Iterator[tuple[Need, str]]:
    environment = placement.environment
    starters = [one for one in everywhere if one.runs("scheduler")]

    def option(section: str, key: str) -> str:
        name = variable(section, key)
        hidden = name in placement.secrets or f"{name}_SECRET" in environment
        if hidden and key == "broker_url" and inventory.queues and not inventory.caches:
            return "sqs:"  # its value is a secret, but nothing else is there that could be the broker
        return environment.get(name, "")

    for need, why in configured.needs(option, {}).items():
        if need not in _STARTS_TASKS or not starters or placement in starters:
            yield need, why


def _assumes(name: str, value: str) -> bool:
    """Tell whether a variable makes Airflow or boto3 ask STS for a role's credentials."""
    return name == "AWS_ROLE_ARN" or (name.startswith("AIRFLOW_CONN_") and "role_arn" in value)


def _serving(need: Need) -> Iterator[str]:
    return (one.service for one in ENDPOINTS if need in one.needed_by)
