"""`airlock network`: which endpoints DAGs and Airflow need, which the network has, and what they cost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.network import Row, Table, User
    from airlock_spec.check.facts import Run
    from airlock_spec.check.settings import Network

EPILOG = """\b
Examples:
  airlock network                          what the DAGs and the image's configuration need
  airlock network --endpoints s3,logs,ecs  against these endpoints
  airlock network --zones 3                in three availability zones
  airlock network --json | jq -r '.missing[]'

\b
[tool.airlock.network] says what the network has:
  endpoints = ["ecr.api", …]               default: those of ADR-001
  hosts = ["*.partner.example"]            that can be reached all the same
  zones = 2

Prices are public list prices of us-east-1. `airlock check` reports each task that needs what
is not there (AL501, AL502).
"""
_STATES = {"ok": "yes", "unused": "yes", "missing": "MISSING", "impossible": "NONE EXISTS"}
_NAMED = 2  # places of one class that the table names


@click.command("network", epilog=EPILOG)
@click.option("--endpoints", metavar="A,B,…", help="The endpoints that the network has.")
@click.option("--zones", type=click.IntRange(min=1), help="Availability zones that endpoints are in.")
@click.option("--image", metavar="REF", default="", help="The image to read DAGs in, as for airlock check.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(session: Session, *, endpoints: str | None, zones: int | None, image: str, as_json: bool) -> int:
    """Print which endpoints are needed, by whom, whether the network has them, and what they cost.

    What operators, sensors, transfers, triggers, hooks and callbacks of every DAG talk to is read in the image,
    without a network; what Airflow needs is read from the image's configuration.
    """
    from airlock import network as tables  # noqa: PLC0415 - heavy imports, after --help

    run, network = _facts(session, image)
    found = tables.table(run, offered(network, endpoints, zones))
    click.echo(json.dumps(tables.document(found), indent=2) if as_json else text(found))
    return 0


def text(found: Table) -> str:
    """Return a table for people: endpoints, hosts, and what follows from them."""
    from airlock.terminal import aligned  # noqa: PLC0415

    zones = "1 zone" if found.zones == 1 else f"{found.zones} zones"
    rows = [["endpoint", "there", f"a month, {zones}", "needed by"]]
    for row in found.rows:
        first, *more = _users(row.users) or ["nobody"]
        rows.append([_name(row), _STATES[row.state], _price(row), first])
        rows += [["", "", "", one] for one in more]
    lines = aligned(rows, {2})
    if found.hosts:
        hosts = [["host outside AWS", "way", "needed by"]]
        for host in found.hosts:
            first, *more = _users(host.users)
            hosts.append([host.host, "yes" if host.allowed else "NONE", first])
            hosts += [["", "", one] for one in more]
        lines += ["", *aligned(hosts)]
    return "\n".join([*lines, "", *_conclusions(found)])


def offered(network: Network, endpoints: str | None, zones: int | None) -> Network:
    """Return a network with what flags say of it. Raises UsageError where an endpoint has boto3's name."""
    from airlock_spec.endpoints import BY_CLIENT, BY_SERVICE  # noqa: PLC0415

    if endpoints is not None:
        given = tuple(one.strip() for one in endpoints.split(",") if one.strip())
        network = replace(network, endpoints=given)
    if zones is not None:
        network = replace(network, zones=zones)
    mistaken = [
        f"{one} is {BY_CLIENT[one]}"
        for one in network.endpoints or ()
        if one in BY_CLIENT.keys() - BY_SERVICE
    ]
    if mistaken:
        raise click.UsageError(f"endpoints have names of their own, not boto3's: {', '.join(mistaken)}")
    return network


def _facts(session: Session, image: str) -> tuple[Run, Network]:
    """Return what the check finds in the DAGs, and what the project says of its network."""
    from airlock.check.run import facts, project_config  # noqa: PLC0415 - heavy imports, after --help

    network = project_config(session).check.network
    run: Run = facts(session, image=image or None)
    return run, network


def _name(row: Row) -> str:
    return f"{row.service} ({row.note})" if row.note else row.service


def _price(row: Row) -> str:
    return "-" if row.state == "impossible" else f"${row.monthly:.2f}"


def _users(users: Sequence[User]) -> list[str]:
    """Return a line for each class, Airflow's own needs first, with a few of the places that use it."""
    places: dict[str, list[str]] = {}
    for user in users:
        of = places.setdefault(user.by if not user.path else user.by.rpartition(".")[2], [])
        if user.path and (place := f"{user.path}:{user.line}" if user.line else user.path) not in of:
            of.append(place)
    return [_line(by, of) for by, of in places.items()]


def _line(by: str, places: Sequence[str]) -> str:
    more = f", {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return f"{by}  {', '.join(places[:_NAMED])}{more}" if places else by


def _conclusions(found: Table) -> list[str]:
    from airlock_spec import prices  # noqa: PLC0415

    per_gigabyte = prices.ENDPOINT_GIGABYTE[0][1].dollars
    lines = [
        f"total ${found.total:.2f} a month, and ${per_gigabyte:.2f} for each GB through interface endpoints"
    ]
    if missing := found.services("missing"):
        lines.append(f"missing: {', '.join(missing)} (${found.cost('missing'):.2f} more)")
    if impossible := found.services("impossible"):
        lines.append(f"no endpoint exists for: {', '.join(impossible)}")
    if unused := found.services("unused"):
        lines.append(f"needed by nobody: {', '.join(unused)} (${found.cost('unused'):.2f} less without)")
    if barred := [one.host for one in found.hosts if not one.allowed]:
        lines.append(f"no way to: {', '.join(barred)}; an API outside is reached by the OutboxOperator")
    return lines
