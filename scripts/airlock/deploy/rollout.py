"""Services get their new task definitions, are waited for, and get the former ones again where that fails.

The first service goes alone: what is wrong with an image shows there. The others then go together, for as
short a time as can be with two versions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.deploy import stopped
from airlock.deploy.cluster import short
from airlock.deploy.pace import attempt, persist
from airlock.deploy.taking_back import take_back
from airlock.errors import AirlockError, DeployError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.deploy.cluster import Cluster, Service, Task
    from airlock.deploy.pace import Pace
    from airlock.terminal import Terminal

# ECS's own circuit breaker: half of the tasks that are to run, at least 3, at most 200.
_FEWEST, _MOST = 3, 200
_SURE = 2  # looks: an answer of ECS may be older than the one before it
# Its own fault, not that somebody scaled the service down or a host went away.
_FAULTS = frozenset({"EssentialContainerExited", "TaskFailedToStart"})


@dataclass(frozen=True)
class Step:
    """A service as it was, the task definition (its ARN and content) that it is to run, and the one to go back to."""

    service: Service
    to: str
    content: Mapping[str, Any] = field(repr=False)
    former: str

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def changes(self) -> bool:
        return self.service.definition != self.to


def roll(cluster: Cluster, steps: Sequence[Step], pace: Pace, terminal: Terminal) -> None:
    """Update the services and wait until they are stable.

    Raises DeployError where one is not; every service that was changed then runs what it ran before. So it does
    after KeyboardInterrupt, which is raised again.
    """
    changed: list[Step] = []
    deadline = pace.deadline()
    try:
        for wave in filter(None, (steps[:1], steps[1:])):
            watches = [
                _Watch(cluster, step, _failed_before(cluster, step, pace, deadline, terminal), terminal)
                for step in wave
            ]
            for step in wave:
                if step.changes:
                    changed.append(step)  # before it is: an interrupted request may have been heard
                    _update(cluster, step, pace, deadline, terminal)
            _wait(cluster, watches, pace, deadline, terminal)
    except AirlockError as error:
        taken = take_back(cluster, changed, pace, terminal)
        cause = "\n".join(filter(None, [error.cause, *taken]))
        raise DeployError(error.fact, cause=cause, remedy=error.remedy) from error
    except BaseException:
        for line in take_back(cluster, changed, pace, terminal):
            terminal.say(line)
        raise


def _failed_before(cluster: Cluster, step: Step, pace: Pace, deadline: float, terminal: Terminal) -> set[str]:
    """Return the tasks that stopped before: what runs already, or is deployed again, may have some that are no news."""
    return {one.arn for one in persist(lambda: cluster.stopped(step.name), pace, deadline, terminal)}


def _update(cluster: Cluster, step: Step, pace: Pace, deadline: float, terminal: Terminal) -> None:
    terminal.say(f"{step.name}: {short(step.service.definition)} → {short(step.to)}")
    persist(lambda: cluster.update(step.name, step.to), pace, deadline, terminal)


def _wait(
    cluster: Cluster, watches: Sequence[_Watch], pace: Pace, deadline: float, terminal: Terminal
) -> None:
    waiting = {one.step.name: one for one in watches}
    for _ in pace.polls(deadline):
        told = attempt(lambda: cluster.services(list(waiting)), terminal)
        if told is not None:
            for name in [name for name, one in waiting.items() if one.look(told.get(name))]:
                del waiting[name]
        if not waiting:
            return
    raise DeployError(
        f"not stable within {pace.seconds:g} s: {', '.join(waiting)}",
        cause="\n".join(line for one in waiting.values() for line in one.troubles()),
        remedy=f"aws ecs describe-services --cluster {cluster.name} --services {' '.join(waiting)}",
    )


class _Watch:
    """One service on its way: says what happens, and decides when it is there and when it never will be."""

    def __init__(self, cluster: Cluster, step: Step, before: set[str], terminal: Terminal) -> None:
        self.cluster = cluster
        self.step = step
        self._terminal = terminal
        self._seen = {one.id for one in step.service.events}
        self._before = before  # tasks that are no news
        self._known = {one.id for one in step.service.deployments} if step.changes else set()
        self._failed: dict[str, Task] = {}
        self._begun = False
        self._strayed = 0  # looks in a row that found another deployment
        self._counts = (-1, -1)

    def look(self, service: Service | None) -> bool:
        """Return whether the service is stable. Raises DeployError where it cannot become that, AwsError."""
        name = self.step.name
        if service is None or service.status != "ACTIVE":
            raise DeployError(
                f"{name} is gone",
                cause="somebody deleted it meanwhile",
                remedy="create it anew, then run it again",
            )
        self._tell(service)
        primary = service.primary
        if primary and primary.definition == self.step.to:
            self._begun, self._strayed = True, 0
            if service.is_stable:
                self._terminal.say(f"{name}: stable")
                return True
        elif self._begun or (primary and primary.definition != self.step.service.definition):
            self._strayed += 1
        self._look_for_failures(service)
        if self._strayed == _SURE:
            self._refuse_another(service)
        return False

    def troubles(self) -> list[str]:
        """Return what is known of tasks that stopped, else that nothing is."""
        lines = [
            f"{self.step.name}: {line}"
            for task in list(self._failed.values())[-1:]
            for line in stopped.why(task, self.step.content, self.cluster.region)
        ]
        running, desired = self._counts
        return lines or [
            f"{self.step.name}: {max(running, 0)} of {max(desired, 0)} tasks run, none has failed"
        ]

    def _tell(self, service: Service) -> None:
        for event in service.events:
            if event.id not in self._seen:
                self._seen.add(event.id)
                self._terminal.say(f"  {event.text}")
        primary = service.primary
        if (
            primary
            and primary.definition == self.step.to
            and (primary.running, primary.desired) != self._counts
        ):
            self._counts = (primary.running, primary.desired)
            self._terminal.say(f"{service.name}: {primary.running} of {primary.desired} tasks run")

    def _look_for_failures(self, service: Service) -> None:
        mine = [
            one for one in service.deployments if one.definition == self.step.to and one.id not in self._known
        ]
        for task in attempt(lambda: self.cluster.stopped(service.name), self._terminal) or []:
            if self._is_fault(task) and task.arn not in self._failed:
                self._failed[task.arn] = task
                for line in stopped.why(task, self.step.content, self.cluster.region):
                    self._terminal.say(f"  {line}")
        broken = next((one for one in mine if one.state == "FAILED"), None)
        if broken:
            raise self._failure(broken.reason or "ECS gave it up")
        if len(self._failed) >= min(max(_FEWEST, (service.desired + 1) // 2), _MOST):
            raise self._failure(f"{len(self._failed)} of its new tasks stopped")

    def _is_fault(self, task: Task) -> bool:
        if task.arn in self._before or task.definition != self.step.to:
            return False
        return task.code in _FAULTS or "health checks" in task.reason

    def _failure(self, reason: str) -> DeployError:
        name = self.step.name
        again = "run it again"
        if not self.step.changes:  # ECS tries no more what it has given up, and is told nothing new
            again = f"aws ecs update-service --cluster {self.cluster.name} --service {name} --force-new-deployment"
        return DeployError(
            f"{name} does not run {short(self.step.to)}",
            cause="\n".join([reason, *self.troubles()]),
            remedy=f"mend what stopped the task, then: {again}",
        )

    def _refuse_another(self, service: Service) -> None:
        primary = service.primary
        if primary is None or primary.definition == self.step.service.definition:
            raise self._failure("ECS took the deployment back by itself")
        raise DeployError(
            f"{service.name} is deployed by somebody else now",
            cause=f"it was given {short(primary.definition)} meanwhile, and is left with it",
            remedy="let that deployment end, then run this again",
        )
