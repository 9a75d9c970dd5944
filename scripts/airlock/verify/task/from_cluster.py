"""`airlock verify --from-task`: the services of [tool.airlock.deploy], each network looked at from within."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock import ecs
from airlock.deploy.pace import Pace
from airlock.errors import ConfigError
from airlock.logs import CloudWatch
from airlock.verify.task.looking import Looking
from airlock.verify.task.stands import Asked, stands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.verify.task.stands import Stand
    from airlock_spec.reach.observed import Observed

SECONDS = 900  # until all tasks have ended: ECS tries a pull for minutes before it gives up


def look(
    session: Session, services: Sequence[str] = (), arguments: Sequence[str] = (), seconds: float = SECONDS
) -> tuple[Observed, ...]:
    """Run `airlock-verify` as a task, from each network of the services, and return what each saw.

    `services` are looked from one by one; without any, of those in [tool.airlock.deploy] one for each network.
    Raises ConfigError, ProbeError, AwsError.
    """
    cluster = ecs.connect(_cluster(session))
    chosen = stands(cluster, _asked(session, services, arguments))
    return Looking(cluster, CloudWatch(), Pace(seconds), session.terminal).look(chosen)


def rehearse(session: Session, services: Sequence[str] = (), arguments: Sequence[str] = ()) -> list[Stand]:
    """Return what `look` would run, and run nothing; `Stand.plain` is it for JSON. Raises what `look` does."""
    found = stands(ecs.connect(_cluster(session)), _asked(session, services, arguments))
    for one in found:
        also = f", and for {', '.join(one.also)}" if one.also else ""
        session.terminal.say(
            f"would look from {one.service.name}{also}: {one.definition.name}, {one.container}"
        )
        session.terminal.say(f"  {' '.join(one.order.commands[one.container])}")
    return found


def _cluster(session: Session) -> str:
    if session.config.deploy.cluster:
        return session.config.deploy.cluster
    raise ConfigError(
        "nobody said in which cluster to look",
        cause="[tool.airlock.deploy] has no cluster",
        remedy="write it into pyproject.toml, or export AIRLOCK_DEPLOY_CLUSTER=NAME",
    )


def _asked(session: Session, services: Sequence[str], arguments: Sequence[str]) -> Asked:
    names = tuple(services) or session.config.deploy.services
    if not names:
        raise ConfigError(
            "nobody said from which services to look",
            cause="[tool.airlock.deploy] has no services, and no option names one",
            remedy="write them into pyproject.toml, or: airlock verify --from-task --service NAME",
        )
    return Asked(names, bool(services), tuple(arguments), session.config.push.repository)
