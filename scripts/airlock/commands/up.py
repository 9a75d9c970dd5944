"""`airlock up`: the whole of Airflow on this machine, without a network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.up.result import Up

EPILOG = """\b
Examples:
  airlock up                        in sandboxes: no Docker, no root
  airlock up --port 8081            where something else has 8080
  airlock up --foreground           until Ctrl-C, showing what Airflow says
  airlock up --docker               PostgreSQL, a Celery worker and each service in a container of its own
  airlock up --json | jq -r .password_file
"""


@click.command("up", epilog=EPILOG)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Where the UI is to be."
)
@click.option("--docker", is_flag=True, help="In containers, by Docker Compose.")
@click.option(
    "--local", is_flag=True, help="With --docker: LocalExecutor in the scheduler, no Celery worker."
)
@click.option("--foreground", is_flag=True, help="Stay until Ctrl-C, then take it down.")
@click.option("--offline", is_flag=True, help="Compose without a network: fail where a store is not sealed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the URL.")
@click.pass_obj
def command(
    session: Session,
    *,
    port: int,
    docker: bool,
    local: bool,
    foreground: bool,
    offline: bool,
    as_json: bool,
) -> int:
    """Bring the whole of Airflow up on this machine, without a network, and print the URL of its UI.

    Composes the project's image and the lab's, unless they are, and runs Airflow from them with the DAGs of dags/
    and a double of AWS: in sandboxes, with SQLite, or in containers. It stays up until `airlock down`, which leaves
    nothing. What it has on disk is in build/up: the password, the logs.
    """
    from airlock.up import start  # noqa: PLC0415 - heavy imports, after --help

    if local and not docker:
        raise click.UsageError("--local is for --docker: without it there is no Celery anyway")
    wanted = start.Wanted(port, docker=docker, local=local, foreground=foreground, offline=offline)
    up = start.start(session, wanted)
    session.terminal.say(f"healthy after {up.seconds:.1f} s; user {up.user}, password {up.password}")
    session.terminal.say("to end it: airlock down")
    _result(up, as_json=as_json)
    if foreground:
        start.stay(up)
    return 0


def _result(up: Up, *, as_json: bool) -> None:
    if not as_json:
        click.echo(up.url)
        return
    document = {
        "url": up.url,
        "user": up.user,
        "password_file": str(up.password_file),
        "mode": up.mode,
        "seconds": round(up.seconds, 1),
    }
    click.echo(json.dumps(document))
