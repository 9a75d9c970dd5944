"""What tasks saw, as a report of `airlock verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify.inventory import Inventory, Source
from airlock.verify.judge import Judgement
from airlock.verify.promises import PROMISES, verdicts
from airlock.verify.report import Report
from airlock_spec.check.finding import Severity
from airlock_spec.reach.report import told
from airlock_spec.reach.rules import HERE, RULES, findings
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock_spec.reach.observed import Observed


def report(seen: Sequence[Observed], fail_on: Severity = Severity.ERROR, seconds: float = 0.0) -> Report:
    """Judge what was seen from each place; the notes tell of every destination how it looked."""
    found = tuple(finding for one in seen for finding in findings(one))
    names = ", ".join(one.task or HERE for one in seen)
    destinations = sum(len(one.sights) for one in seen)
    judgement = Judgement(found, found, {})
    return Report(
        str(Source.TASK),
        f"{counted(destinations, 'destination')} from {names}",
        RULES,
        found,
        fail_on,
        seconds or max((one.seconds for one in seen), default=0.0),
        verdicts=verdicts(PROMISES, Inventory(Source.TASK, ""), judgement, 0.0),
        notes=tuple(f"{one.task or HERE}: {told(sight)}" for one in seen for sight in one.sights),
    )
