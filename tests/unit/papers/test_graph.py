"""Which package needs which, in the image's own environment."""

from __future__ import annotations

from airlock.papers import graph
from airlock.papers.facts import Facts, Licenses
from airlock.platforms import AMD64, ARM64

HERE = AMD64.markers("3.13.5")


def needs(*requires: str, provides: tuple[str, ...] = ()) -> Facts:
    return Facts(Licenses((), ""), requires, provides)


def test_a_requirement_counts_only_where_its_marker_holds_in_the_image() -> None:
    facts = {
        "a": needs(
            "b; python_version < '3.12'", "c; sys_platform == 'linux'", "d; platform_machine=='aarch64'"
        ),
        **{name: needs() for name in "bcd"},
    }
    assert graph.python(facts, [], HERE)["a"] == ("c",)
    assert graph.python(facts, [], ARM64.markers("3.13.5"))["a"] == ("c", "d")


def test_what_an_extra_brings_is_needed_where_somebody_asks_for_the_extra() -> None:
    facts = {"a": needs("B_x[Fast.Er]"), "b-x": needs("c; extra == 'fast-er'", "d; extra == 'other'")}
    facts |= {"c": needs(), "d": needs()}
    assert graph.python(facts, [], HERE)["b-x"] == ("c",)
    assert graph.python(facts, ["b-x[other]==1"], HERE)["b-x"] == ("c", "d")


def test_extras_that_ask_for_each_other_come_to_an_end() -> None:
    facts = {"a": needs("a[y]; extra == 'x'", "a[x]; extra == 'y'", "b; extra == 'y'"), "b": needs()}
    assert graph.python(facts, ["a[x]"], HERE) == {"a": ("b",), "b": ()}


def test_a_marker_that_compares_nonsense_asks_for_nothing() -> None:
    facts = {"a": needs("b; os_name ~= 'x'", "b; platform_release >= '6'"), "b": needs()}
    assert graph.python(facts, [], HERE)["a"] == ()


def test_what_is_not_in_the_image_and_what_is_no_requirement_are_left_out() -> None:
    assert graph.python({"a": needs("elsewhere", "no requirement (", "b")}, [], HERE) == {"a": ()}


def test_the_first_alternative_that_is_installed_or_provided_is_the_one() -> None:
    facts = {
        "a": needs("gone | mawk", "awk", "nothing | nowhere"),
        "gawk": needs(provides=("awk",)),
        "mawk": needs(provides=("awk",)),
    }
    assert graph.debian(facts)["a"] == ("gawk", "mawk")
