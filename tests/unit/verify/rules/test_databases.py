"""Rules on the database and the broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.rules import databases
from airlock.verify.rules.databases import (
    NoBackups,
    NoDeletionProtection,
    OneZone,
    PlainCache,
    PlainDatabase,
    PublicDatabase,
)
from airlock_spec.check.finding import Severity
from verify_inventory import changed, clean, found

if TYPE_CHECKING:
    from airlock.verify.rule import Rule


@pytest.mark.parametrize("rule", databases.RULES, ids=lambda rule: rule.code)
def test_nothing_is_found_of_a_database_and_a_broker_as_they_should_be(rule: Rule) -> None:
    assert not found(rule, clean())


@pytest.mark.parametrize(
    ("rule", "values", "evidence"),
    [
        (PublicDatabase(), {"public": True}, "publicly_accessible: true"),
        (PlainDatabase(), {"forces_tls": False}, "rds.force_ssl: 0"),
        (OneZone(), {"zones": 1}, "zones: 1"),
        (NoBackups(), {"backup_days": 0}, "backup_retention_period: 0"),
        (NoDeletionProtection(), {"protected": False}, "deletion_protection: false"),
    ],
)
def test_each_fault_of_the_database_is_one_finding_of_one_rule(
    rule: Rule, values: dict[str, Any], evidence: str
) -> None:
    inventory = changed("databases", "airflow", **values)

    found_by = {one.code: [each.evidence for each in found(one, inventory)] for one in databases.RULES}

    assert {code: each for code, each in found_by.items() if each} == {rule.code: [evidence]}


def test_a_database_of_which_nothing_says_whether_it_forces_tls_is_information() -> None:
    (one,) = found(PlainDatabase(), changed("databases", "airflow", forces_tls=None))

    assert one.severity is Severity.INFO


def test_a_cache_without_tls_is_found() -> None:
    (one,) = found(PlainCache(), changed("caches", "airflow", tls=False))

    assert one.message == "the cache airflow answers without TLS"
