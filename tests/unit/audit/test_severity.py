"""How bad an advisory is, is what it says, or else unknown."""

from __future__ import annotations

from typing import Any

import pytest

from airlock.audit.severity import Severity, base_score, of_record
from fake_osv import CRITICAL, LOW, record


# Vectors and scores published with CVEs, and the extremes.
@pytest.mark.parametrize(
    ("vector", "score"),
    [
        (CRITICAL, 9.8),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H/E:P", 5.5),
        ("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H", 9.1),
        ("CVSS:3.1/AV:A/AC:L/PR:L/UI:N/S:C/C:N/I:N/A:H", 6.8),
        (LOW, 1.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
    ],
)
def test_a_vector_has_the_score_of_the_specification(vector: str, score: float) -> None:
    assert base_score(vector) == score


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "7.5",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:3.1/AV:N/AC:L",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    ],
)
def test_what_is_no_vector_has_no_score(vector: str) -> None:
    assert base_score(vector) is None


def scored(*vectors: str) -> list[dict[str, str]]:
    return [{"type": "CVSS_V3", "score": vector} for vector in vectors]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, Severity.UNKNOWN),
        ({"database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM),
        ({"database_specific": {"severity": "CRITICAL"}, "severity": scored(LOW)}, Severity.CRITICAL),
        ({"database_specific": {"severity": ["odd"]}}, Severity.UNKNOWN),
        ({"database_specific": None, "severity": None}, Severity.UNKNOWN),
        ({"severity": scored(LOW, CRITICAL)}, Severity.CRITICAL),
        ({"severity": scored("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N")}, Severity.LOW),
        ({"severity": scored("CVSS:4.0/AV:N")}, Severity.UNKNOWN),
        ({"urgency": "not yet assigned"}, Severity.UNKNOWN),
        ({"urgency": "high**"}, Severity.HIGH),
        ({"urgency": "unimportant", "severity": scored(CRITICAL)}, Severity.LOW),
    ],
)
def test_a_record_is_as_bad_as_its_word_or_its_vector(more: dict[str, Any], expected: Severity) -> None:
    assert of_record(record("X-1", "a", "1", **more)) is expected


def test_a_package_made_to_harm_is_critical() -> None:
    assert of_record(record("MAL-2026-1", "a", "1")) is Severity.CRITICAL
