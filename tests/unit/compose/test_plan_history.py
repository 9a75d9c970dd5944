"""The plan against its alternatives, over the recorded history of this project's lock."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock.compose import image_file, plan
from airlock.compose.fragments import FragmentSpec
from airlock.locks import airflow, tiers
from airlock.platforms import AMD64
from benchmarks import layers, lock_history
from benchmarks.lock_history import History, Package, Wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.compose.fragment import Fragment

REPOSITORY = Path(__file__).parents[3]
RULES = image_file.load(REPOSITORY / "image" / "image.toml").layers
OTHER_LAYERS = 5  # debian, three distributions, rootfs: airlock.compose.image
RECORDED = lock_history.read()
FIRST = datetime(2026, 7, 13, tzinfo=UTC)


@pytest.fixture(scope="module")
def costs() -> dict[str, layers.Costs]:
    return layers.costs(RECORDED, RULES)


def test_the_plan_sends_and_unpacks_less_than_every_alternative(costs: dict[str, layers.Costs]) -> None:
    ours = costs[layers.OURS]
    alternatives = {name: theirs for name, theirs in costs.items() if name not in (layers.OURS, layers.LIMIT)}
    assert len(alternatives) == 6
    for name, theirs in alternatives.items():
        assert ours.refresh < theirs.refresh, name
        assert ours.unpack < theirs.unpack, name
        assert ours.bump <= theirs.bump, name


def test_nothing_beats_a_layer_a_wheel(costs: dict[str, layers.Costs]) -> None:
    limit = costs[layers.LIMIT]
    for theirs in costs.values():
        assert limit.refresh <= theirs.refresh
        assert limit.bump <= theirs.bump


def test_a_bump_of_a_provider_sends_a_third_of_a_megabyte(costs: dict[str, layers.Costs]) -> None:
    assert costs[layers.OURS].bump < 0.35e6


@pytest.mark.parametrize("week", range(len(RECORDED.resolved)))
def test_every_weeks_image_has_40_to_60_layers(week: int) -> None:
    assert 40 <= len(layers.planned(RECORDED.locks()[week], RULES)) + OTHER_LAYERS <= 60


def test_this_repositorys_lock_makes_40_to_60_layers() -> None:
    def never() -> Fragment:
        raise AssertionError("a plan makes nothing")

    wheels = airflow.read(REPOSITORY / "constraints" / "airflow.lock").wheels(AMD64)
    specs = [
        FragmentSpec(
            one.name, one.name, "", "", one.file.size, never, tiers.UNKNOWN if one.tier is None else one.tier
        )
        for one in wheels
    ]
    assert len(specs) > 200
    assert 40 <= len(plan.python_layers(specs, RULES)) + OTHER_LAYERS <= 60


def enlarged(lock: Sequence[Wheel], count: int) -> list[Wheel]:
    """Repeat a lock's packages under other names, providers as providers, until there are so many."""
    copies = (
        replace(wheel, package=f"{wheel.package}-{hashlib.sha256(bytes([turn])).hexdigest()[:6]}")
        for turn in range(count // len(lock) + 1)
        for wheel in lock
    )
    return [wheel for wheel, _ in zip(copies, range(count), strict=False)]


@pytest.mark.parametrize("count", [400, 700, 2000])
def test_a_lock_of_hundreds_of_packages_stays_within_60_layers(count: int) -> None:
    lock = enlarged(RECORDED.locks()[-1], count)
    assert len({wheel.package for wheel in lock}) == count
    assert 40 <= len(layers.planned(lock, RULES)) + OTHER_LAYERS <= 60


def test_a_lock_without_tiers_stays_within_60_layers() -> None:
    lock = [replace(wheel, tier=tiers.UNKNOWN) for wheel in RECORDED.locks()[-1]]
    assert 40 <= len(layers.planned(lock, RULES)) + OTHER_LAYERS <= 60


def test_the_page_of_figures_is_what_the_replay_finds() -> None:
    page = (REPOSITORY / "docs" / "benchmarks" / "layers.md").read_text(encoding="utf-8")
    assert page == layers.report(RECORDED, RULES).page(), "make bench-layers"


def wheel(package: str, version: str = "1", weight: int = 10) -> Wheel:
    return Wheel(package, version, weight, 0)


def test_a_layer_is_sent_only_where_no_layer_of_the_week_before_has_its_content() -> None:
    weeks = [[wheel("a"), wheel("b")], [wheel("a"), wheel("b", "2", 7)]]
    one_each = layers.replay([*weeks, weeks[1]], lambda lock: [[one] for one in lock] + [PROVIDER])
    assert (one_each.refresh, one_each.unpack) == (7 / 2, (7 + 5) / 2)
    together = layers.replay([*weeks, weeks[1]], lambda lock: [list(lock), PROVIDER])
    assert (together.refresh, together.unpack) == (17 / 2, (17 + 5) / 2)
    assert together.bump == 5


PROVIDER = [wheel("apache-airflow-providers-x", weight=5)]


def test_a_layer_in_another_place_is_unpacked_but_not_sent() -> None:
    lock = [wheel("a"), wheel("b")]
    orders = iter([[*PROVIDER, *lock], [*lock, *PROVIDER]])
    found = layers.replay([lock, lock], lambda _: [[one] for one in next(orders)])
    assert (found.refresh, found.unpack) == (0, 25)


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    lock_history.write(RECORDED, tmp_path / "history.json")
    assert lock_history.read(tmp_path / "history.json") == RECORDED
    assert lock_history.RECORDED.read_bytes() == (tmp_path / "history.json").read_bytes()
    assert lock_history.RECORDED.stat().st_size < 200_000


def test_a_history_gives_each_week_the_versions_and_tiers_of_its_time() -> None:
    moves = lock_history.moves([None, ("1", 10), ("1", 10), ("2", 11), None])
    assert moves == ((1, "1", 10), (3, "2", 11), (4, "", 0))
    released = (0, 3, 364, 365, 400)  # three of them in the year before the second week
    weeks = tuple((FIRST + timedelta(weeks=week)).isoformat() for week in range(5))
    history = History("linux/amd64", (), weeks, (), (Package("a", released, moves),))
    assert history.locks() == [
        [],
        [Wheel("a", "1", 10, 2)],
        [Wheel("a", "1", 10, 2)],
        [Wheel("a", "2", 11, 2)],
        [],
    ]


def test_a_package_whose_dates_the_index_does_not_tell_has_no_known_tier() -> None:
    assert Package("a", None, ((0, "1", 1),)).tier(FIRST) == tiers.UNKNOWN
