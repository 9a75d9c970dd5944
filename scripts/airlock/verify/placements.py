"""Where tasks run: those of services, and those that Airflow's ECS executor starts by its settings.

The executor's settings are `[aws_ecs_executor]` of Airflow's Amazon provider: options of its own, or `run_task_kwargs`,
which is RunTask's request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.verify.network import UNKNOWN, Place
from airlock_spec.configured import TRUE, executors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.verify.inventory import Inventory
    from airlock.verify.network import SecurityGroup, Subnet
    from airlock.verify.services import TaskDefinition


@dataclass(frozen=True)
class Placement:
    """Tasks that run in some subnets and groups; `setting` is what says so of tasks that belong to no service."""

    name: str
    place: Place
    definition: TaskDefinition | None
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    public_address: bool = False
    cluster: str = ""
    exec_enabled: bool = False
    setting: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """All variables of the task's containers whose values are plain."""
        containers = self.definition.containers if self.definition else ()
        return {name: value for one in containers for name, value in one.environment.items()}

    @property
    def secrets(self) -> dict[str, str]:
        """All variables of the task's containers that come from secrets, and where each comes from."""
        containers = self.definition.containers if self.definition else ()
        return {name: source for one in containers for name, source in one.secrets.items()}

    @property
    def runs_dags(self) -> bool:
        """Whether tasks of DAGs run there: in workers, in what an executor starts, or in the scheduler itself."""
        local = "LocalExecutor" in executors(self.environment.get(variable("core", "executor"), ""))
        return bool(self.setting) or self.runs("worker") or (local and self.runs("scheduler"))

    def runs(self, component: str) -> bool:
        """Tell whether a container's command names a component of Airflow, as `scheduler`."""
        containers = self.definition.containers if self.definition else ()
        return any(component in word.split() for one in containers for word in one.command)


def placements(inventory: Inventory) -> tuple[Placement, ...]:
    """Return all that run tasks in an inventory, services first; what several of them say is one."""
    services = tuple(
        Placement(
            one.name,
            one.place,
            inventory.definition_of(one),
            one.subnets,
            one.groups,
            one.public_address,
            one.cluster,
            one.exec_enabled,
        )
        for one in inventory.services
    )
    started = (task for one in services for task in _started(inventory, one))
    return (*services, *{(one.name, one.subnets, one.groups): one for one in started}.values())


def variable(section: str, key: str) -> str:
    """Return the name of the variable of the environment that sets an option of Airflow."""
    return f"AIRFLOW__{section}__{key}".upper()


def known_groups(inventory: Inventory, identifiers: tuple[str, ...]) -> list[SecurityGroup] | None:
    """Return security groups by their ids, or None where there are none or one of them is not known."""
    found = [group for one in identifiers if one != UNKNOWN and (group := inventory.group(one))]
    return found if found and len(found) == len(identifiers) else None


def subnets_of(inventory: Inventory, identifiers: tuple[str, ...]) -> list[Subnet]:
    """Return subnets by their ids, those that are known."""
    return [one for one in inventory.subnets if one.id in identifiers and one.id != UNKNOWN]


def _started(inventory: Inventory, service: Placement) -> Iterator[Placement]:
    """Give the tasks that a service's ECS executor starts."""
    environment = service.environment
    if "AwsEcsExecutor" not in executors(environment.get(variable("core", "executor"), "")):
        return
    network = _network(environment)
    if not network:
        return
    wanted = _option(environment, "task_definition")
    definition = next(
        (
            one
            for one in inventory.task_definitions
            if wanted and wanted in (one.id, one.family, _numbered(one.id))
        ),
        None,
    )
    yield Placement(
        definition.family if definition else "tasks of the ECS executor",
        definition.place if definition else service.place,
        definition,
        _words(network.get("subnets")),
        _words(network.get("securityGroups")),
        str(network.get("assignPublicIp", "")).lower() in {*TRUE, "enabled"},
        service.cluster,
        setting=network["setting"],
    )


def _network(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the network of the executor's tasks, in RunTask's words, and which setting says so."""
    options = {
        "subnets": _option(environment, "subnets"),
        "securityGroups": _option(environment, "security_groups"),
        "assignPublicIp": _option(environment, "assign_public_ip"),
    }
    if options["subnets"]:
        return options | {"setting": "[aws_ecs_executor] subnets, security_groups, assign_public_ip"}
    try:
        request = json.loads(_option(environment, "run_task_kwargs") or "{}")
        network = request["networkConfiguration"]["awsvpcConfiguration"]
    except (ValueError, KeyError, TypeError):
        return {}
    return network | {"setting": "[aws_ecs_executor] run_task_kwargs"} if isinstance(network, dict) else {}


def _option(environment: Mapping[str, str], key: str) -> str:
    return environment.get(variable("aws_ecs_executor", key), "")


def _numbered(arn: str) -> str:
    return arn.rpartition("/")[2]


def _words(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else str(value or "").split(",")
    return tuple(word for one in found if (word := str(one).strip()))
