"""Whoever is blocked is told the names by which the lock can be upgraded."""

from __future__ import annotations

from datetime import date

import pytest

from airlock.audit.findings import find
from airlock.audit.osv import Database
from airlock.audit.pins import Pin
from airlock.audit.policy import Policy
from airlock.audit.report import Report
from airlock.audit.severity import Severity
from airlock.commands.audit import refuse_blocking
from airlock.errors import VulnerableError
from fake_osv import URL, FakeOsv, record

PINS = (Pin("Debian:13", "glibc", "2.41-12", ("libc-bin", "libc6")), Pin("PyPI", "a", "1", ("a",)))


def blocked(*fixed: str) -> VulnerableError:
    records = [
        record("DSA-1", "glibc", "2.41-12", ecosystem="Debian:13", urgency="high", fixed=fixed),
        record("MAL-1", "a", "1"),
    ]
    policy = Policy(Severity.HIGH, (), date(2026, 11, 26))
    found = find(PINS, Database(FakeOsv(records), URL), policy)
    with pytest.raises(VulnerableError, match="2 known vulnerabilities block") as caught:
        refuse_blocking(Report(PINS, tuple(found), policy, URL))
    return caught.value


def test_what_is_fixed_can_be_upgraded_by_its_names_in_the_lock() -> None:
    error = blocked("2.41-13")
    assert error.cause.splitlines() == ["a 1: MAL-1 (critical)", "glibc 2.41-12: DSA-1 (high)"]
    assert error.remedy.startswith("airlock lock --upgrade libc-bin libc6, or give a reason and a day")


def test_what_is_not_can_only_be_ignored_with_a_reason() -> None:
    assert blocked().remedy.startswith("give a reason and a day in [tool.airlock] audit-ignore")
