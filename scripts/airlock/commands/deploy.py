"""`airlock deploy`: lets services on Amazon ECS run the image."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.deploy.found import Found
    from airlock.deploy.plan import Wanted
    from airlock.registry.reference import Reference

EPILOG = """\b
Examples:
  airlock deploy --dry-run      what would change in the services of [tool.airlock.deploy]
  airlock deploy                the image in build/image, which `airlock push` pushed
  airlock deploy --image 123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow:3.3.2
                                another one: a tag is resolved once, then the digest counts
  airlock deploy --cluster prod --service airflow-api-server --service airflow-scheduler
  airlock deploy --json | jq -r '.services[] | select(.changed).to'

Services are updated in the order they are named in: the first alone, the others together after it. List the
api-server first: it serves workers of both versions. What each step does, and which permissions it needs:
docs/deploy.md.
"""


@click.command("deploy", epilog=EPILOG)
@click.option("--cluster", metavar="NAME", help="The cluster.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="A service (repeatable).")
@click.option("--image", "name", metavar="REF", help="The image, as HOST/PATH:TAG or HOST/PATH@sha256:….")
@click.option("--migrate", metavar="SERVICE", help="The service that the migration's task takes after.")
@click.option("--no-migrate", is_flag=True, help="Do not migrate the database.")
@click.option(
    "--timeout", type=click.IntRange(1), metavar="SECONDS", help="Until all services must be stable."
)
@click.option("--force", is_flag=True, help="Also while another deployment is going on: take it over.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the digest.")
@click.pass_obj
def command(
    session: Session,
    *,
    cluster: str | None,
    services: tuple[str, ...],
    name: str | None,
    migrate: str | None,
    no_migrate: bool,
    timeout: int | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Let services on Amazon ECS run the image, by its digest.

    The database is migrated first, by a task of its own. Where a service does not become stable, all that were
    changed run again what they ran before. Prints the image's digest alone on stdout.
    """
    if migrate and no_migrate:
        raise click.UsageError("of --migrate and --no-migrate only one can be had")
    from airlock import ecs  # noqa: PLC0415 - after --help
    from airlock.deploy.deploying import Deployment, Rehearsal, deploy  # noqa: PLC0415
    from airlock.deploy.pace import Pace  # noqa: PLC0415
    from airlock.push import repository  # noqa: PLC0415

    config = session.config
    place, wanted = _wanted(
        config, cluster or "", services, None if no_migrate else migrate or "", force=force
    )
    found = _found(session, name or "", dry_run=dry_run)
    there = ecs.connect(place)
    pace = Pace(timeout or config.deploy.timeout)
    acting = Rehearsal(session.terminal) if dry_run else Deployment(there, pace, session.terminal)
    with _terminable():
        done = deploy(there, found, wanted, acting, session.terminal)
    if not dry_run:
        image = found.reference
        repository.hold(image.repository, image.digest, place, _former(done), session.terminal)
    click.echo(json.dumps(done) if as_json else done["digest"])
    return 0


def _former(done: Mapping[str, Any]) -> dict[str, str]:
    """Return by service the digest that it ran, "" where it was named by a tag."""
    return {
        one["service"]: next((moved["from"].partition("@")[2] for moved in one["containers"]), "")
        for one in done["services"]
    }


def _wanted(
    config: Config, cluster: str, services: tuple[str, ...], migrate: str | None, *, force: bool
) -> tuple[str, Wanted]:
    """Return the cluster and what is wanted of it; `migrate` is None for no migration. Raises ConfigError."""
    from airlock.deploy.plan import Wanted  # noqa: PLC0415 - as above
    from airlock.errors import ConfigError  # noqa: PLC0415

    cluster = cluster or config.deploy.cluster
    families = () if services else config.deploy.families  # some services alone: nothing else is moved
    services = tuple(dict.fromkeys(services or config.deploy.services))
    missing = [] if cluster else ["cluster"]
    missing += [] if services else ["services"]
    if missing:
        raise ConfigError(
            f"nobody said where to deploy: no {' and no '.join(missing)}",
            cause=f"[tool.airlock.deploy] has no {' and no '.join(missing)}, and no option names one",
            remedy="write them into pyproject.toml, or: airlock deploy --cluster NAME --service NAME",
        )
    if migrate is None:
        return cluster, Wanted(services, "", force, families)
    after = migrate or config.deploy.migrate or services[0]
    return cluster, Wanted(services, after, force, families)


def _found(session: Session, name: str, *, dry_run: bool) -> Found:
    """Look the image up in its registry; a dry run goes on where it has not been pushed yet."""
    from airlock.deploy import found  # noqa: PLC0415 - as above
    from airlock.registry import connecting, reference  # noqa: PLC0415

    image = reference.reference(name) if name else _composed(session.config)

    def tell(absent: Reference) -> None:
        session.terminal.say(f"{absent} is not there yet: it has to be pushed first")

    registry = connecting.connect(image.repository)
    return found.find(registry, image, tell if dry_run else found.refuse)


def _composed(config: Config) -> Reference:
    """Return the image in build/image, where it is pushed to. Raises ConfigError, ImageError."""
    from airlock import layout  # noqa: PLC0415 - as above
    from airlock.errors import ConfigError  # noqa: PLC0415
    from airlock.registry.reference import Reference, repository  # noqa: PLC0415

    if not config.push.repository:
        raise ConfigError(
            "nobody said which image to deploy",
            cause="[tool.airlock.push] has no repository, and no option names an image",
            remedy="write it into pyproject.toml, or: airlock deploy --image REF",
        )
    return Reference(repository(config.push.repository), digest=layout.digest(config.layout))


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM, by which CI cancels a job, be as Ctrl-C: services are given back what they ran."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
