"""Findings of what was seen from a task: AL9xx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.finding import Finding
from airlock_spec.reach import around, inside

if TYPE_CHECKING:
    from airlock_spec.reach.observed import Observed
    from airlock_spec.reach.sighting import Sighting

RULES: tuple[Sighting, ...] = (
    inside.Unresolved(),
    inside.Public(),
    inside.Silent(),
    inside.WrongCertificate(),
    around.Outside(),
    around.Metadata(),
    inside.PeerUnreached(),
    inside.Slow(),
    around.PublicNames(),
    around.Unknown(),
    around.NotStarted(),
)
HERE = "this task"


def findings(observed: Observed) -> tuple[Finding, ...]:
    """Judge what was seen; the resource of each finding is the task, or service, that it was seen from."""
    return tuple(
        Finding(
            rule.code,
            one.severity or rule.severity,
            "",
            0,
            one.message,
            one.fix or rule.fix,
            detail=one.detail,
            resource=observed.task or HERE,
        )
        for rule in RULES
        for one in rule.find(observed)
    )
