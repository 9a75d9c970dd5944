"""A reviewer is told how far each package moved."""

from __future__ import annotations

import pytest

from airlock.locks.moves import Move
from airlock.locks.steps import Step, how, is_downgrade, step


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.2.3", "2.0.0", Step.MAJOR),
        ("1.2.3", "1!1.2.3", Step.MAJOR),
        ("1.2.3", "1.3", Step.MINOR),
        ("2025.8.3", "2025.10.5", Step.MINOR),
        ("1.2.3", "1.2.4", Step.PATCH),
        ("1.2", "1.2.1", Step.PATCH),
        ("1.2.3.4", "1.2.3.5", Step.PATCH),
        ("1.0", "1.0.0", Step.OTHER),
        ("1.0rc1", "1.0", Step.PATCH),
        ("1.0+local.1", "1.0+local.2", Step.PATCH),
        ("1.0", "1.0.post1", Step.PATCH),
        ("2025b-1", "2025c-1", Step.PATCH),
        ("1.0", "1.0 / 2.0", Step.OTHER),
        ("2.10 / 4.1.2", "2.10 / 4.1.3", Step.PATCH),
        ("1.0 / 2.0", "2.0 / 2.1", Step.MAJOR),
        ("3.5.1-1+deb13u1", "3.5.1-1+deb13u2", Step.REVISION),
        ("1:9.20.0-1", "1:9.20.4-1", Step.PATCH),
        ("3.4.9+dfsg-1", "3.5.0+dfsg-1", Step.MINOR),
        ("1:1.0-1", "2:1.0-1", Step.MAJOR),
        ("20240203", "20250419", Step.MAJOR),
        ("a-b", "a-c", Step.OTHER),
    ],
)
def test_a_move_is_as_big_as_the_first_number_that_differs(before: str, after: str, expected: Step) -> None:
    assert step(before, after) is expected
    assert step(after, before) is expected


def test_only_a_known_lower_version_is_a_downgrade() -> None:
    assert is_downgrade("1.10", "1.9")
    assert not is_downgrade("1.9", "1.10")
    assert not is_downgrade("b", "a")
    assert is_downgrade("1.0", "1.0rc1")
    assert is_downgrade("2.41-12+deb13u2", "2.41-12+deb13u1")
    assert is_downgrade("1:1.0-1", "2.0-1")
    assert not is_downgrade("2.41-9", "2.41-12")
    assert is_downgrade("1 / 3", "1 / 2")
    assert not is_downgrade("1 / 2", "1 / 3")
    assert not is_downgrade("3", "1 / 2")


def test_a_number_too_long_to_be_read_moves_somehow() -> None:
    long = "9" * 5000
    assert step("1", long) is step(long, "1") is Step.OTHER
    assert not is_downgrade(long, "1")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("", "1", "added"), ("1", "", "removed"), ("1", "2", "major"), ("1.2", "1.1", "minor, down")],
)
def test_what_became_of_a_package_is_said_in_a_word_or_two(before: str, after: str, said: str) -> None:
    assert how(Move("airflow", "a", before, after)) == said
