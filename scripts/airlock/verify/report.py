"""The report of a deployment: findings, and a verdict on each promise; a `reports.shown.Shown`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.terminal import aligned
from airlock_spec.check.finding import Severity
from airlock_spec.check.report import NOUNS
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.verify.promises import Verdict
    from airlock_spec.check.documented import Documented
    from airlock_spec.check.finding import Finding

VERSION = 1


@dataclass(frozen=True)
class Report:
    """What was found where. `looked_at` says what was looked at, as `infra/example by Terraform: 164 resources`."""

    source: str  # terraform, plan, aws or task
    looked_at: str
    rules: Sequence[Documented]
    findings: tuple[Finding, ...]
    fail_on: Severity = Severity.ERROR
    seconds: float = 0.0
    accepted: int = 0
    verdicts: tuple[Verdict, ...] = ()
    undecided: Mapping[str, str] | None = None  # code → why its rule could not tell
    notes: tuple[str, ...] = ()

    program = "airlock verify"
    heading = "Deployment"
    cases_are_files = False  # they are rules

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity.rank <= self.fail_on.rank)

    @property
    def exit_code(self) -> int:
        """1 where something blocks, else 0; verdicts do not count."""
        return 1 if self.blocking else 0

    @property
    def summary(self) -> str:
        """What was found in what, in one line."""
        met = Counter(one.severity for one in self.findings)
        found = [counted(met[severity], NOUNS[severity]) for severity in Severity if met[severity]]
        what = ", ".join(found) or "no findings"
        return f"{what}; looked at {self.looked_at} in {self.seconds:.1f} s"

    @property
    def lines(self) -> tuple[str, ...]:
        """What was left out, notes, and the table of verdicts."""
        lines = [f"{counted(self.accepted, 'finding')} accepted on purpose"] if self.accepted else []
        if self.undecided:
            reasons = Counter(self.undecided.values())
            lines += [f"{counted(number, 'rule')} cannot tell: {cause}" for cause, number in reasons.items()]
        lines += self.notes
        if self.verdicts:
            rows = [("ADR-001 promises", "", "because")]
            rows += [(one.promise.text, str(one.state), one.because) for one in self.verdicts]
            lines += ["", *aligned(rows)]
        return tuple(lines)

    @property
    def cases(self) -> dict[str, float]:
        """One for each rule."""
        return {_case(rule.code, rule.title): 0.0 for rule in self.rules}

    def case_of(self, finding: Finding) -> str:
        """Return its rule."""
        titles = {rule.code: rule.title for rule in self.rules}
        return _case(finding.code, titles.get(finding.code, ""))

    @property
    def properties(self) -> dict[str, object]:
        return {"source": self.source, "verdicts": [one.document() for one in self.verdicts]}

    def document(self, findings: Iterable[Mapping[str, object]]) -> dict[str, object]:
        """Return everything; `version` changes where a key's meaning does."""
        met = Counter(one.severity for one in self.findings)
        return {
            "version": VERSION,
            "source": self.source,
            "looked_at": self.looked_at,
            "summary": {
                "findings": {str(severity): met[severity] for severity in Severity},
                "blocking": len(self.blocking),
                "fail_on": str(self.fail_on),
                "accepted": self.accepted,
            },
            "duration": round(self.seconds, 3),
            "undecided": dict(self.undecided or {}),
            "notes": list(self.notes),
            "verdicts": [one.document() for one in self.verdicts],
            "findings": list(findings),
        }


def _case(code: str, title: str) -> str:
    return f"{code} {title}".replace("/", " or ")
