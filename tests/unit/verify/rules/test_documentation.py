"""What all rules on the network have: codes of their own, documentation, fields that there are."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.inventory import Inventory, Source
from airlock.verify.network import Place
from airlock.verify.rules import (
    addresses,
    endpoint_policies,
    endpoint_ways,
    endpoints,
    flows,
    group_uses,
    groups,
    routes,
    vpc,
    ways_out,
)
from verify_inventory import clean, found

if TYPE_CHECKING:
    from airlock.verify.rule import Rule

MODULES = (
    addresses,
    endpoint_policies,
    endpoint_ways,
    endpoints,
    flows,
    group_uses,
    groups,
    routes,
    vpc,
    ways_out,
)
RULES: list[Rule] = [rule for module in MODULES for rule in module.RULES]
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def test_each_rule_has_a_code_of_its_own_among_those_of_the_network() -> None:
    codes = [one.code for one in RULES]

    assert len(set(codes)) == len(codes)
    assert all(code.startswith("AL7") for code in codes)


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
