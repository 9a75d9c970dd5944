"""The report of what was seen from tasks, as the formats of `airlock check` show it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from airlock_spec.check.finding import Severity
from airlock_spec.reach.observed import Kind
from airlock_spec.reach.rules import HERE, RULES, findings
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock_spec.check.documented import Documented
    from airlock_spec.check.finding import Finding
    from airlock_spec.reach.observed import Observed, Sight

NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_MUST_NOT = (Kind.OUTSIDE, Kind.METADATA)


@dataclass(frozen=True)
class Report:
    """What was seen from one task; a `reports.shown.Shown`."""

    program = "airlock-verify"
    heading = "What a task sees"

    observed: Observed
    fail_on: Severity = Severity.ERROR

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return findings(self.observed)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity.rank <= self.fail_on.rank)

    @property
    def exit_code(self) -> int:
        """1 where something blocks, else 0."""
        return 1 if self.blocking else 0

    @property
    def seconds(self) -> float:
        return self.observed.seconds

    @property
    def rules(self) -> Sequence[Documented]:
        return RULES

    @property
    def summary(self) -> str:
        met = Counter(one.severity for one in self.findings)
        found = ", ".join(counted(met[one], NOUNS[one]) for one in Severity if met[one]) or "no findings"
        looked = counted(len(self.observed.sights), "destination")
        return f"{found}; looked at {looked} in {self.seconds:.1f} s"

    @property
    def lines(self) -> tuple[str, ...]:
        """Every destination, and how it looked."""
        return tuple(told(one) for one in self.observed.sights)

    @property
    def cases(self) -> Mapping[str, float]:
        return {one.destination: one.seconds for one in self.observed.sights}

    def case_of(self, finding: Finding) -> str:
        """Return the destination that a finding is about: its message begins with it."""
        first = finding.message.partition(" ")[0]
        return first if first in self.cases else finding.resource

    @property
    def properties(self) -> Mapping[str, object]:
        return {
            "task": self.observed.task or HERE,
            "zone": self.observed.zone,
            "region": self.observed.region,
        }

    def document(self, findings: Iterable[Mapping[str, object]]) -> Mapping[str, object]:
        """Return `observed`, all that was seen, and `findings`, what is to be mended of it."""
        met = Counter(one.severity for one in self.findings)
        return {
            "version": self.observed.version,
            "summary": {
                "destinations": len(self.observed.sights),
                "findings": {str(one): met[one] for one in Severity},
                "blocking": len(self.blocking),
                "fail_on": str(self.fail_on),
            },
            "observed": self.observed.plain(),
            "findings": list(findings),
        }


def told(one: Sight) -> str:
    """Say in a line how a destination looked; whether that is right, the findings say."""
    name = f"{one.kind} {one.destination}"
    if one.unresolved:
        return f"{name} {one.unresolved}"
    if attempt := one.answered:
        return f"{name} answers at {attempt.address}: {attempt.said}, {one.seconds * 1000:.0f} ms"
    if one.attempts:
        last = one.attempts[-1]
        verb = "is not reached, as it should be" if one.kind in _MUST_NOT else "does not answer"
        return f"{name} {verb}: {last.address}: {last.said}, {one.seconds:.1f} s"
    return f"{name} was not tried: it resolves to {', '.join(one.addresses)}"
