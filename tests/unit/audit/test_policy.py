"""What lets a vulnerability pass is written with a reason and a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.audit import policy
from airlock.audit.severity import Severity
from airlock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 26)


def read(tmp_path: Path, table: str) -> policy.Policy:
    (tmp_path / "pyproject.toml").write_text(f"[tool.airlock]\n{table}")
    return policy.read(config.load(tmp_path, environ={}), TODAY)


def test_high_blocks_unless_something_else_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, "").least is Severity.HIGH
    assert read(tmp_path, 'audit-block = "low"').least is Severity.LOW
    assert read(tmp_path, 'audit-block = "none"').least is None


def test_an_ignored_advisory_has_a_day_and_a_reason(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        'audit-ignore = ["CVE-2026-1 until 2027-01-31: only on Windows", "GHSA-x until 2026-01-01: y"]',
    )
    assert found.ignored[0] == policy.Ignored("CVE-2026-1", date(2027, 1, 31), "only on Windows")
    assert [one.id for one in found.expired] == ["GHSA-x"]


@pytest.mark.parametrize(
    "text",
    [
        "CVE-2026-1",
        "CVE-2026-1 until 2027-01-31",
        "CVE-2026-1 until 2027-02-31: x",
        "CVE-2026-1 until 2027-01-31: ",
        ": x",
    ],
)
def test_every_entry_without_them_is_refused_at_once(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'audit-block = "severe"\naudit-ignore = ["{text}"]')
    assert caught.value.cause.splitlines() == [
        "audit-block is 'severe', not one of none, low, medium, high, critical",
        f"audit-ignore {text!r} is not of the form 'CVE-2026-1234 until 2027-01-31: why it does no harm here'",
    ]


@pytest.mark.parametrize(
    "url", ["nowhere:8", "ftp://x.example", "http://osv.example", "https://[::1", "https://"]
)
def test_only_a_database_whose_answers_nobody_can_alter_on_their_way_is_asked(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        read(tmp_path, f'audit-source = "{url}"')
    assert "no https URL" in caught.value.cause
    read(tmp_path, 'audit-source = "http://127.0.0.1:8080/osv"')
