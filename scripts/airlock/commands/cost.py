"""`airlock cost`: NAT gateways against VPC endpoints."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.costs.model import Network

EPILOG = """\b
Examples:
  airlock cost                              the project's endpoints and zones, at several volumes of traffic
  airlock cost --azs 3 --endpoints 7        seven interface endpoints in three availability zones
  airlock cost --azs 1 --nats 3 --gb 2000   what is compared in ADR-001
  airlock cost --gb 5000 --s3-share 0.8     four fifths of it to S3, which is free by its gateway endpoint
  airlock cost --json | jq .break_even_gigabytes
  airlock cost --azs 3 --plot costs.svg

Endpoints and zones are those of [tool.airlock.network], by default ADR-001's six in two zones.
docs/costs.md tells what is in it and what is not.
"""
_USUAL = (0.0, 100.0, 500.0, 1_111.0, 2_222.0, 5_000.0, 10_000.0, 50_000.0)  # the middle two are ADR-001's


@click.command("cost", epilog=EPILOG)
@click.option("--azs", "zones", type=click.IntRange(1, 12), help="Availability zones that tasks are in.")
@click.option("--endpoints", type=click.IntRange(0, 200), help="Interface endpoints, each in all zones.")
@click.option(
    "--gb", "traffic", type=click.FloatRange(0, 5_000_000), multiple=True, help="GB a month (several)."
)
@click.option(
    "--s3-share", type=click.FloatRange(0, 1), default=0.0, help="Share of the traffic that is S3's."
)
@click.option("--s3-gateway-with-nat", is_flag=True, help="NAT's network has a gateway endpoint for S3, too.")
@click.option(
    "--nats", type=click.IntRange(1, 12), help="NAT gateways, shared by the zones (default: one each)."
)
@click.option("--no-addresses", is_flag=True, help="Leave out the public addresses of NAT gateways.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Draw cost over traffic (.png, .svg).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(
    session: Session,
    *,
    zones: int | None,
    endpoints: int | None,
    traffic: tuple[float, ...],
    s3_share: float,
    s3_gateway_with_nat: bool,
    nats: int | None,
    no_addresses: bool,
    plot: Path | None,
    as_json: bool,
) -> int:
    """Print what NAT gateways and VPC endpoints cost a month, and from which traffic on endpoints are cheaper.

    It says plainly when the 60 % of ADR-001 hold. Nothing is asked of AWS.
    """
    from dataclasses import replace  # noqa: PLC0415 - after --help

    from airlock.costs import plot as plots  # noqa: PLC0415
    from airlock.costs import table  # noqa: PLC0415

    if any(map(math.isnan, (*traffic, s3_share))):  # which click's ranges let through
        raise click.UsageError("--gb and --s3-share want numbers")
    network = replace(
        _network(session, zones, endpoints),
        nats=nats,
        addresses=not no_addresses,
        s3_share=s3_share,
        nat_has_s3_gateway=s3_gateway_with_nat,
    )
    if plot and plot.suffix not in plots.FORMATS:
        raise click.UsageError(f"--plot {plot}: a name that ends in {' or '.join(plots.FORMATS)}")
    rows = sorted(set(traffic or _USUAL))
    click.echo(json.dumps(table.document(network, rows), indent=2) if as_json else table.text(network, rows))
    if plot:
        plots.write(plot, network, max(*traffic, 3_000.0) if traffic else 3_000.0)
        session.terminal.say(f"{plot} is written")
    return 0


def _network(session: Session, zones: int | None, endpoints: int | None) -> Network:
    """Return what flags say of zones and endpoints, else what the project does."""
    from airlock.check.run import project_config  # noqa: PLC0415 - after --help
    from airlock.costs.model import Network  # noqa: PLC0415
    from airlock_spec.endpoints import ADR_001, BY_SERVICE  # noqa: PLC0415

    if zones is not None and endpoints is not None:
        return Network(zones, endpoints)
    offered = project_config(session).check.network
    names = offered.endpoints if offered.endpoints is not None else tuple(one.service for one in ADR_001)
    interfaces = [name for name in names if name not in BY_SERVICE or not BY_SERVICE[name].gateway]
    return Network(zones or offered.zones, len(interfaces) if endpoints is None else endpoints)
