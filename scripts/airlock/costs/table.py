"""The comparison as people and machines read it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from airlock.costs.model import (
    ADR_TRAFFIC,
    CLAIMED,
    Network,
    break_even,
    endpoints,
    nat,
    needed_for,
    saving,
)
from airlock.terminal import aligned
from airlock_spec import prices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = 1


def text(network: Network, traffic: Sequence[float]) -> str:
    """Return a table with a row for each traffic, and what follows from it."""
    head = ["traffic, GB a month", "NAT gateways", "endpoints", "saved", ""]
    rows = [head, *(_row(network, one) for one in traffic)]
    return "\n".join([_about(network), "", *aligned(rows, {0, 1, 2, 3}), "", *_conclusions(network)])


def document(network: Network, traffic: Sequence[float]) -> dict[str, object]:
    """Return all of it for JSON; money is in US dollars a month, traffic in GB a month."""
    return {
        "version": VERSION,
        "network": {**asdict(network), "nats": network.gateways},
        "rows": [
            {
                "gigabytes": one,
                "nat": asdict(nat(network, one)) | {"total": nat(network, one).total},
                "endpoints": asdict(endpoints(network, one)) | {"total": endpoints(network, one).total},
                "saving": saving(network, one),
            }
            for one in traffic
        ],
        "break_even_gigabytes": break_even(network),
        "claim": {"saving": CLAIMED, "holds_from_gigabytes": needed_for(network)},
        "prices": {
            "as_of": prices.AS_OF,
            "region": prices.REGION,
            "list": [asdict(one) for one in prices.PRICES],
        },
    }


def _row(network: Network, gigabytes: float) -> list[str]:
    saved = saving(network, gigabytes)
    adr = "as ADR-001 has it" if gigabytes in ADR_TRAFFIC else ""
    dearer = "dearer" if saved < 0 else ""
    return [
        f"{gigabytes:,.0f}",
        f"${nat(network, gigabytes).total:,.2f}",
        f"${endpoints(network, gigabytes).total:,.2f}",
        f"{saved:.0%}",
        ", ".join(filter(None, (dearer, adr))),
    ]


def _about(network: Network) -> str:
    zones = "1 zone" if network.zones == 1 else f"{network.zones} zones"
    gateways = "1 NAT gateway" if network.gateways == 1 else f"{network.gateways} NAT gateways"
    addresses = "with" if network.addresses else "without"
    share = f"; {network.s3_share:.0%} of the traffic is S3's" if network.s3_share else ""
    also = ", for which NAT has a gateway endpoint, too" if network.nat_has_s3_gateway else ""
    return (
        f"{gateways} {addresses} public addresses, against {network.endpoints} interface endpoints in {zones} "
        f"and a gateway endpoint for S3{share}{also}"
    )


def _conclusions(network: Network) -> Iterator[str]:
    without = nat(network, 0.0).fixed
    fixed = endpoints(network, 0.0).fixed
    yield f"fixed: NAT ${without:,.2f}, endpoints ${fixed:,.2f} a month"
    yield f"endpoints are cheaper {_from(break_even(network))}"
    yield f"a saving of {CLAIMED:.0%}, as ADR-001 promises, holds {_from(needed_for(network))}"
    yield f"public list prices of {prices.REGION}, {prices.AS_OF}; a month of {network.hours:g} hours"


def _from(gigabytes: float | None) -> str:
    if gigabytes is None:
        return "never, up to 5 PB a month"
    return f"from {gigabytes:,.0f} GB a month on" if gigabytes else "at any traffic"
