"""A cluster in memory whose services and tasks do as they are told, and time that passes when somebody sleeps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airlock.deploy.cluster import Container, Definition, Deployment, Event, Service, Task
from airlock.deploy.found import Found
from airlock.deploy.pace import Pace
from airlock.errors import AwsError
from airlock.registry.reference import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airlock.deploy.cluster import Order

REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow"
OLD, NEW = f"{REPOSITORY}@sha256:{'a' * 64}", f"{REPOSITORY}@sha256:{'b' * 64}"
IMAGE = Found(reference(NEW), frozenset({"linux/amd64"}))
_ARN = "arn:aws:ecs:eu-west-1:123456789012"
LOG = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-group": "/airflow",
        "awslogs-stream-prefix": "airflow",
        "awslogs-region": "eu-west-1",
    },
}


def definition_arn(family: str, revision: int) -> str:
    return f"{_ARN}:task-definition/{family}:{revision}"


def container(name: str = "airflow", image: str = OLD, **more: Any) -> dict[str, Any]:
    return {"name": name, "image": image, "essential": True, "logConfiguration": LOG, **more}


def content(family: str, *containers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"family": family, "containerDefinitions": list(containers) or [container()], **more}


def refusal(code: str, text: str = "said") -> AwsError:
    error = AwsError("cannot do it", cause=f"{code}: {text}", remedy="run it again")
    error.code = code
    return error


def deployment(definition: str, state: str = "COMPLETED", running: int = 1, desired: int = 1) -> Deployment:
    return Deployment(f"ecs-svc/{definition}", True, definition, state, "", desired, running)  # noqa: FBT003


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, seconds: float = 60) -> Pace:
        return Pace(seconds, interval=5, clock=lambda: self.now, sleep=self.sleep)


@dataclass
class MemoryCluster:
    """An `airlock.deploy.cluster.Cluster`; `log` tells what was changed, in words.

    What becomes of a service that is given a definition that is new here is what `rollouts` has for it: called
    with this cluster, the service's name, its definition and how often it was looked at since.
    """

    name: str = "prod"
    region: str = "eu-west-1"
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    deregistered: set[str] = field(default_factory=set)  # ARNs of definitions
    held: dict[str, Service] = field(default_factory=dict)
    rollouts: dict[str, Callable[[MemoryCluster, str, str, int], None]] = field(default_factory=dict)
    task_states: list[Task] = field(default_factory=list)  # of the next task that is run; the last one stays
    stopped_tasks: dict[str, list[Task]] = field(default_factory=dict)
    running_tasks: list[str] = field(default_factory=list)
    failures: dict[str, list[BaseException | None]] = field(default_factory=dict)  # by method, one a call
    orders: list[Order] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    looks: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, *containers: Mapping[str, Any], **more: Any) -> MemoryCluster:
        """Add a service with a task definition of its own name, revision 1; `more` is for the service."""
        arn = definition_arn(name, 1)
        self.definitions[arn] = content(name, *containers)
        placement = {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}},
        }
        made = Service(name, "ACTIVE", "ECS", arn, 1, 1, (deployment(arn),), (), placement)
        self.held[name] = replace(made, **more)
        return self

    def services(self, names: Sequence[str]) -> dict[str, Service]:
        self._fail("services")
        for name in names:
            service = self.held.get(name)
            if service and name in self.looks:
                self.looks[name] += 1
                known = service.definition.endswith(":1")
                run = completes if known else self.rollouts.get(name, completes)
                run(self, name, service.definition, self.looks[name])
        return {name: self.held[name] for name in names if name in self.held}

    def definition(self, name: str) -> Definition:
        self._fail("definition")
        if name not in self.definitions:
            revisions = [arn for arn in self.definitions if arn.split("/")[1].rpartition(":")[0] == name]
            if not revisions:
                raise refusal("ClientException", "Unable to describe task definition.")
            name = max(revisions, key=lambda arn: int(arn.rpartition(":")[2]))
        return Definition(name, self.definitions[name], name not in self.deregistered)

    def register(self, content: Mapping[str, Any]) -> str:
        self._fail("register")
        family = str(content["family"])
        count = len([arn for arn in self.definitions if f"/{family}:" in arn])
        arn = definition_arn(family, count + 1)
        self.definitions[arn] = dict(content)
        self.log.append(f"register {family}:{count + 1}")
        return arn

    def update(self, service: str, definition: str) -> None:
        self._fail("update")
        if definition in self.deregistered:
            raise refusal("ClientException", "TaskDefinition is inactive")
        self.log.append(f"update {service} {definition.rpartition('/')[2]}")
        self.set(service, deployment(definition, "IN_PROGRESS", running=0))
        self.looks[service] = 0

    def run(self, order: Order) -> str:
        self._fail("run")
        self.orders.append(order)
        self.log.append(f"run {order.definition.rpartition('/')[2]}")
        return f"{_ARN}:task/prod/m1"

    def stop(self, task: str, reason: str) -> None:
        del reason
        self._fail("stop")
        self.log.append(f"stop {task.rpartition('/')[2]}")

    def tasks(self, arns: Sequence[str]) -> list[Task]:
        del arns
        self._fail("tasks")
        if not self.task_states:
            return []
        return [self.task_states.pop(0) if len(self.task_states) > 1 else self.task_states[0]]

    def stopped(self, service: str) -> list[Task]:
        self._fail("stopped")
        return list(self.stopped_tasks.get(service, []))

    def started(self, by: str) -> list[str]:
        del by
        self._fail("started")
        return self.running_tasks

    def set(self, name: str, *deployments: Deployment, events: Sequence[str] = ()) -> None:
        """Let a service have these deployments, the first of which is what it runs."""
        first = deployments[0]
        said = tuple(Event(f"{name}-{text}", text) for text in events)
        self.held[name] = replace(
            self.held[name],
            definition=first.definition,
            running=first.running,
            desired=first.desired,
            deployments=deployments,
            events=self.held[name].events + said,
        )

    def _fail(self, method: str) -> None:
        due = self.failures.get(method, [])
        failure = due.pop(0) if due else None
        if failure:
            raise failure


def completes(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
    """Become stable at the second look."""
    if looks >= 2:
        cluster.set(name, deployment(definition), events=[f"(service {name}) has reached a steady state."])


def hangs(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
    """Stay as it is."""


def breaks(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
    """Be given up by ECS at the third look, with a task that could not pull its image."""
    if looks == 2:
        fail(cluster, name, definition, reason="CannotPullContainerError: dial tcp 10.0.0.7:443: i/o timeout")
    if looks >= 3:
        failed = replace(
            deployment(definition, "FAILED", running=0), reason="circuit breaker: tasks failed to start"
        )
        cluster.set(name, failed)


def keeps_stopping(cluster: MemoryCluster, name: str, definition: str, looks: int) -> None:
    """Start a task that ends with 78, at each look."""
    fail(cluster, name, definition, exit_code=78)


def fail(
    cluster: MemoryCluster, name: str, definition: str, reason: str = "", exit_code: int | None = None
) -> None:
    """Add a task of a service that stopped."""
    stopped = cluster.stopped_tasks.setdefault(name, [])
    code = "TaskFailedToStart" if exit_code is None else "EssentialContainerExited"
    reason = reason or "Essential container in task exited"
    one = Container("airflow", "STOPPED", exit_code)
    stopped.append(Task(f"{_ARN}:task/prod/t{len(stopped)}", definition, "STOPPED", (one,), code, reason))


def task(status: str, exit_code: int | None = None, **more: Any) -> Task:
    """Return a state of the migration's task."""
    return Task(
        f"{_ARN}:task/prod/m1",
        definition_arn("api", 2),
        status,
        (Container("airflow", status, exit_code, more.pop("said", "")),),
        **more,
    )


MIGRATES = [task("PROVISIONING"), task("RUNNING"), task("STOPPED", 0)]
