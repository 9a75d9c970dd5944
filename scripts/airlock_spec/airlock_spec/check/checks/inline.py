"""The check of the ignores themselves; `ignores` finds what it reports, once all other findings are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.checks.check import Check
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Found, Subject


class PointlessIgnore(Check):
    """An inline ignore has no effect, or no reason.

    It hides nothing today, and would hide the next finding that comes along. A reason tells whoever reads it whether it
    still holds.

    Found: `# airlock: ignore[AL201]`, which gives no reason; `# airlock: ignore[AL201] asked once` at a line without
    such a finding.

    Not found: an ignore in a file that could not be parsed to its end, or of a code that was not looked for.

    Mend: add the reason behind the bracket, or remove the comment.
    """

    code = "AL001"
    title = "inline ignore without effect or reason"
    severity = Severity.WARNING
    fix = "add the reason behind the bracket, or remove the comment"

    def find(self, subject: Subject) -> Iterator[Found]:  # noqa: ARG002 - it needs the others' findings
        return iter(())


POINTLESS = PointlessIgnore()
