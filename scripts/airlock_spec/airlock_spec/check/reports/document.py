"""The report as one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airlock_spec.check.json_form import plain

if TYPE_CHECKING:
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.report import Report

VERSION = 1


def render(report: Report) -> str:
    """Return everything as JSON; `version` changes where a key's meaning does."""
    run = report.run
    return (
        json.dumps(
            {
                "version": VERSION,
                "summary": {
                    "files": len(run.files),
                    "dags": report.dags,
                    "skipped": len(run.skipped),
                    "findings": {str(severity): number for severity, number in report.counts.items()},
                    "blocking": len(report.blocking),
                    "fail_on": str(report.fail_on),
                    "ignored": report.ignored,
                    "baseline": {"known": report.known, "gone": [plain(one) for one in report.gone]},
                },
                "duration": round(report.seconds, 3),
                "airflow": run.airflow,
                "python": run.python,
                "isolation": vars(run.isolation),
                "notes": list(report.notes),
                "findings": [_finding(one) for one in report.findings],
            },
            indent=2,
        )
        + "\n"
    )


def _finding(one: Finding) -> dict[str, object]:
    return {**vars(one), "severity": str(one.severity)}
