"""What AWS charges for the ways out of a VPC: public list prices of us-east-1, dated, with their source.

Other regions may be dearer; discounts, taxes and what leaves AWS for the internet are not in them.
"""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = "2026-11"
REGION = "us-east-1"
HOURS = 730  # a month, as AWS's calculator has it

_VPC = "https://aws.amazon.com/vpc/pricing/"
_PRIVATELINK = "https://aws.amazon.com/privatelink/pricing/"
_TRANSFER = "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer"


@dataclass(frozen=True)
class Price:
    """One price in US dollars, of one unit, and the page that has it."""

    dollars: float
    unit: str
    source: str


ENDPOINT_HOUR = Price(0.01, "an interface endpoint, an hour, in each availability zone", _PRIVATELINK)
# Of what passes all interface endpoints of a region in a month: up to so many GB, and the price of one.
ENDPOINT_GIGABYTE = (
    (1_000_000.0, Price(0.01, "a GB through interface endpoints, the first PB", _PRIVATELINK)),
    (5_000_000.0, Price(0.006, "a GB through interface endpoints, the next 4 PB", _PRIVATELINK)),
    (float("inf"), Price(0.004, "a GB through interface endpoints, beyond", _PRIVATELINK)),
)
NAT_HOUR = Price(0.045, "a NAT gateway, an hour", _VPC)
NAT_GIGABYTE = Price(0.045, "a GB through a NAT gateway, in either direction", _VPC)
ADDRESS_HOUR = Price(0.005, "a public IPv4 address, an hour", _VPC)
CROSS_ZONE_GIGABYTE = Price(0.02, "a GB to another availability zone: 0.01 out, 0.01 in", _TRANSFER)
PRICES = (
    ENDPOINT_HOUR,
    *(price for _, price in ENDPOINT_GIGABYTE),
    NAT_HOUR,
    NAT_GIGABYTE,
    ADDRESS_HOUR,
    CROSS_ZONE_GIGABYTE,
)
