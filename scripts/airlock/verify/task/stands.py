"""Where to look from: of each network that services are in, a task of one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.deploy import once
from airlock.deploy.cluster import Order
from airlock.deploy.revision import repository_of
from airlock.errors import AwsError, ProbeError
from airlock.terminal import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.deploy.cluster import Definition, Reading, Service

STARTED_BY = "airlock-verify"
COMMAND = ("airlock-verify", "--json", "--marked")
# What the entrypoint does before any command where it is asked to: nothing is to be changed by looking.
HARMLESS = {"_AIRFLOW_DB_MIGRATE": "", "_AIRFLOW_DB_UPGRADE": "", "_AIRFLOW_WWW_USER_CREATE": ""}


@dataclass(frozen=True)
class Asked:
    """What was asked for: services to look from, and arguments for `airlock-verify`.

    Where `every` is not set, of services in the same network only the first is looked from.
    """

    services: tuple[str, ...]
    every: bool = False
    arguments: tuple[str, ...] = ()
    repository: str = ""  # of the image, "": what the first essential container runs


@dataclass(frozen=True)
class Stream:
    """Where a container's log goes; a stream's name ends in the task's id."""

    group: str
    prefix: str
    region: str

    def of(self, task: str) -> str:
        return f"{self.prefix}/{task}"


@dataclass(frozen=True)
class Stand:
    """A place to look from; `also` are other services in the same network."""

    service: Service
    definition: Definition
    container: str
    order: Order
    stream: Stream
    also: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return what would be run, for a rehearsal."""
        return {
            "service": self.service.name,
            "also": list(self.also),
            "definition": self.definition.name,
            "container": self.container,
            "command": list(self.order.commands[self.container]),
            "network": self.order.placement.get("networkConfiguration", {}),
            "log_group": self.stream.group,
        }


def stands(cluster: Reading, asked: Asked) -> list[Stand]:
    """Read the services and choose. Raises ProbeError with all that stands in the way, AwsError."""
    services = _services(cluster, asked.services)
    problems = [
        f"{name}: there is no such service in cluster {cluster.name}"
        for name in asked.services
        if name not in services
    ]
    groups: dict[str, list[Service]] = {}
    for name in dict.fromkeys(asked.services):
        if name in services:
            groups.setdefault(name if asked.every else _network(services[name]), []).append(services[name])
    made = []
    for first, *others in groups.values():
        definition = cluster.definition(first.definition)
        found = _stand(cluster, first, definition, asked, tuple(one.name for one in others))
        if isinstance(found, Stand):
            made.append(found)
        else:
            problems += [f"{first.name}: {one}" for one in found]
    if problems:
        raise ProbeError(
            f"no task was started to look from: {counted(len(problems), 'problem')}",
            cause="\n".join(problems),
            remedy=by_hand(cluster.name),
        )
    return made


def by_hand(cluster: str) -> str:
    """Return how to look without a task of its own."""
    return (
        "name another service with --service, or look from a task that runs, by ECS Exec:\n"
        f"aws ecs execute-command --cluster {cluster} --task ID --container NAME --interactive \\\n"
        "  --command 'airlock-verify --marked' | airlock verify --from-task -"
    )


def _services(cluster: Reading, names: Sequence[str]) -> dict[str, Service]:
    try:
        return cluster.services(list(dict.fromkeys(names)))
    except AwsError as error:
        if error.code != "ClusterNotFoundException":
            raise
        raise ProbeError(
            f"there is no cluster {cluster.name}", cause=error.cause, remedy="aws ecs list-clusters"
        ) from error


def _network(service: Service) -> str:
    """Return what two services in the same network have in common: subnets, security groups, public addresses."""
    told = service.placement.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if told is None:
        return f"of its own: {service.name}"
    return json.dumps(
        {key: sorted(value) if isinstance(value, list) else value for key, value in told.items()},
        sort_keys=True,
    )


def _stand(
    cluster: Reading, service: Service, definition: Definition, asked: Asked, also: tuple[str, ...]
) -> Stand | list[str]:
    mine = _mine(definition, asked.repository)
    container = once.chosen(mine)
    if not container:
        return ["each container waits for another of the same image"]
    stream = _stream(mine[container], cluster.region)
    problems = list(once.problems(mine.values(), definition.content))
    if stream is None:
        problems.append(f"the log of {container} is not read by awslogs with a stream prefix")
    if problems or stream is None:
        return problems
    order = Order(
        definition.arn,
        service.placement,
        once.commands(mine, container, (*COMMAND, *asked.arguments)),
        STARTED_BY,
        bool(definition.content.get("tags")),
        HARMLESS,
    )
    return Stand(service, definition, container, order, stream, also)


def _mine(definition: Definition, repository: str) -> dict[str, Mapping[str, Any]]:
    """Return the containers of the image by name."""
    containers = definition.containers
    first = next((one for one in containers if one.get("essential", True)), containers[0])
    for wanted in (repository, repository_of(first.get("image", ""))):
        found = {one["name"]: one for one in containers if repository_of(one.get("image", "")) == wanted}
        if wanted and found:
            return found
    return {first["name"]: first}


def _stream(container: Mapping[str, Any], region: str) -> Stream | None:
    settings = container.get("logConfiguration") or {}
    options = settings.get("options") or {}
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if settings.get("logDriver") != "awslogs" or not group or not prefix:
        return None
    return Stream(group, f"{prefix}/{container['name']}", options.get("awslogs-region") or region)
