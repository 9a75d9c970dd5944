"""What a deployment will do, read from the cluster and judged whole before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.deploy import families, once, revision
from airlock.deploy.cluster import short
from airlock.errors import AwsError, DeployError
from airlock.terminal import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.deploy.cluster import Definition, Reading, Service
    from airlock.deploy.families import Family
    from airlock.deploy.found import Found
    from airlock.deploy.revision import Moved
    from airlock.registry.reference import Reference

STARTED_BY = "airlock-migrate"  # by it a migration of another deployment is found
MIGRATE = ("airflow", "db", "migrate")


@dataclass(frozen=True)
class Wanted:
    """What was asked for; `migrate` names the service that the migration takes after, "" for no migration.

    `families` are task definitions that no service runs.
    """

    services: tuple[str, ...]
    migrate: str
    force: bool = False  # also while another deployment is going on
    families: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A service: what it runs, and what it is to run; no `content` where that is the same."""

    service: Service
    definition: Definition
    moves: tuple[Moved, ...]
    content: Mapping[str, Any] | None = field(repr=False)
    registered: str = ""  # the revision that has this content already
    newer: str = (
        ""  # the family's newest revision, where it is another: it has what this service does not get
    )

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def is_kept_by_a_copy(self) -> bool:
        """Whether what the service runs now has to be registered anew, or there would be no way back to it."""
        return self.content is not None and not self.definition.is_active


@dataclass(frozen=True)
class Migration:
    """The task that migrates the database: after which service, in which container, what each one runs."""

    change: Change
    container: str
    commands: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Plan:
    """All that will be done; `changes` has every service, in the order they were named in."""

    image: Reference
    cluster: str
    region: str
    changes: tuple[Change, ...]
    migration: Migration | None
    families: tuple[Family, ...] = ()

    @property
    def contents(self) -> tuple[Mapping[str, Any] | None, ...]:
        """What is registered for each service and family; None where it has the image."""
        return (*(one.content for one in self.changes), *(one.content for one in self.families))

    @property
    def is_done(self) -> bool:
        """Whether every service runs the image already, and is stable, and every family has it."""
        return not any(self.contents) and all(one.service.is_stable for one in self.changes)


def make(cluster: Reading, found: Found, wanted: Wanted) -> Plan:
    """Read the services and decide. Raises DeployError with all that stands in the way, AwsError."""
    names = list(dict.fromkeys([*wanted.services, *filter(None, [wanted.migrate])]))
    services = _services(cluster, names)
    problems = [_absent(name, cluster.name) for name in names if name not in services]
    unfit = {name: why for name, one in services.items() if (why := _unfit(one))}
    problems += [f"{name}: {why}" for name, why in unfit.items()]
    made = {
        name: _change(cluster, one, found.reference) for name, one in services.items() if name not in unfit
    }
    changes = [made[name] for name in wanted.services if name in made]
    for one in made.values():
        problems += _problems(one, found, wanted)
    problems += _running_migrations(cluster, wanted)
    standing = families.read(cluster, wanted.families, found, problems)
    migration = None
    if wanted.migrate in made and any(one.content is not None for one in changes):
        migration = _migration(made[wanted.migrate], found.reference, problems)
    if problems:
        raise DeployError(
            f"the deployment was not begun: {counted(len(problems), 'problem')}",
            cause="\n".join(problems),
            remedy="nothing was changed; mend these, then run it again",
        )
    return Plan(found.reference, cluster.name, cluster.region, tuple(changes), migration, standing)


def _services(cluster: Reading, names: Sequence[str]) -> dict[str, Service]:
    try:
        return cluster.services(names)
    except AwsError as error:
        if error.code != "ClusterNotFoundException":
            raise
        raise DeployError(
            f"there is no cluster {cluster.name}", cause=error.cause, remedy="aws ecs list-clusters"
        ) from error


def _absent(name: str, cluster: str) -> str:
    if name.startswith("arn:"):
        return f"{name}: name the service as its cluster does, without the rest of its ARN: {short(name)}"
    return f"{name}: there is no such service in cluster {cluster}"


def _change(cluster: Reading, service: Service, image: Reference) -> Change:
    definition = cluster.definition(service.definition)
    moves = tuple(revision.moves(definition, image))
    if not any(one.changes for one in moves):
        return Change(service, definition, moves, None)
    content = revision.content(definition, image)
    newest = _newest(cluster, definition.family)
    if newest is None or newest.arn == definition.arn:
        return Change(service, definition, moves, content)
    if newest.content == content:
        return Change(service, definition, moves, content, registered=newest.arn)
    return Change(service, definition, moves, content, newer=newest.name)


def _newest(cluster: Reading, family: str) -> Definition | None:
    try:
        return cluster.definition(family)
    except AwsError as error:
        if error.code != "ClientException":  # all its revisions were deregistered
            raise
        return None


def _unfit(service: Service) -> str:
    if service.status != "ACTIVE":
        return f"it is {service.status}"
    return "" if service.controller == "ECS" else f"{service.controller} deploys it, not ECS"


def _problems(change: Change, found: Found, wanted: Wanted) -> list[str]:
    service, name = change.service, change.name
    problems = []
    mine = revision.ours(change.definition, found.reference)
    if not mine:
        images = ", ".join(one.before for one in change.moves)
        problems.append(f"{name}: no container runs {found.reference.repository}, but {images}")
    runs_on = revision.platform(change.definition)
    if mine and found.platforms and runs_on not in found.platforms:
        held = ", ".join(sorted(found.platforms))
        problems.append(f"{name}: its tasks run on {runs_on}, and the image is for {held}")
    if name in wanted.services and not wanted.force and change.content is not None and _is_moving(service):
        problems.append(
            f"{name}: another deployment of it is going on; wait for its end, or take it over with --force"
        )
    return problems


def _is_moving(service: Service) -> bool:
    primary = service.primary
    if primary is None:
        return False
    return primary.state == "IN_PROGRESS" or (not primary.state and len(service.deployments) > 1)


def _running_migrations(cluster: Reading, wanted: Wanted) -> list[str]:
    if not wanted.migrate or wanted.force:
        return []
    return [
        f"a migration runs: task {arn.rpartition('/')[2]}; wait for its end, or begin all the same with --force"
        for arn in cluster.started(STARTED_BY)
    ]


def _migration(change: Change, image: Reference, problems: list[str]) -> Migration | None:
    """Choose the container that migrates; others of the image do nothing, or they would run before their time."""
    mine = {one["name"]: one for one in revision.ours(change.definition, image)}
    if not mine:
        return None  # told already
    other = "name another service with --migrate"
    name = once.chosen(mine)
    if not name:
        problems.append(f"{change.name}: each container waits for another of the same image; {other}")
        return None
    problems += [
        f"{change.name}: {one}; {other}" for one in once.problems(mine.values(), change.definition.content)
    ]
    return Migration(change, name, once.commands(mine, name, MIGRATE))
