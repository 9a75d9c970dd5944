"""What all rules have: codes of their own, documentation, fields that there are."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.catalogue import RULES
from airlock.verify.inventory import Inventory, Source
from airlock.verify.network import UNKNOWN, Place
from verify_inventory import clean, found

if TYPE_CHECKING:
    from airlock.verify.rule import Rule

EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_each_rule_has_a_code_of_its_own_of_the_network_or_of_what_runs_and_is_kept() -> None:
    codes = [one.code for one in RULES]

    assert len(set(codes)) == len(codes)
    assert all(code.startswith(("AL7", "AL8", "AL9")) for code in codes)


@EACH
def test_the_documentation_says_what_it_means_what_is_found_what_is_not_and_what_to_do(rule: Rule) -> None:
    text = rule.documentation()

    for part in ("\n\nIn production, ", "\n\nFound: ", "\n\nNot found: ", "\n\nMend: "):
        assert text.count(part) == 1


@EACH
def test_what_a_rule_reads_are_fields_of_the_inventory(rule: Rule) -> None:
    assert rule.reads
    assert set(rule.reads) <= {one.name for one in fields(Inventory)}


@EACH
def test_nothing_is_found_in_an_inventory_without_anything(rule: Rule) -> None:
    assert not found(rule, Inventory(Source.PLAN, ""))


@EACH
def test_nothing_is_found_in_a_clean_account_either(rule: Rule) -> None:
    inventory = replace(clean(), source=Source.AWS)
    parts: dict[str, Any] = {
        one.name: tuple(replace(found, place=Place(found.place.resource)) for found in value)
        for one in fields(inventory)
        if isinstance(value := getattr(inventory, one.name), tuple)
    }

    assert not found(rule, replace(inventory, **parts))


@EACH
def test_a_plan_that_knows_no_value_of_a_text_is_stood(rule: Rule) -> None:
    found(rule, unknown(clean()))


def unknown(value: Any) -> Any:
    """Return the same without any text that is known; places and words of a few remain."""
    if isinstance(value, Place) or (isinstance(value, str) and type(value) is not str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: unknown(getattr(value, one.name)) for one in fields(value)})
    if isinstance(value, tuple):
        return tuple(unknown(one) for one in value)
    if isinstance(value, dict):
        return {key: unknown(one) for key, one in value.items()}
    return UNKNOWN if isinstance(value, str) and value else value
