from __future__ import annotations

import pytest

from airlock.debian import closure, requirements
from airlock.debian.packages import Relation, Universe
from airlock.errors import ConfigError, ResolveError
from airlock.platforms import AMD64, ARM64
from debian_mirror import stanza


def universe(*stanzas: str, security: str = "") -> Universe:
    return Universe([("debian", "".join(stanzas).encode()), ("debian-security", security.encode())])


def close(offered: Universe, *lines: str, keep: dict[str, str] | None = None) -> dict[str, str]:
    wanted = requirements.parse([("constraints/debian.in", line) for line in lines])
    return {package.name: package.version for package in closure.close(offered, wanted, keep or {})}


def test_dependencies_and_pre_dependencies_come_along_and_recommendations_do_not() -> None:
    offered = universe(
        stanza("a", Depends="b, c:any (>= 1)", Pre_Depends="d", Recommends="e", Suggests="f"),
        *(stanza(name) for name in "bcdef"),
    )
    assert list(close(offered, "a")) == ["a", "b", "c", "d"]


def test_the_highest_version_wins_by_debians_order() -> None:
    offered = universe(stanza("a", "1.9"), stanza("a", "1.10~rc1"), security=stanza("a", "1.10~rc1+deb13u1"))
    assert close(offered, "a") == {"a": "1.10~rc1+deb13u1"}


def test_a_version_in_both_archives_comes_from_the_main_one() -> None:
    (chosen,) = universe(stanza("a"), security=stanza("a")).versions("a")
    assert chosen.archive == "debian"


def test_a_cycle_of_dependencies_ends() -> None:
    assert list(close(universe(stanza("a", Depends="b"), stanza("b", Depends="a")), "a")) == ["a", "b"]


def test_the_first_alternative_that_is_offered_is_taken() -> None:
    offered = universe(stanza("a", Depends="gone | b | c"), stanza("b"), stanza("c"))
    assert list(close(offered, "a")) == ["a", "b"]


def test_an_alternative_that_is_chosen_already_is_enough() -> None:
    offered = universe(stanza("a", Depends="b | c"), stanza("b"), stanza("c"))
    assert list(close(offered, "a", "c")) == ["a", "c"]


def test_an_alternative_that_cannot_be_completed_is_passed_over() -> None:
    offered = universe(stanza("a", Depends="b | c"), stanza("b", Depends="gone"), stanza("c"))
    assert list(close(offered, "a")) == ["a", "c"]


def test_a_virtual_package_is_fulfilled_by_what_is_chosen_or_the_first_provider() -> None:
    offered = universe(
        stanza("base", Depends="awk"), stanza("gawk", Provides="awk"), stanza("mawk", Provides="x (= 2), awk")
    )
    assert list(close(offered, "base", "mawk")) == ["base", "mawk"]
    assert list(close(offered, "base")) == ["base", "gawk"]


def test_a_versioned_dependency_needs_a_versioned_provision() -> None:
    offered = universe(
        stanza("a", Depends="abi (>= 2)"), stanza("b", Provides="abi"), stanza("c", Provides="abi (= 1)"),
        stanza("d", Provides="abi (= 3)"),
    )  # fmt: skip
    assert list(close(offered, "a")) == ["a", "d"]


def test_a_dependency_may_ask_for_less_than_the_highest_version() -> None:
    """The walk meets `b` without a bound first, and learns of the bound later."""
    offered = universe(
        stanza("a", Depends="b, c"), stanza("b", "1"), stanza("b", "2"), stanza("c", Depends="b (<< 2)")
    )
    assert close(offered, "a") == {"a": "1.0", "b": "1", "c": "1.0"}


def test_versions_that_exclude_each_other_are_an_error_that_says_what_was_needed() -> None:
    offered = universe(
        stanza("a", Depends="b (= 2), c"), stanza("b", "1"), stanza("b", "2"), stanza("c", Depends="b (= 1)")
    )
    with pytest.raises(ResolveError) as refusal:
        close(offered, "a")
    assert "constraints/debian.in → a" in refusal.value.cause
    assert "b 2, 1" in refusal.value.cause


def test_a_missing_dependency_names_the_chain_of_who_wanted_it() -> None:
    offered = universe(stanza("a", Depends="b"), stanza("b", Depends="libpq6 (>= 3)"), stanza("libpq5"))
    with pytest.raises(ResolveError, match=r"libpq6 \(>= 3\) is not to be had") as refusal:
        close(offered, "a")
    assert refusal.value.cause.splitlines() == [
        "constraints/debian.in → a → b → libpq6 (>= 3)", "the suite has no libpq6; perhaps you meant libpq5",
    ]  # fmt: skip


def test_an_unknown_name_in_the_intent_gets_a_near_match() -> None:
    with pytest.raises(ResolveError) as refusal:
        close(universe(stanza("coreutils")), "coreutil")
    assert "perhaps you meant coreutils" in refusal.value.cause


def test_a_version_that_is_not_offered_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(ResolveError) as refusal:
        close(universe(stanza("a", "1"), stanza("a", "2")), "a=3")
    assert "the suite has a 2, 1" in refusal.value.cause


def test_a_wanted_version_is_taken() -> None:
    assert close(universe(stanza("a", "1"), stanza("a", "2")), "a=1") == {"a": "1"}


@pytest.mark.parametrize("kind", ["Conflicts", "Breaks"])
def test_packages_in_conflict_are_an_error(kind: str) -> None:
    offered = universe(stanza("a", **{kind: "v (<< 2)"}), stanza("b", Provides="v (= 1)"))
    with pytest.raises(ResolveError, match="in conflict") as refusal:
        close(offered, "a", "b")
    assert "a 1.0 cannot be with b 1.0 (v (<< 2))" in refusal.value.cause


def test_a_package_may_conflict_with_what_it_provides_itself() -> None:
    assert close(universe(stanza("a", Provides="mta", Conflicts="mta")), "a") == {"a": "1.0"}


def test_a_locked_version_stays_while_it_is_offered() -> None:
    offered = universe(stanza("a", "1"), stanza("a", "2"), stanza("b", "2"))
    assert close(offered, "a", "b", keep={"a": "1", "b": "1"}) == {"a": "1", "b": "2"}


def test_a_rebuild_of_the_locked_version_is_nearer_than_the_highest() -> None:
    assert close(universe(stanza("a", "1+b2"), stanza("a", "2")), "a", keep={"a": "1+b1"}) == {"a": "1+b2"}


def test_a_locked_version_moves_where_a_dependency_needs_it() -> None:
    offered = universe(stanza("a", "2", Depends="b (= 2)"), stanza("b", "1"), stanza("b", "2"))
    assert close(offered, "b", "a", keep={"b": "1"}) == {"a": "2", "b": "2"}


def test_a_package_knows_its_source() -> None:
    offered = universe(stanza("a", Source="s (1.0)"), stanza("b"))
    assert [offered.source(name) for name in ("a", "b", "gone")] == ["s", "b", "gone"]


def test_an_index_is_read_whatever_its_fields_order_and_folding() -> None:
    text = b"Version: 1\nPackage: a\nArchitecture: all\nFilename: f\nSize: 1\nSHA256: 0\nProvides: x,\n y (= 2)\n"
    (package,) = Universe([("debian", text)]).providers("y")
    assert [str(one) for one in package.provides] == ["x", "y (= 2)"]


@pytest.mark.parametrize(
    "text",
    [
        "Package: a\nVersion: 1\n",
        stanza("a", Depends="b (~ 3)"),
        stanza("a").replace("Size: 10", "Size: ten"),
    ],
)
def test_a_malformed_stanza_is_an_error_once_it_matters(text: str) -> None:
    offered = universe(text + "\n", stanza("z"))
    assert list(close(offered, "z")) == ["z"]
    with pytest.raises(ResolveError, match="malformed"):
        close(offered, "a")


@pytest.mark.parametrize(
    ("operator", "versions"),
    [("<<", "1"), ("<=", "1 2"), ("=", "2"), (">=", "2 3"), (">>", "3"), ("", "1 2 3")],
)
def test_each_operator_holds_for_its_versions(operator: str, versions: str) -> None:
    relation = Relation("a", operator, "2" if operator else "")
    assert [version for version in "123" if relation.holds(version)] == versions.split()


def test_a_line_may_be_for_one_architecture() -> None:
    one, every = requirements.parse([("debian.in", "libmvec1 = 2:1.0-1~x+b1 [amd64]"), ("debian.in", "bash")])
    assert (one.name, one.version, one.architectures) == ("libmvec1", "2:1.0-1~x+b1", ("amd64",))
    assert [one.on(AMD64), one.on(ARM64), every.on(ARM64)] == [True, False, True]


def test_every_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ConfigError) as refusal:
        requirements.parse(
            [("debian.in", "Bash"), ("debian.in", "dash"), ("debian.in", "a >= 1"), ("x", "-a")]
        )
    assert len(refusal.value.cause.splitlines()) == 3
