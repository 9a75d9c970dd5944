"""The database's migration, as a task of its own that runs before any service gets the new image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.deploy import once, stopped
from airlock.deploy.cluster import Order, is_passing, short
from airlock.deploy.plan import STARTED_BY
from airlock.errors import AwsError, DeployError

if TYPE_CHECKING:
    from airlock.deploy.cluster import Cluster
    from airlock.deploy.pace import Pace
    from airlock.deploy.plan import Migration
    from airlock.terminal import Terminal

_NOTHING_CHANGED = "no service was changed"


@dataclass(frozen=True)
class Migrated:
    """A migration that succeeded: the task's id, and the command that shows its log."""

    task: str
    log: str


def run(cluster: Cluster, migration: Migration, definition: str, pace: Pace, terminal: Terminal) -> Migrated:
    """Run the migration and wait for it. Raises DeployError where it fails or does not end in time, AwsError."""
    content = migration.change.content or migration.change.definition.content
    placement = migration.change.service.placement
    order = Order(definition, placement, migration.commands, STARTED_BY, bool(content.get("tags")))
    arn = _begin(cluster, order, terminal)
    identity = arn.rpartition("/")[2]
    terminal.say(f"migrating the database: task {identity} of {short(definition)} …")
    log = stopped.logs(content, identity, migration.container, cluster.region)
    try:
        task = once.wait(cluster, arn, migration.container, pace, terminal)
    except KeyboardInterrupt:
        terminal.say(_leave(cluster, arn, migration.container))
        raise
    except AwsError as error:
        error.cause += f"\n{_leave(cluster, arn, migration.container)}; {_NOTHING_CHANGED}"
        raise
    if task is None:
        raise DeployError(
            f"the migration did not end within {pace.seconds:g} s; {_NOTHING_CHANGED}",
            cause=_leave(cluster, arn, migration.container),
            remedy=log or f"aws ecs describe-tasks --cluster {cluster.name} --tasks {identity}",
        )
    code = task.container(migration.container).exit_code
    if code != 0:
        raise DeployError(
            f"the migration failed; {_NOTHING_CHANGED}",
            cause="\n".join(stopped.why(task, content, cluster.region)),
            remedy=f"see its log:\n{log}" if log and code is not None else "mend that, then run it again",
        )
    if task.status not in once.ENDED:  # other containers of the task run on
        cluster.stop(arn, "the migration has ended")
    terminal.say("migrated")
    return Migrated(identity, log)


def _begin(cluster: Cluster, order: Order, terminal: Terminal) -> str:
    """Start the task; return its ARN. One may run although nobody waited for the answer: that is said."""
    try:
        return cluster.run(order)
    except KeyboardInterrupt:
        terminal.say(_perhaps(cluster))
        raise
    except AwsError as error:
        error.cause += f"\n{_perhaps(cluster) if is_passing(error) else _NOTHING_CHANGED}"
        raise


def _perhaps(cluster: Cluster) -> str:
    way = f"aws ecs list-tasks --cluster {cluster.name} --started-by {STARTED_BY}"
    return f"the migration may have begun all the same: {way}; {_NOTHING_CHANGED}"


def _leave(cluster: Cluster, arn: str, container: str) -> str:
    """End a migration that has not begun, leave one that runs; return what was done.

    What is stopped in the midst of a migration may leave a database that neither image knows.
    """
    identity = arn.rpartition("/")[2]
    way = f"aws ecs stop-task --cluster {cluster.name} --task {identity}"
    try:
        found = cluster.tasks([arn])
        if found and found[0].container(container).status in once.BEFORE_IT_RUNS:
            cluster.stop(arn, "nobody waits for it any longer")
            return f"task {identity} had not begun, and was stopped"
    except AwsError as error:
        return f"task {identity} may be running ({error.fact}); to stop it: {way}"
    return f"task {identity} was left running, to its end: half a migration helps nobody; to stop it: {way}"
