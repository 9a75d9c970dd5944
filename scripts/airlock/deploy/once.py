"""A task that is run once, in a service's place: which of its containers runs the command, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.deploy.pace import attempt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from airlock.deploy.cluster import Cluster, Task
    from airlock.deploy.pace import Pace
    from airlock.terminal import Terminal

ENDED = frozenset({"STOPPED", "DEPROVISIONING", "STOPPING"})
BEFORE_IT_RUNS = frozenset({"PROVISIONING", "PENDING", "ACTIVATING", ""})
IDLE = ("sleep", "infinity")
_ENTRYPOINT = "/entrypoint"  # the image's own, of image/image.toml
_AWAITED = frozenset(
    {"COMPLETE", "SUCCESS", "HEALTHY"}
)  # conditions of dependsOn that an idle container never meets


def commands(mine: Mapping[str, object], container: str, command: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return what each container of the image runs: one the command, the others nothing."""
    return dict.fromkeys(mine, IDLE) | {container: command}


def chosen(mine: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which of the image's containers can run a command while the others idle; "" where none can."""
    free = [one for one in mine.values() if not _awaits(one, mine)]
    free.sort(key=lambda one: not one.get("essential", True))
    return str(free[0]["name"]) if free else ""


def problems(mine: Iterable[Mapping[str, Any]], content: Mapping[str, Any]) -> Iterator[str]:
    """Tell why a task of this definition cannot be run once with other commands."""
    for one in mine:  # one that could not idle would end, and its task with it
        if (one.get("entryPoint") or [_ENTRYPOINT])[-1] != _ENTRYPOINT:
            yield f"{one['name']} has an entryPoint of its own, no place for a command"
    if any(one.get("configuredAtLaunch") for one in content.get("volumes") or []):
        yield "it has a volume that is made for each task"


def wait(cluster: Cluster, arn: str, container: str, pace: Pace, terminal: Terminal) -> Task | None:
    """Return the task when it, or the container that counts, has ended; None at the time-out."""
    status = ""
    for _ in pace.polls(pace.deadline()):
        for task in attempt(lambda: cluster.tasks([arn]), terminal) or []:
            if task.status != status:
                status = task.status
                terminal.say(f"  {status.lower()}")
            if task.status == "STOPPED" or task.container(container).exit_code is not None:
                return task
    return None


def _awaits(container: Mapping[str, Any], mine: Mapping[str, object]) -> bool:
    needed = container.get("dependsOn") or []
    return any(one["containerName"] in mine and one["condition"] in _AWAITED for one in needed)
