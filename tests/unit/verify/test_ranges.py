"""Ranges of addresses: public ones, and which cover which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock.verify.network import UNKNOWN
from airlock.verify.ranges import covers, is_public, is_world, parsed


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("0.0.0.0/0", True),
        ("::/0", True),
        ("128.0.0.0/1", True),
        ("172.0.0.0/8", True),  # a private range is a part of it
        ("172.16.0.0/12", False),
        ("172.32.0.0/12", True),
        ("10.1.2.3/32", False),
        ("10.1.2.3", False),
        ("8.8.8.8", True),
        ("100.64.1.0/24", False),
        ("169.254.169.254/32", False),
        ("fd12::/16", False),
        ("2001:4860::/32", True),
        ("pl-12345", False),
        (UNKNOWN, False),
        ("", False),
    ],
)
def test_a_range_is_public_where_it_has_any_address_of_the_internet(text: str, public: bool) -> None:  # noqa: FBT001
    assert is_public(text) is public


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("10.0.0.0/8", "10.1.0.0/16", True),
        ("10.1.0.0/16", "10.0.0.0/8", False),
        ("10.0.0.0/16", "10.0.0.0/16", True),
        ("0.0.0.0/0", "2001::/16", False),
        ("::/0", "2001::/16", True),
        ("::/0", "10.0.0.0/8", False),
        (UNKNOWN, "10.0.0.0/8", False),
        ("10.0.0.0/8", UNKNOWN, False),
    ],
)
def test_a_range_covers_what_is_all_in_it_of_its_family(outer: str, inner: str, expected: bool) -> None:  # noqa: FBT001
    assert covers(outer, inner) is expected


def test_the_world_is_all_of_a_family() -> None:
    assert [is_world(one) for one in ("0.0.0.0/0", "::/0", "0.0.0.0/1", "pl-1")] == [True, True, False, False]


@given(st.ip_addresses(), st.integers(0, 32), st.integers(0, 32))
def test_a_wider_range_around_an_address_covers_a_narrower_one(address: object, one: int, other: int) -> None:
    wide, narrow = sorted((one, other))

    assert covers(f"{address}/{wide}", f"{address}/{narrow}")
    assert not is_public(f"{address}/{wide}") or parsed(f"{address}/{wide}") is not None
    assert is_public(f"{address}/{wide}") or not is_public(f"{address}/{narrow}")
