from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airlock.locks import tiers

AT = datetime(2026, 11, 23, tzinfo=UTC)


def days_ago(*days: int) -> list[datetime]:
    return [AT - timedelta(days=number) for number in days]


@pytest.mark.parametrize(
    ("releases", "tier"),
    [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (8, 4), (15, 4), (16, 5), (31, 5), (32, 6), (300, 6)],
)
def test_a_tier_is_a_power_of_two_of_the_releases_in_the_last_year(releases: int, tier: int) -> None:
    assert tiers.tier_of([*days_ago(900), *days_ago(*range(releases))], AT) == tier


def test_what_was_released_a_year_ago_and_not_since_is_most_stable() -> None:
    assert tiers.tier_of(days_ago(364), AT) == 1
    assert tiers.tier_of(days_ago(365), AT) == 0


def test_releases_after_the_lock_count_for_nothing() -> None:
    later = [AT + timedelta(seconds=1)] * 40
    assert tiers.tier_of([*days_ago(10), *later], AT) == tiers.tier_of(days_ago(10), AT) == 1
    assert tiers.tier_of(later, AT) == tiers.UNKNOWN


def test_a_release_at_the_instant_of_the_lock_counts() -> None:
    assert tiers.tier_of(days_ago(0), AT) == 1


def test_a_package_without_known_dates_is_of_the_middle_tier() -> None:
    assert tiers.tier_of([], AT) == tiers.UNKNOWN
    assert 0 < tiers.UNKNOWN < tiers.COUNT - 1


def test_the_order_of_the_dates_changes_nothing() -> None:
    dates = days_ago(1, 400, 30, 200)
    assert tiers.tier_of(dates, AT) == tiers.tier_of(sorted(dates), AT) == 2
