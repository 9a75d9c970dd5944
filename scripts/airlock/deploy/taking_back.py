"""Services get the task definitions again that they had before a deployment that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.deploy.cluster import short
from airlock.deploy.pace import attempt, persist
from airlock.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.deploy.cluster import Cluster
    from airlock.deploy.pace import Pace
    from airlock.deploy.rollout import Step
    from airlock.terminal import Terminal


def take_back(cluster: Cluster, changed: Sequence[Step], pace: Pace, terminal: Terminal) -> list[str]:
    """Give the services their former task definitions and wait for them; return how it ended, a line each.

    All are told first and waited for then: whoever is about to be killed has at least told them. The last that was
    changed goes first. A service that was meanwhile given a third definition is left alone.
    """
    if not changed:
        return []
    terminal.say("going back …")
    taking = _TakingBack(cluster, pace, terminal)
    try:
        told = [step for step in reversed(changed) if taking.tell(step)]
        taking.wait(told)
    except KeyboardInterrupt:
        for step in changed:
            terminal.say(taking.outcome.get(step.name, f"{step.name}: not waited for; {taking.way(step)}"))
        raise
    return [taking.outcome[step.name] for step in changed]


class _TakingBack:
    """`outcome` has a line for each service that is dealt with."""

    def __init__(self, cluster: Cluster, pace: Pace, terminal: Terminal) -> None:
        self.outcome: dict[str, str] = {}
        self._cluster = cluster
        self._pace = pace
        self._terminal = terminal
        self._deadline = pace.deadline()

    def tell(self, step: Step) -> bool:
        """Update a service to what it ran; return whether it is to be waited for."""
        former = step.former
        try:
            found = attempt(lambda: self._cluster.services([step.name]), self._terminal)
            if found is not None and step.name not in found:
                self.outcome[step.name] = f"{step.name} is gone"
                return False
            now = found[step.name].definition if found else step.to
            if now not in {former, step.to, step.service.definition}:
                self.outcome[step.name] = (
                    f"{step.name} is left with {short(now)}, which somebody else gave it"
                )
                return False
            # Also where it seems to run the former: what was read may be older than the update.
            persist(
                lambda: self._cluster.update(step.name, former), self._pace, self._deadline, self._terminal
            )
        except AwsError as error:
            self.outcome[step.name] = (
                f"{step.name} was not taken back: {error.fact} ({error.cause}); {self.way(step)}"
            )
            return False
        return True

    def wait(self, steps: Sequence[Step]) -> None:
        """Wait until the services are stable with what they ran."""
        waiting = list(steps)
        if not waiting:
            return
        for _ in self._pace.polls(self._deadline):
            try:
                told = attempt(lambda: self._cluster.services([one.name for one in waiting]), self._terminal)
            except AwsError as error:
                self._terminal.say(f"  {error.fact}: {error.cause}")
                break
            for step in [one for one in waiting if told and one.name in told]:
                service = (told or {})[step.name]
                if service.definition == step.former and service.is_stable:
                    waiting.remove(step)
                    self.outcome[step.name] = f"{step.name} runs {short(service.definition)} again"
                    self._terminal.say(f"  {self.outcome[step.name]}")
            if not waiting:
                return
        for step in waiting:
            former = short(step.former)
            self.outcome[step.name] = f"{step.name} was given {former} again, and is not stable with it yet"

    def way(self, step: Step) -> str:
        """Return the command that takes a service back."""
        return (
            f"aws ecs update-service --cluster {self._cluster.name} --service {step.name} "
            f"--task-definition {short(step.former)}"
        )
