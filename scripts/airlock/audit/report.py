"""The audit's result as a table, as Markdown and as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.audit.pins import PYPI
from airlock.difference.markdown import code
from airlock.index.locations import redact
from airlock.terminal import aligned, counted, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.audit.findings import Finding
    from airlock.audit.pins import Pin
    from airlock.audit.policy import Ignored, Policy

COLUMNS = ("severity", "package", "version", "advisory", "fixed in", "verdict")
_WIDTH = 60  # characters of a verdict or summary
_MOST = 30  # rows of a table in Markdown: GitHub refuses a text of more than 65,536 characters


@dataclass(frozen=True)
class Report:
    """What was asked about, and what the database at `source` knows."""

    pins: tuple[Pin, ...]
    findings: tuple[Finding, ...]
    policy: Policy
    source: str

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.blocks)

    @property
    def unused(self) -> tuple[Ignored, ...]:
        """What is ignored although nothing locked has it."""
        met = {one.ignored for one in self.findings}
        return tuple(one for one in self.policy.ignored if one not in met and one not in self.policy.expired)

    @property
    def total(self) -> str:
        python = sum(pin.ecosystem == PYPI for pin in self.pins)
        debian = len(self.pins) - python
        asked = counted(python, "Python package") + (
            f", {counted(debian, 'Debian source')}" if debian else ""
        )
        number = len(self.findings)
        known = f"{number:,} known {'vulnerability' if number == 1 else 'vulnerabilities'}"
        block = f", blocking: {len(self.blocking)} (audit-block: {self.policy.name})" if number else ""
        return f"{asked}: {known}{block}"

    @property
    def notes(self) -> list[str]:
        """What of the configuration no longer holds."""
        return [
            *(
                f"{one.id} is ignored no longer, since {one.until}: {one.reason}"
                for one in self.policy.expired
            ),
            *(f"{one.id} is ignored, but nothing locked has it: {one.reason}" for one in self.unused),
        ]


def table(report: Report) -> str:
    """Return the total, and a line for each finding."""
    rows = [COLUMNS, *(_cells(one) for one in report.findings)] if report.findings else []
    return "\n".join([*aligned(rows), report.total, *report.notes])


def markdown(report: Report) -> str:
    """Return the same for a pull request, what does not block folded away."""
    parts = [f"### Audit: {report.total}\n"]
    parts += _table(report.blocking)
    others = [one for one in report.findings if not one.blocks]
    if others:
        summary = f"{len(others)} do not block"
        parts += [f"<details><summary>{summary}</summary>\n", *_table(others), "</details>\n"]
    parts += [f"- {code(note)}" for note in report.notes]
    return "\n".join(parts)


def document(report: Report) -> dict[str, object]:
    """Return everything."""
    return {
        "source": redact(report.source),
        "asked": [
            {"ecosystem": one.ecosystem, "name": one.name, "version": one.version} for one in report.pins
        ],
        "block": report.policy.name,
        "blocking": len(report.blocking),
        "vulnerabilities": [_finding(one) for one in report.findings],
        "expired": [_ignored(one) for one in report.policy.expired],
        "unused": [_ignored(one) for one in report.unused],
    }


def _cells(one: Finding) -> tuple[str, ...]:
    verdict = shortened(one.verdict, _WIDTH)
    return (str(one.severity), one.pin.name, one.pin.version, one.id, one.fixed or "no version", verdict)


def _table(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    head = (*COLUMNS, "what")
    rows = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for one in findings[:_MOST]:
        severity, *cells = _cells(one)
        bold = f"**{severity}**" if one.blocks else severity
        row = (bold, *(code(cell) for cell in cells), code(shortened(one.summary, 2 * _WIDTH)))
        rows.append("| " + " | ".join(row) + " |")
    more = len(findings) - _MOST
    return ["\n".join(rows) + "\n", *([f"… and {more} more: `airlock audit`\n"] if more > 0 else [])]


def _finding(one: Finding) -> dict[str, object]:
    return {
        "ecosystem": one.pin.ecosystem,
        "name": one.pin.name,
        "version": one.pin.version,
        "packages": list(one.pin.packages),
        "id": one.id,
        "aliases": list(one.ids[1:]),
        "severity": str(one.severity),
        "fixed": one.fixed or None,
        "summary": one.summary,
        "blocks": one.blocks,
        "ignored": _ignored(one.ignored) if one.ignored else None,
    }


def _ignored(one: Ignored) -> dict[str, str]:
    return {"id": one.id, "until": one.until.isoformat(), "reason": one.reason}
