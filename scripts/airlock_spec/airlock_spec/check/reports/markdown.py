"""The report as Markdown for a pull request's comment, cut to what GitHub accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.reports.shown import place
from airlock_spec.wording import code, counted, shortened

if TYPE_CHECKING:
    from airlock_spec.check.finding import Finding
    from airlock_spec.check.reports.shown import Shown

LIMIT = 60_000  # characters; GitHub refuses a comment of more than 65,536
_WIDTH = 300  # characters of a message


def render(report: Shown) -> str:
    """Return the summary, what blocks by file, and the rest folded away; LIMIT characters at most."""
    verdict = f"{len(report.blocking)} must be mended" if report.blocking else "passed"
    lines = [f"- {code(line)}" for line in report.lines if line]
    foot = "\n".join(["", *lines[:100], ""])[: LIMIT // 4]
    head = f"### {report.heading}: {verdict}\n\n{report.summary}\n"
    blocking = set(report.blocking)
    others = [one for one in report.findings if one not in blocking]
    room = LIMIT - len(head) - len(foot)
    first = _table(report.blocking, room)
    second = ""
    if others:
        title = f"\n<details><summary>{counted(len(others), 'other finding')}</summary>\n"
        end = "\n</details>\n"
        second = title + _table(others, room - len(first) - len(title) - len(end)) + end
    return head + first + second + foot


def _table(findings: tuple[Finding, ...] | list[Finding], room: int) -> str:
    if not findings:
        return ""
    rows = ["", "| where | code | what | fix |", "| --- | --- | --- | --- |"]
    left = len(findings)
    used = sum(map(len, rows)) + 100  # a line for those for which there is no room
    for one in findings:
        cells = (_cell(place(one)), f"{one.severity} {one.code}", _cell(one.message), _cell(one.fix))
        row = f"| {' | '.join(cells)} |"
        used += len(row) + 1
        if used > room:
            return "\n".join([*rows, "", f"… and {counted(left, 'more finding')}", ""])
        rows.append(row)
        left -= 1
    return "\n".join([*rows, ""])


def _cell(text: str) -> str:
    return code(shortened(text.replace("\n", " "), _WIDTH))
