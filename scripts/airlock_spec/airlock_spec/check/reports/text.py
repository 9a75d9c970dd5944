"""The report for a terminal, grouped by file or resource."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from airlock_spec.check.finding import Severity
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown

_MOST = 12  # lines of a detail; a traceback's last are those that count
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def render(report: Shown, *, colour: bool = False) -> str:
    """Return the findings by file or resource, and a summary; severities in colour where it is asked for."""
    parts = []
    for path, findings in groupby(report.findings, key=lambda one: one.path or one.resource):
        parts.append("\n".join([printable(path), *_findings(findings, colour=colour)]) + "\n")
    return "\n".join([*parts, *map(printable, (report.summary, *report.lines))]) + "\n"


def _findings(findings: Iterable[Finding], *, colour: bool) -> Iterator[str]:
    for one in findings:
        severity = f"{one.severity:7}"
        if colour:
            severity = f"\x1b[{_COLOURS[one.severity]}m{severity}\x1b[0m"
        yield f"  {one.line or '-':>4}  {severity}  {one.code}  {printable(one.message)}{_whose(one)}"
        detail = one.detail.strip().splitlines()
        if len(detail) > _MOST:
            detail = [f"… {len(detail) - _MOST} lines", *detail[-_MOST:]]
        yield from (f"{'':8}| {printable(line)}" for line in detail)
        if one.fix:
            yield f"{'':8}fix: {printable(one.fix)}"


def _whose(one: Finding) -> str:
    """Name DAG and task, or the resource of a line, where the message does not."""
    of_line = one.resource if one.path else ""
    names = [name for name in (one.dag_id, one.task_id, of_line) if name and name not in one.message]
    return f"  [{printable('.'.join(names))}]" if names else ""
