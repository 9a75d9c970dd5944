"""The plot of cost over traffic, with the points from which endpoints are cheaper."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from airlock.costs.model import ADR_TRAFFIC, break_even, endpoints, nat
from airlock.errors import ConfigError
from airlock_spec import prices

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.costs.model import Network

_POINTS = 200
_COLOURS = ("#1b7f5c", "#2c6fbb", "#b0413e")
FORMATS = (".png", ".svg")


def draw(network: Network, most: float, form: str) -> bytes:
    """Return the plot as PNG or SVG, for 1 zone up to the network's; the same bytes for the same input.

    `most` is GB a month. Raises ConfigError where matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - half a second, and not of the toolchain itself
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "a plot needs matplotlib, which is not installed here",
            cause=str(error),
            remedy="make .venv/checks",
        ) from error
    with rc_context({"svg.hashsalt": "airlock", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(*ADR_TRAFFIC, color="#dddddd", alpha=0.6, label="traffic of ADR-001")
        traffic = [most * step / _POINTS for step in range(_POINTS + 1)]
        for zones, colour in zip(range(1, network.zones + 1), _COLOURS * network.zones, strict=False):
            one = replace(network, zones=zones)
            where = "1 zone" if zones == 1 else f"{zones} zones"
            before = [nat(one, gigabytes).total for gigabytes in traffic]
            after = [endpoints(one, gigabytes).total for gigabytes in traffic]
            axes.plot(traffic, before, "--", color=colour, label=f"NAT, {where}")
            axes.plot(traffic, after, color=colour, label=f"endpoints, {where}")
            even = break_even(one)
            if even and even <= most:
                cost = nat(one, even).total
                axes.plot([even], [cost], "o", color=colour)
                axes.annotate(f"{even:,.0f} GB", (even, cost), textcoords="offset points", xytext=(6, -14))
        axes.set_xlabel("traffic, GB a month")
        axes.set_ylabel(f"US dollars a month ({prices.REGION}, {prices.AS_OF})")
        axes.set_title(f"{network.endpoints} interface endpoints against NAT gateways")
        axes.set_xlim(0, most)
        axes.set_ylim(bottom=0)
        axes.legend()
        written = BytesIO()
        metadata = {"Date": None} if form == ".svg" else {"Software": None}
        figure.savefig(written, format=form.removeprefix("."), metadata=metadata, dpi=120)
    return written.getvalue()


def write(path: Path, network: Network, most: float) -> None:
    """Write the plot; the file's name says in which format. Raises ConfigError where it cannot be written."""
    from airlock import writing  # noqa: PLC0415 - where it is wanted

    drawn = draw(network, most, path.suffix)
    try:
        writing.write(path, drawn)
    except OSError as error:
        raise ConfigError(
            f"the plot cannot be written to {path}",
            cause=str(error),
            remedy="airlock cost --plot FILE, in a folder that can be written to",
        ) from error
