"""The seam: what one cluster of ECS is asked and told, whoever answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.errors import AwsError

# Answers that say nothing of what was asked for: the same request may succeed a moment later.
_PASSING = frozenset(
    {
        "",  # no answer at all
        "InternalFailure",
        "InternalServerError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def is_passing(error: AwsError) -> bool:
    """Whether a failure may be over when it is tried again."""
    return error.code in _PASSING


@dataclass(frozen=True)
class Deployment:
    """One of a service's deployments; its `state` is COMPLETED, FAILED, IN_PROGRESS, or empty where ECS tells none."""

    id: str
    is_primary: bool  # the newest: what the service is to become
    definition: str
    state: str
    reason: str
    desired: int  # tasks
    running: int


@dataclass(frozen=True)
class Event:
    """A line of what ECS did for a service."""

    id: str
    text: str


@dataclass(frozen=True)
class Service:
    """A service as ECS describes it; `definition` is its task definition's ARN."""

    name: str
    status: str
    controller: str  # ECS, CODE_DEPLOY or EXTERNAL
    definition: str
    desired: int  # tasks
    running: int
    deployments: tuple[Deployment, ...]
    events: tuple[Event, ...] = ()  # the oldest first
    placement: Mapping[str, Any] = field(default_factory=dict)  # RunTask's arguments: network, launch type, …

    @property
    def primary(self) -> Deployment | None:
        return next((one for one in self.deployments if one.is_primary), None)

    @property
    def is_stable(self) -> bool:
        """Whether its newest deployment is completed, and as many tasks run as are to run."""
        one = self.primary
        if one is None or self.running != self.desired or one.running != one.desired:
            return False
        # Behind a Classic Load Balancer ECS tells no state; then the older deployment has to be gone.
        return one.state == "COMPLETED" or (not one.state and len(self.deployments) == 1)


@dataclass(frozen=True)
class Definition:
    """A task definition: `content` is what RegisterTaskDefinition takes, tags included; it may hold secrets.

    One that was deregistered is not active: what runs it goes on, and ECS gives it to no service any more.
    """

    arn: str
    content: Mapping[str, Any] = field(repr=False)
    is_active: bool = True

    @property
    def name(self) -> str:
        return short(self.arn)

    @property
    def family(self) -> str:
        return str(self.content["family"])

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return list(self.content["containerDefinitions"])


@dataclass(frozen=True)
class Container:
    """A container of a task; no `exit_code` where it has not run to its end."""

    name: str
    status: str = ""
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Task:
    """A task as ECS describes it; `code` and `reason` tell why it stopped."""

    arn: str
    definition: str
    status: str
    containers: tuple[Container, ...] = ()
    code: str = ""
    reason: str = ""

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    def container(self, name: str) -> Container:
        return next((one for one in self.containers if one.name == name), Container(name))


@dataclass(frozen=True)
class Order:
    """A task to be run once: of which definition, where (RunTask's arguments), and each container's command."""

    definition: str
    placement: Mapping[str, Any]
    commands: Mapping[str, Sequence[str]]
    started_by: str
    has_tags: bool = False  # of the task definition: the task gets them, too
    environment: Mapping[str, str] = field(default_factory=dict)  # of every container that has a command


class Reading(Protocol):
    """What can be asked of a cluster. Every method raises AwsError, with AWS's own code for a refusal."""

    @property
    def name(self) -> str: ...

    @property
    def region(self) -> str: ...

    def services(self, names: Sequence[str]) -> dict[str, Service]:
        """Return the services of these names, by name; those that do not exist are left out."""
        ...

    def definition(self, name: str) -> Definition:
        """Return a task definition by its ARN, or the newest active one of a family."""
        ...

    def tasks(self, arns: Sequence[str]) -> list[Task]:
        """Describe tasks; those that ECS does not know (yet, or any more) are left out."""
        ...

    def stopped(self, service: str) -> list[Task]:
        """Describe the tasks of a service that stopped lately: ECS tells of them for an hour."""
        ...

    def started(self, by: str) -> list[str]:
        """Return the ARNs of the tasks that run and were started with this `started_by`."""
        ...


class Cluster(Reading, Protocol):
    """What can be asked of a cluster, and what it can be told to do."""

    def register(self, content: Mapping[str, Any]) -> str:
        """Register a revision; return its ARN."""
        ...

    def update(self, service: str, definition: str) -> None:
        """Let a service run a task definition; it is no change where it does already."""
        ...

    def run(self, order: Order) -> str:
        """Start a task; return its ARN. Raises DeployError where ECS has no place for it."""
        ...

    def stop(self, task: str, reason: str) -> None:
        """Let a task be stopped."""
        ...


def short(arn: str) -> str:
    """Return what an ARN ends in: FAMILY:REVISION of a task definition, the name of a service."""
    return arn.rpartition("/")[2]
