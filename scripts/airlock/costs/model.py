"""NAT gateways against VPC endpoints: what each costs a month, over traffic, and where they cost the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock_spec import prices

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 5_000_000.0  # GB a month up to which break-even points are looked for: 5 PB
CLAIMED = 0.60  # the saving that ADR-001 promises
ADR_TRAFFIC = (1_111.0, 2_222.0)  # GB a month: its "$50-100 of data transfer", at 0.045 a GB


@dataclass(frozen=True)
class Network:
    """What is compared. Traffic is what tasks exchange with AWS's services, in GB a month (10^9 bytes).

    `s3_share` of it goes to S3, through the gateway endpoint, which is free: with NAT gateways as well, if
    `nat_has_s3_gateway`. Where there are fewer NAT gateways than zones, the other zones' traffic crosses zones.
    """

    zones: int = 2
    endpoints: int = 6  # interface endpoints, each in all zones
    nats: int | None = None  # None: one in each zone
    addresses: bool = True  # each NAT gateway's public address is counted
    s3_share: float = 0.0
    nat_has_s3_gateway: bool = False
    hours: float = prices.HOURS

    @property
    def gateways(self) -> int:
        return self.zones if self.nats is None else self.nats


@dataclass(frozen=True)
class Bill:
    """What a month costs, in US dollars: what is there anyway, and what passes."""

    fixed: float
    traffic: float

    @property
    def total(self) -> float:
        return self.fixed + self.traffic


def nat(network: Network, gigabytes: float) -> Bill:
    """Return what NAT gateways cost a month."""
    each = prices.NAT_HOUR.dollars + (prices.ADDRESS_HOUR.dollars if network.addresses else 0.0)
    through = gigabytes * (1 - network.s3_share) if network.nat_has_s3_gateway else gigabytes
    crossing = through * max(0, network.zones - network.gateways) / network.zones
    return Bill(
        each * network.gateways * network.hours,
        through * prices.NAT_GIGABYTE.dollars + crossing * prices.CROSS_ZONE_GIGABYTE.dollars,
    )


def endpoints(network: Network, gigabytes: float) -> Bill:
    """Return what interface endpoints cost a month; the gateway endpoint of S3 is free."""
    left = gigabytes * (1 - network.s3_share)
    traffic, below = 0.0, 0.0
    for above, price in prices.ENDPOINT_GIGABYTE:
        traffic += min(max(left - below, 0.0), above - below) * price.dollars
        below = above
    return Bill(prices.ENDPOINT_HOUR.dollars * network.endpoints * network.zones * network.hours, traffic)


def saving(network: Network, gigabytes: float) -> float:
    """Return which share of NAT's bill is saved: 0.6 is 60 %, and less than 0 is dearer."""
    before = nat(network, gigabytes).total
    return 1 - endpoints(network, gigabytes).total / before if before else 0.0


def break_even(network: Network) -> float | None:
    """Return the traffic, in GB a month, from which endpoints are cheaper; 0 from the first, None never up to 5 PB."""
    return _least(lambda gigabytes: saving(network, gigabytes) >= 0)


def needed_for(network: Network, share: float = CLAIMED) -> float | None:
    """Return the traffic, in GB a month, from which so much is saved; 0 from the first, None never up to 5 PB."""
    return _least(lambda gigabytes: saving(network, gigabytes) >= share - 1e-12)


def dropped(network: Network, number: int) -> Network:
    """Return the network with fewer endpoints, as where `kms` and `sts` are needed by nobody."""
    return replace(network, endpoints=network.endpoints - number)


def _least(holds: Callable[[float], bool]) -> float | None:
    """Return the least traffic for which something holds, by halving.

    It goes on holding: each further GB costs at most 0.01 of 0.045 by way of endpoints, a saving of 78 %.
    """
    if holds(0.0):
        return 0.0
    if not holds(MOST):
        return None
    low, high = 0.0, MOST
    while high - low > 0.01:  # noqa: PLR2004 - GB, far below what is shown
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
