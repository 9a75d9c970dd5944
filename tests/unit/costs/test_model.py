"""The comparison of costs: the figures that ADR-001 states, those that follow, and the edges."""

from __future__ import annotations

import pytest

from airlock.costs.model import (
    ADR_TRAFFIC,
    Network,
    break_even,
    dropped,
    endpoints,
    nat,
    needed_for,
    saving,
)
from airlock_spec import prices

BARE = Network(addresses=False)  # as ADR-001 counts: without public addresses


def of(zones: int, *, count: int = 6, addresses: bool = False, nats: int | None = None) -> Network:
    return Network(zones, count, nats, addresses)


@pytest.mark.parametrize(
    ("zones", "interfaces", "gateways", "with_addresses"),
    [(1, 43.80, 32.85, 36.50), (2, 87.60, 65.70, 73.00), (3, 131.40, 98.55, 109.50)],
)
def test_what_is_there_anyway_is_a_third_dearer_with_endpoints(
    zones: int, interfaces: float, gateways: float, with_addresses: float
) -> None:
    assert endpoints(of(zones), 0).fixed == pytest.approx(interfaces)
    assert nat(of(zones), 0).fixed == pytest.approx(gateways)
    assert nat(of(zones, addresses=True), 0).fixed == pytest.approx(with_addresses)
    assert interfaces / gateways == pytest.approx(4 / 3)


@pytest.mark.parametrize(("zones", "low", "high"), [(1, 0.34, 0.50), (2, 0.15, 0.34), (3, 0.04, 0.23)])
def test_at_the_traffic_of_adr_001_less_than_its_60_percent_is_saved(
    zones: int, low: float, high: float
) -> None:
    saved = [round(saving(of(zones), traffic), 2) for traffic in ADR_TRAFFIC]

    assert saved == [low, high]


@pytest.mark.parametrize(("zones", "gigabytes"), [(1, 313), (2, 626), (3, 939)])
def test_endpoints_are_cheaper_from_a_traffic_on(zones: int, gigabytes: int) -> None:
    found = break_even(of(zones))

    assert found is not None
    assert round(found) == gigabytes
    assert saving(of(zones), found) == pytest.approx(0, abs=1e-4)


def test_the_endpoint_that_the_ecs_executor_needs_takes_much_of_the_saving() -> None:
    saved = [round(saving(of(3, count=7), traffic), 2) for traffic in ADR_TRAFFIC]

    assert saved == [-0.11, 0.12]


def test_without_kms_and_sts_more_is_saved() -> None:
    saved = [round(saving(dropped(of(3, addresses=True), 2), traffic), 2) for traffic in ADR_TRAFFIC]

    assert saved == [0.38, 0.48]


def test_under_its_own_assumptions_adr_001_is_right() -> None:
    # three NAT gateways, endpoints as if they were in one zone, months of 720 hours
    own = Network(1, 6, nats=3, addresses=False, hours=720)

    assert endpoints(own, 0).fixed == pytest.approx(43.20)
    assert nat(own, 0).fixed == pytest.approx(96, abs=1.5)  # 32 and a fraction for each
    assert [nat(own, traffic).traffic for traffic in ADR_TRAFFIC] == pytest.approx([50, 100], abs=0.02)
    assert [round(endpoints(own, traffic).traffic) for traffic in ADR_TRAFFIC] == [11, 22]
    assert [round(nat(own, traffic).total) for traffic in ADR_TRAFFIC] == [147, 197]
    assert [round(endpoints(own, traffic).total) for traffic in ADR_TRAFFIC] == [54, 65]
    assert all(0.60 <= saving(own, traffic) <= 0.70 for traffic in ADR_TRAFFIC)


def test_60_percent_hold_at_terabytes_only_where_zones_are_equal() -> None:
    found = [needed_for(of(zones)) for zones in (1, 2, 3)]

    assert [round(one) for one in found if one] == [3_833, 7_665, 11_498]
    assert needed_for(of(1, nats=3)) == pytest.approx((43.80 - 0.4 * 98.55) / 0.008, abs=0.02)


def test_what_goes_to_s3_costs_nothing_by_its_gateway_endpoint() -> None:
    network = Network(1, 6, s3_share=0.75)

    assert endpoints(network, 1_000).traffic == pytest.approx(2.5)
    assert nat(network, 1_000).traffic == pytest.approx(45)


def test_nat_with_a_gateway_endpoint_for_s3_is_spared_it_too() -> None:
    network = Network(1, 6, s3_share=0.75, nat_has_s3_gateway=True)

    assert nat(network, 1_000).traffic == pytest.approx(11.25)


def test_zones_without_a_nat_gateway_of_their_own_pay_for_crossing() -> None:
    shared = Network(3, 6, nats=1, addresses=False)

    assert nat(shared, 300).traffic == pytest.approx(300 * 0.045 + 200 * 0.02)


def test_endpoints_are_cheaper_by_the_petabyte() -> None:
    assert endpoints(Network(1, 0), 1_500_000).traffic == pytest.approx(10_000 + 3_000)


def test_nothing_to_compare_with_saves_nothing() -> None:
    assert saving(Network(1, 6, nats=0), 0) == 0.0
    assert break_even(Network(1, 0)) == 0.0


def test_no_traffic_makes_up_for_very_many_endpoints() -> None:
    assert break_even(Network(12, 2_000_000)) is None


def test_every_price_has_its_source() -> None:
    assert all(price.source.startswith("https://aws.amazon.com/") and price.unit for price in prices.PRICES)
