"""The report as one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown


def render(report: Shown) -> str:
    """Return everything as JSON."""
    return json.dumps(report.document(_finding(one) for one in report.findings), indent=2) + "\n"


def _finding(one: Finding) -> dict[str, object]:
    return {**vars(one), "severity": str(one.severity)}
