"""A plan and its result: for people, and as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.deploy.cluster import short
from airlock.deploy.revision import repository_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.deploy.families import Family
    from airlock.deploy.migration import Migrated
    from airlock.deploy.plan import Change, Plan
    from airlock.deploy.revision import Moved


def lines(plan: Plan) -> Iterator[str]:
    """Yield what a plan changes, in the manner of a diff."""
    yield f"{plan.image} in cluster {plan.cluster}"
    for change in plan.changes:
        yield from _service(change)
    for family in plan.families:
        yield from _family(family)
    migration = plan.migration
    if migration:
        words = " ".join(migration.commands[migration.container])
        change = migration.change
        yield f"the database: a task as {change.name} runs it, container {migration.container}: {words}"
        idle = [name for name in migration.commands if name != migration.container]
        if idle:
            yield f"  meanwhile idle in it: {', '.join(idle)}"


def _service(change: Change) -> Iterator[str]:
    name = change.definition.name
    if change.content is None:
        yield f"{change.name}  {name}, as it is{'' if change.service.is_stable else '; not stable yet'}"
        return
    after = short(change.registered) if change.registered else "a new revision"
    yield f"{change.name}  {name} → {after}"
    yield from _moves(change.moves)
    if change.is_kept_by_a_copy:
        yield f"    {name} was deregistered: a copy of it is registered first, to go back to"
    if change.newer:
        yield f"    {change.newer} is newer: what else it changes is not deployed by this"
    if not change.service.desired:
        yield "    no task of it is to run (desired count 0)"


def _family(family: Family) -> Iterator[str]:
    name = family.definition.name
    if family.content is None:
        yield f"family {family.name}  {name}, as it is"
        return
    yield f"family {family.name}  {name} → a new revision, when the services are stable"
    yield from _moves(family.moves)


def _moves(moves: tuple[Moved, ...]) -> Iterator[str]:
    for one in moves:
        if not one.changes:
            yield f"    {one.container}  {one.before}, as it is"
            continue
        repository = repository_of(one.before)
        yield f"  - {one.container}  {one.before.removeprefix(repository)}"
        yield f"  + {one.container}  {one.after.removeprefix(repository)}"


def document(
    plan: Plan, revisions: Mapping[str, str], migrated: Migrated | None, *, dry_run: bool
) -> dict[str, Any]:
    """Return the result as an object; `revisions` has the ARN that each service or family has then, if known."""
    return {
        "cluster": plan.cluster,
        "image": str(plan.image),
        "digest": plan.image.digest,
        "dry_run": dry_run,
        "changed": any(content is not None for content in plan.contents),
        "migration": _migration(plan, migrated),
        "services": [
            {
                "service": one.name,
                "from": one.service.definition,
                "to": revisions.get(one.name),
                "changed": one.content is not None,
                "containers": _containers(one.moves),
            }
            for one in plan.changes
        ],
        "families": [
            {
                "family": one.name,
                "from": one.definition.arn,
                "to": revisions.get(one.name, one.definition.arn if one.content is None else None),
                "changed": one.content is not None,
                "containers": _containers(one.moves),
            }
            for one in plan.families
        ],
    }


def _containers(moves: tuple[Moved, ...]) -> list[dict[str, str]]:
    return [{"name": one.container, "from": one.before, "to": one.after} for one in moves]


def _migration(plan: Plan, migrated: Migrated | None) -> dict[str, Any] | None:
    if plan.migration is None:
        return None
    return {
        "service": plan.migration.change.name,
        "container": plan.migration.container,
        "task": migrated.task if migrated else None,
    }
