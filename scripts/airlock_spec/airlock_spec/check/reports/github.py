"""The report as workflow commands of GitHub Actions, which it shows at the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.finding import Severity
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Shown) -> str:
    """Return a command for each finding, and the summary as lines of the log."""
    titles = {rule.code: rule.title for rule in report.rules}
    return "\n".join(
        [
            *(_command(one, titles.get(one.code, "")) for one in report.findings),
            report.summary,
            *(f"airlock: {printable(line)}" for line in report.lines if line),
            "",
        ]
    )


def _command(one: Finding, title: str) -> str:
    # GitHub shows what belongs to a whole file at its first line.
    place = f"file={_property(one.path)},line={one.line or 1}," if one.path else ""
    title = _property(f"{one.code} {title}".rstrip())
    resource = f"{one.resource}: " if one.resource else ""
    return f"::{COMMANDS[one.severity]} {place}title={title}::{_data(resource + one.message + _fix(one))}"


def _fix(one: Finding) -> str:
    return f"\nfix: {one.fix}" if one.fix else ""


def _data(text: str) -> str:
    return printable(text, keep="\n").replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
