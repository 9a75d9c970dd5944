"""Advisories about one vulnerability are one finding, and the policy decides whether it blocks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from airlock.audit.findings import Finding, find
from airlock.audit.osv import Database
from airlock.audit.pins import Pin
from airlock.audit.policy import Ignored, Policy
from airlock.audit.severity import Severity
from fake_osv import CRITICAL, LOW, URL, FakeOsv, record

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY = date(2026, 11, 26)
A = Pin("PyPI", "a", "1.9")
GLIBC = Pin("Debian:13", "glibc", "2.41-12")
HIGH: dict[str, Any] = {"database_specific": {"severity": "HIGH"}}


def found(
    *records: dict[str, Any],
    pins: Sequence[Pin] = (A, GLIBC),
    least: Severity | None = Severity.HIGH,
    ignored: Sequence[Ignored] = (),
) -> list[Finding]:
    return find(pins, Database(FakeOsv(list(records)), URL), Policy(least, tuple(ignored), TODAY))


def test_records_that_are_aliases_are_one_finding_under_its_best_known_id() -> None:
    (one,) = found(
        record("PYSEC-2026-7", "a", "1.9", aliases=["CVE-2026-1"]),
        record("GHSA-x", "a", "1.9", aliases=["CVE-2026-1"], fixed=["1.10"], **HIGH),
    )
    assert one.ids == ("CVE-2026-1", "GHSA-x", "PYSEC-2026-7")
    assert (one.id, one.severity, one.fixed, one.blocks) == ("CVE-2026-1", Severity.HIGH, "1.10", True)


def test_the_severity_that_a_record_lacks_is_looked_for_under_its_aliases() -> None:
    elsewhere = record("CVE-2026-1", "a", severity=[{"type": "CVSS_V3", "score": LOW}])
    (one,) = found(record("PYSEC-2026-7", "a", "1.9", aliases=["CVE-2026-1"]), elsewhere)
    assert (one.severity, one.blocks) == (Severity.LOW, False)


def test_what_was_withdrawn_is_no_vulnerability() -> None:
    assert found(record("GHSA-x", "a", "1.9", withdrawn="2026-01-01T00:00:00Z", **HIGH)) == []


def test_an_advisory_that_is_named_but_not_to_be_had_blocks() -> None:
    server = FakeOsv([record("GHSA-x", "a", "1.9")], odd={"/v1/vulns/GHSA-x": (404, b"")})
    (one,) = find([A], Database(server, URL), Policy(Severity.CRITICAL, (), TODAY))
    assert (one.id, one.severity, one.blocks) == ("GHSA-x", Severity.UNKNOWN, True)


def test_the_fix_is_the_least_version_above_the_locked_one() -> None:
    (one,) = found(
        record("GHSA-x", "A", "1.9", fixed=["2.0", "1.10", "1.2"], **HIGH)
        | {
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": "a"},
                    "versions": ["1.9"],
                    "ranges": [
                        {
                            "type": "ECOSYSTEM",
                            "events": [{"fixed": "2.0"}, {"fixed": "1.10"}, {"fixed": "1.2"}],
                        }
                    ],
                },
                {
                    "package": {"ecosystem": "PyPI", "name": "other"},
                    "versions": [],
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "1.9.1"}]}],
                },
            ]
        }
    )
    assert one.fixed == "1.10"
    (one,) = found(
        record("DSA-1", "glibc", "2.41-12", ecosystem="Debian:13", fixed=["2.41-12+deb13u1", "2.41-9"])
    )
    assert one.fixed == "2.41-12+deb13u1"


@pytest.mark.parametrize(
    ("more", "least", "blocks"),
    [
        (HIGH, Severity.HIGH, True),
        (HIGH, Severity.CRITICAL, False),
        (HIGH, None, False),
        ({}, Severity.CRITICAL, True),
        ({}, None, False),
        ({"severity": [{"type": "CVSS_V3", "score": CRITICAL}]}, Severity.CRITICAL, True),
        ({"severity": [{"type": "CVSS_V3", "score": LOW}]}, Severity.MEDIUM, False),
    ],
)
def test_what_is_as_bad_as_configured_or_of_unknown_severity_blocks(
    more: dict[str, Any],
    least: Severity | None,
    blocks: bool,  # noqa: FBT001
) -> None:
    (one,) = found(record("GHSA-x", "a", "1.9", **more), least=least)
    assert one.blocks is blocks


@pytest.mark.parametrize(("fixed", "blocks"), [([], False), (["2.41-13"], True)])
def test_of_debian_what_nobody_rated_blocks_where_it_is_fixed(fixed: list[str], blocks: bool) -> None:  # noqa: FBT001
    told = record(
        "DEBIAN-CVE-2026-2", "glibc", "2.41-12", ecosystem="Debian:13", fixed=fixed, upstream=["CVE-2026-2"]
    )
    (one,) = found(told)
    assert (one.id, one.severity, one.blocks) == ("CVE-2026-2", Severity.UNKNOWN, blocks)


def test_what_is_ignored_under_any_of_its_ids_passes_until_its_day() -> None:
    told = record("PYSEC-2026-7", "a", "1.9", aliases=["CVE-2026-1"], **HIGH)
    lasting = Ignored("cve-2026-1", TODAY, "not reached")
    (one,) = found(told, ignored=[lasting])
    assert (one.blocks, one.ignored) == (False, lasting)
    assert one.verdict == "ignored until 2026-11-26: not reached"
    (one,) = found(told, ignored=[Ignored("CVE-2026-1", date(2026, 11, 25), "not reached")])
    assert (one.blocks, one.ignored) == (True, None)


def test_what_blocks_comes_first_then_the_worst() -> None:
    ids = [
        one.id
        for one in found(
            record("GHSA-low", "a", "1.9", severity=[{"type": "CVSS_V3", "score": LOW}]),
            record("GHSA-high", "a", "1.9", **HIGH),
            record("GHSA-worst", "a", "1.9", severity=[{"type": "CVSS_V3", "score": CRITICAL}]),
        )
    ]
    assert ids == ["GHSA-worst", "GHSA-high", "GHSA-low"]
