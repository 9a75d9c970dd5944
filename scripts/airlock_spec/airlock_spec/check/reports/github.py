"""The report as workflow commands of GitHub Actions, which it shows at the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.catalogue import BY_CODE
from airlock_spec.check.finding import Severity
from airlock_spec.check.report import isolation
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.report import Report

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """Return a command for each finding, and the summary as lines of the log."""
    lines = [*report.left_out, isolation(report.run.isolation), *report.notes]
    return "\n".join(
        [
            *map(_command, report.findings),
            report.summary,
            *(f"airlock: {printable(line)}" for line in lines),
            "",
        ]
    )


def _command(one: Finding) -> str:
    title = f"{one.code} {BY_CODE[one.code].title}" if one.code in BY_CODE else one.code
    # GitHub shows what belongs to a whole file at its first line.
    place = f"file={_property(one.path)},line={one.line or 1},title={_property(title)}"
    return f"::{COMMANDS[one.severity]} {place}::{_data(one.message)}{_data(_fix(one))}"


def _fix(one: Finding) -> str:
    return f"\nfix: {one.fix}" if one.fix else ""


def _data(text: str) -> str:
    return printable(text, keep="\n").replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
