"""What the formats need to know of a report, whatever was looked at: DAGs, or a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock_spec.check.documented import Documented
    from airlock_spec.check.finding import Finding, Severity


class Shown(Protocol):
    """A report, as the formats show it."""

    @property
    def program(self) -> str:
        """The command that made it, as `airlock check`."""
        ...

    @property
    def heading(self) -> str:
        """What was looked at, as a heading has it."""
        ...

    @property
    def rules(self) -> Sequence[Documented]:
        """All that might have been found."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]: ...

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """Those that set the exit code."""
        ...

    @property
    def fail_on(self) -> Severity: ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...

    @property
    def summary(self) -> str:
        """All of it in a line."""
        ...

    @property
    def lines(self) -> tuple[str, ...]:
        """More for people, after the findings."""
        ...

    @property
    def cases(self) -> Mapping[str, float]:
        """Test cases of JUnit, and the seconds of each: all that was looked at, with and without findings."""
        ...

    @property
    def cases_are_files(self) -> bool:
        """Whether the test cases' names are paths."""
        ...

    def case_of(self, finding: Finding) -> str:
        """Return which of the test cases a finding fails; one that has none yet is a case of its own."""
        ...

    @property
    def properties(self) -> Mapping[str, object]:
        """What SARIF holds of the circumstances."""
        ...

    def document(self, findings: Iterable[Mapping[str, object]]) -> Mapping[str, object]:
        """Return what JSON holds, with findings in their place."""
        ...


def place(one: Finding) -> str:
    """Return where a finding is: `path`, `path:line`, with the resource that is there, or a resource alone."""
    if not one.path:
        return one.resource
    where = f"{one.path}:{one.line}" if one.line else one.path
    return f"{where} ({one.resource})" if one.resource else where
