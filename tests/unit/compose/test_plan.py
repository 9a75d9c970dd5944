"""Which packages share a layer, and which layers a change of one package disturbs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from airlock.compose import plan
from airlock.compose.fragments import FragmentSpec
from airlock.compose.image_file import LayerRules

if TYPE_CHECKING:
    from airlock.compose.fragment import Fragment

MB = 1_000_000
RULES = LayerRules(1.0, 5, 4, (2, 3, 1))


@dataclass(frozen=True)
class Piece:
    package: str
    weight: int = 1000
    tier: int = 0


SMALL = [Piece(f"package-{number}", tier=number % 5) for number in range(60)]
PROVIDERS = [Piece(f"apache-airflow-providers-{number}", tier=5) for number in range(20)]
BIG = [Piece("numpy", 15 * MB, 4), Piece("pyarrow", 50 * MB, 3), Piece("botocore", 16 * MB, 6)]
ALL = [*SMALL, *PROVIDERS, *BIG]


def names(pieces: list[Piece], rules: LayerRules = RULES) -> list[str]:
    return [name for name, _ in plan.groups(pieces, rules)]


def contents(pieces: list[Piece], rules: LayerRules = RULES) -> set[frozenset[Piece]]:
    return {frozenset(chosen) for _, chosen in plan.groups(pieces, rules)}


def test_every_package_is_in_one_layer_and_every_layer_has_a_name_of_its_own() -> None:
    found = plan.groups(ALL, RULES)
    assert sorted(piece.package for _, chosen in found for piece in chosen) == sorted(
        piece.package for piece in ALL
    )
    assert len(set(names(ALL))) == len(found)


def test_the_big_stand_alone_then_come_tiers_then_providers() -> None:
    kinds = [name.rpartition("-")[0] or name for name in names(ALL)]
    assert list(dict.fromkeys(kinds)) == [
        "pyarrow",
        "numpy",
        "botocore",
        "tier-0",
        "tier-1",
        "tier-2",
        "providers",
    ]


def test_a_big_provider_stands_alone_among_the_providers_at_the_end() -> None:
    amazon = Piece("apache-airflow-providers-amazon", 2 * MB, 5)
    found = names([*ALL, amazon])
    assert found.index("tier-2-01") < found.index(amazon.package) < found.index("providers-01")


@pytest.mark.parametrize("other", range(9))
def test_tiers_beyond_the_rules_share_the_last_bins(other: int) -> None:
    ((name, _),) = plan.groups([Piece("package", tier=other)], RULES)
    assert name.rpartition("-")[0] == f"tier-{min(other, 2)}"


def test_only_the_biggest_stand_alone_where_many_are_big() -> None:
    many = [Piece(f"big-{number}", (10 + number) * MB) for number in range(9)]
    alone = [chosen[0].package for _, chosen in plan.groups(many, RULES) if len(chosen) == 1]
    assert set(alone) >= {f"big-{number}" for number in range(4, 9)}
    assert sum(name.startswith("big-") for name in names(many)) == 5


def test_equal_weights_at_the_limit_are_chosen_by_name() -> None:
    many = [Piece(f"big-{number}", 10 * MB) for number in range(9)]
    found = {name for name in names(many) if name.startswith("big-")}
    assert found == {name for name in names(many[::-1]) if name.startswith("big-")}
    assert found == {f"big-{number}" for number in range(5)}


def test_the_order_of_the_lock_changes_nothing() -> None:
    assert plan.groups(ALL, RULES) == plan.groups(ALL[::-1], RULES)


@pytest.mark.parametrize("moved", [SMALL[0], SMALL[7], PROVIDERS[3], BIG[0]])
def test_a_bump_of_one_package_changes_one_layer_and_no_order(moved: Piece) -> None:
    heavier = replace(moved, weight=moved.weight + 1)
    after = [heavier if piece == moved else piece for piece in ALL]
    assert names(after) == names(ALL)
    assert len(contents(after) - contents(ALL)) == 1


def test_a_new_package_changes_one_layer() -> None:
    for newcomer in (Piece("newcomer"), Piece("apache-airflow-providers-newcomer"), Piece("new", 2 * MB)):
        assert len(contents([*ALL, newcomer]) - contents(ALL)) == 1


def test_a_removed_package_changes_one_layer_at_most() -> None:
    for gone in ALL:
        assert len(contents([piece for piece in ALL if piece != gone]) - contents(ALL)) <= 1


def test_fragment_specs_are_planned_by_their_name_weight_and_tier() -> None:
    def never() -> Fragment:
        raise AssertionError("a plan makes nothing")

    def spec(piece: Piece) -> FragmentSpec:
        return FragmentSpec(piece.package, piece.package, "", "", piece.weight, never, piece.tier)

    layers = plan.python_layers([spec(piece) for piece in ALL], RULES)
    expected = [(name, tuple(piece.package for piece in chosen)) for name, chosen in plan.groups(ALL, RULES)]
    assert [(one.name, tuple(spec.package for spec in one.fragments)) for one in layers] == expected
