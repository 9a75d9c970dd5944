"""A deployment from top to bottom: what is to be done is read and judged whole, then done, or only told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airlock.deploy import migration, plan, rollout, telling
from airlock.deploy.cluster import short
from airlock.errors import DeployError

if TYPE_CHECKING:
    from airlock.deploy.cluster import Cluster, Definition, Reading
    from airlock.deploy.families import Family
    from airlock.deploy.found import Found
    from airlock.deploy.pace import Pace
    from airlock.deploy.plan import Change, Plan, Wanted
    from airlock.terminal import Terminal

_MIGRATED = (
    "the database stays migrated: where that changed its tables, a task of the former image that starts now ends\n"
    "with 79; then deploy a mended image, or let the new one run: airflow db downgrade --to-version …"
)


class Acting(Protocol):
    """What becomes of a plan."""

    def carry_out(self, plan: Plan) -> dict[str, Any]:
        """Do it; return the result as an object. Raises DeployError, AwsError."""
        ...


def deploy(
    cluster: Reading, found: Found, wanted: Wanted, acting: Acting, terminal: Terminal
) -> dict[str, Any]:
    """Bring the image into service; return the result as an object.

    Raises DeployError where it cannot be begun, or failed and was taken back; AwsError.
    """
    made = plan.make(cluster, found, wanted)
    for line in telling.lines(made):
        terminal.say(line)
    if made.is_done:
        terminal.say("deployed already: every service runs this image")
        return telling.document(made, _as_it_is(made), None, dry_run=False)
    return acting.carry_out(made)


@dataclass(frozen=True)
class Rehearsal:
    """Says what would be done. It has no cluster to change anything in."""

    terminal: Terminal

    def carry_out(self, plan: Plan) -> dict[str, Any]:
        self.terminal.say("nothing was changed: this was a dry run")
        known = {one.name: one.registered for one in plan.changes if one.registered}
        return telling.document(plan, _as_it_is(plan) | known, None, dry_run=True)


@dataclass(frozen=True)
class Deployment:
    """Registers the revisions, migrates the database, and updates the services."""

    cluster: Cluster
    pace: Pace
    terminal: Terminal

    def carry_out(self, plan: Plan) -> dict[str, Any]:
        former = self._keep(plan)  # first: the family's newest revision is then the one with the image
        revisions = self._register(plan)
        steps = [
            rollout.Step(
                one.service,
                revisions[one.definition.arn],
                one.content or one.definition.content,
                former[one.definition.arn],
            )
            for one in plan.changes
        ]
        migrated = None
        if plan.migration:
            arn = revisions[plan.migration.change.definition.arn]
            migrated = migration.run(self.cluster, plan.migration, arn, self.pace, self.terminal)
        try:
            rollout.roll(self.cluster, steps, self.pace, self.terminal)
        except DeployError as error:
            error.cause = "\n".join(filter(None, [error.cause, _MIGRATED if migrated else ""]))
            raise
        except KeyboardInterrupt:
            if migrated:
                self.terminal.say(_MIGRATED)
            raise
        result = {step.name: step.to for step in steps}
        result |= {one.name: self._next(one) for one in plan.families if one.content is not None}
        return telling.document(plan, result, migrated, dry_run=False)

    def _next(self, family: Family) -> str:
        """Register a family's next revision: from now on whoever starts tasks by its name gets it."""
        assert family.content is not None
        arn = self.cluster.register(family.content)
        self.terminal.say(f"registered {short(arn)}: tasks of {family.name} run the image from now on")
        return arn

    def _keep(self, plan: Plan) -> dict[str, str]:
        """Return, for the definition that each service runs now, one of the same content that it can be given again."""
        former: dict[str, str] = {}
        for change in plan.changes:
            now = change.definition.arn
            if now not in former:
                former[now] = self._copy(change.definition) if change.is_kept_by_a_copy else now
        return former

    def _copy(self, definition: Definition) -> str:
        arn = self.cluster.register(definition.content)
        self.terminal.say(f"registered {short(arn)}, which is as {definition.name}")
        return arn

    def _register(self, plan: Plan) -> dict[str, str]:
        """Return, for the definition that each service runs now, the one that it is to run."""
        also = [plan.migration.change] if plan.migration else []
        revisions: dict[str, str] = {}
        for change in [*plan.changes, *also]:
            now = change.definition.arn
            if now not in revisions:  # services may share one
                revisions[now] = self._revision(change)
        return revisions

    def _revision(self, change: Change) -> str:
        if change.content is None:
            return change.definition.arn
        if change.registered:
            return change.registered
        arn = self.cluster.register(change.content)
        self.terminal.say(f"registered {short(arn)}")
        return arn


def _as_it_is(plan: Plan) -> dict[str, str]:
    return {one.name: one.service.definition for one in plan.changes if one.content is None}
