"""`airlock lab`: commands in the network that has no way out."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.cli import Session
    from airlock.lab.report import Report
    from airlock.lab.starting import Outcome

EPILOG = """\b
Examples:
  airlock lab run -- airflow version        in the image, with the endpoints of the project
  airlock lab run --host -- curl -m 3 https://example.com
                                            a program of this machine, swallowed
  airlock lab adr                           the ADR's four connectivity tests, and ours
  airlock lab adr --without ecs             what breaks, and after how long
  airlock lab dags                          every DAG, by the image's Airflow
  airlock lab dags --without secretsmanager secret_connection
"""
_WITH = click.option(
    "--with", "added", multiple=True, metavar="ENDPOINT", help="Have this one, too (repeatable)."
)
_WITHOUT = click.option(
    "--without", "taken", multiple=True, metavar="ENDPOINT", help="Leave this one out (repeatable)."
)


def _writable(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    """Refuse, before minutes pass, a file that could not be written after them."""
    if file:
        folder = next(one for one in file.resolve().parents if one.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise click.BadParameter(f"nothing can be written in {folder}")
    return file


_REPORT = click.option(
    "--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", callback=_writable,
    help="Write every name and address that was tried, as JSON.",
)  # fmt: skip
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


def _network(function: Callable[..., int]) -> Callable[..., int]:
    return _WITH(_WITHOUT(_REPORT(function)))


@click.group("lab", epilog=EPILOG)
def command() -> None:
    """Run commands in a network as ADR-001 has it: endpoints, and silence. Needs no root and no Docker.

    Names of AWS's services lead to their endpoints, where a double of AWS answers with TLS. All other names resolve, as
    a VPC's resolver does it, and what is sent to their addresses is swallowed. At the end it is told what was tried.
    The endpoints are those of [tool.airlock.network], or the ADR's.
    """


@command.command("run", context_settings={"allow_interspersed_args": False})
@_network
@click.option("--host", is_flag=True, help="A command of this machine, not of the image.")
@click.option("--env", "variables", multiple=True, metavar="K=V", help="Set a variable (repeatable).")
@click.argument("command_", metavar="[--] COMMAND...", nargs=-1, type=click.UNPROCESSED, required=True)
@click.pass_obj
def run_(
    session: Session,
    *,
    added: tuple[str, ...],
    taken: tuple[str, ...],
    report_file: Path | None,
    host: bool,
    variables: tuple[str, ...],
    command_: tuple[str, ...],
) -> int:
    """Run COMMAND as a task on ECS: its network, its environment, its role's credentials.

    The image is as `airlock run` has it, and dags/ is at its place. The exit code is the command's.
    """
    from airlock.lab import starting  # noqa: PLC0415 - heavy imports, after --help

    env = dict(_pair(text) for text in variables)
    wanted = starting.Wanted(_services(session, added, taken), command_, env=env, host=host)
    outcome = starting.run(session, wanted)
    session.terminal.say(f"the network was up after {outcome.seconds:.1f} s")
    _tell(session, outcome.report, report_file)
    return outcome.code


def _services(session: Session, added: Sequence[str], taken: Sequence[str]) -> tuple[str, ...]:
    """Return the endpoints that the network is to have. Raises UsageError for one that is not known."""
    from airlock.check.run import project_config  # noqa: PLC0415 - heavy imports, after --help
    from airlock.lab import starting  # noqa: PLC0415
    from airlock_spec.endpoints import BY_CLIENT, BY_SERVICE  # noqa: PLC0415

    for one in (*added, *taken):
        if one not in BY_SERVICE:
            meant = f"; did you mean {BY_CLIENT[one]}?" if one in BY_CLIENT else ""
            raise click.UsageError(f"{one!r} is no VPC endpoint that is known{meant}")
    return starting.services(project_config(session).check.network.endpoints, added, taken)


def _tell(session: Session, report: Report, file: Path | None) -> None:
    from airlock import writing  # noqa: PLC0415 - heavy imports, after --help
    from airlock.errors import LabError  # noqa: PLC0415

    session.terminal.say(report.text())
    if file:
        try:
            with writing.replacing(file.resolve()) as out:
                out.write((json.dumps(report.document(), indent=2) + "\n").encode())
        except OSError as error:
            raise LabError(
                "the report of the lab cannot be written",
                cause=str(error),
                remedy="name another file with --report; what was tried is above",
            ) from error


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not name or not found:
        raise click.UsageError(f"--env {text!r} has not the shape NAME=VALUE")
    return name, value


@command.command("adr")
@_network
@click.option("--patient", is_flag=True, help="Also wait for a call with botocore's own defaults: minutes.")
@_JSON
@click.pass_obj
def adr_(
    session: Session,
    *,
    added: tuple[str, ...],
    taken: tuple[str, ...],
    report_file: Path | None,
    patient: bool,
    as_json: bool,
) -> int:
    """Run the connectivity tests of ADR-001 in the image, and those that it leaves out; print a verdict of each.

    The exit code is 1 where one does not hold, but for calls of an endpoint that is not there, and the ADR's claim.
    """
    from airlock.lab import programs  # noqa: PLC0415 - heavy imports, after --help

    services = _services(session, added, taken)
    tests, outcome = programs.adr(session, services, patient=patient)
    document = {"endpoints": list(services), "tests": [asdict(one) for one in tests]}
    _result(document, outcome, programs.text_of_tests(tests, services), as_json=as_json)
    _tell(session, outcome.report, report_file)
    return 1 if programs.failing(tests, services) else 0


@command.command("dags")
@_network
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86400),
    default=180.0,
    show_default=True,
    help="Seconds that the runs may take.",
)
@_JSON
@click.argument("dags", metavar="[DAG]...", nargs=-1)
@click.pass_obj
def dags_(
    session: Session,
    *,
    added: tuple[str, ...],
    taken: tuple[str, ...],
    report_file: Path | None,
    timeout: float,
    as_json: bool,
    dags: tuple[str, ...],
) -> int:
    """Run DAGs of dags/, or all of them, by the image's Airflow: SQLite, task logs in S3, secrets, the outbox.

    Prints the state of each run, and what a task that failed said. The exit code is 1 where one did not succeed, or a
    file cannot be imported.
    """
    from airlock.lab import programs  # noqa: PLC0415 - heavy imports, after --help

    services = _services(session, added, taken)
    ran, outcome = programs.dags(session, services, dags, timeout)
    document = {"endpoints": list(services), "dags": [asdict(one) for one in ran]}
    _result(document, outcome, programs.text_of_dags(ran), as_json=as_json)
    _tell(session, outcome.report, report_file)
    return 0 if ran and all(one.state == "success" for one in ran) else 1


def _result(document: dict[str, Any], outcome: Outcome, text: str, *, as_json: bool) -> None:
    whole = {"seconds": round(outcome.seconds, 2), **document, "tried": outcome.report.document()}
    click.echo(json.dumps(whole, indent=2) if as_json else text)
