"""The report that all formats show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_spec.check import baseline as baselines
from airlock_spec.check.catalogue import CHECKS
from airlock_spec.check.finding import Finding, Severity
from airlock_spec.check.json_form import plain
from airlock_spec.check.judge import judge
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock_spec.check.baseline import Entry
    from airlock_spec.check.documented import Documented
    from airlock_spec.check.facts import Isolation, Run
    from airlock_spec.check.settings import Settings

VERSION = 1
NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


@dataclass(frozen=True)
class Report:
    """What was found, in what, and what was left out; a `reports.shown.Shown`."""

    program = "airlock check"
    heading = "DAG check"
    cases_are_files = True

    run: Run
    findings: tuple[Finding, ...]
    fail_on: Severity = Severity.ERROR
    seconds: float = 0.0  # that the whole check took
    prefix: str = "dags/"  # from the project to the bundle
    ignored: int = 0  # by comments
    known: int = 0  # by the baseline
    gone: tuple[Entry, ...] = ()  # of the baseline, and no longer found
    notes: tuple[str, ...] = ()  # more for people, as what could not be done

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity.rank <= self.fail_on.rank)

    @property
    def exit_code(self) -> int:
        """1 where something blocks, else 0."""
        return 1 if self.blocking else 0

    @property
    def dags(self) -> int:
        return len({dag.dag_id for file in self.run.files for dag in file.dags})

    @property
    def counts(self) -> dict[Severity, int]:
        met = Counter(one.severity for one in self.findings)
        return {severity: met[severity] for severity in Severity}

    @property
    def summary(self) -> str:
        """What was found in what, in one line."""
        files, dags = counted(len(self.run.files), "file"), counted(self.dags, "DAG")
        found = [counted(number, NOUNS[severity]) for severity, number in self.counts.items() if number]
        in_files = counted(len({one.path for one in self.findings}), "file")
        what = f"{', '.join(found)} in {in_files}" if found else "no findings"
        return f"{what}; checked {files} with {dags} in {self.seconds:.1f} s"

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not among the findings, a line each."""
        lines = []
        if self.ignored:
            lines.append(f"{counted(self.ignored, 'finding')} ignored by comments")
        if self.known:
            lines.append(f"{counted(self.known, 'finding')} of the baseline")
        if self.gone:
            lines.append(f"no longer found, of the baseline: {len(self.gone):,}; write it anew")
        return tuple(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was left out, how the parse was kept from the network, and notes."""
        return (*self.left_out, isolation(self.run.isolation), *self.notes)

    @property
    def rules(self) -> Sequence[Documented]:
        return CHECKS

    @property
    def cases(self) -> dict[str, float]:
        """DAG files, and how long each took."""
        return {self.prefix + file.path: file.seconds for file in self.run.files if file.path}

    def case_of(self, finding: Finding) -> str:
        """Return the file: one that is no DAG file, as an .airflowignore, is a case where it has findings."""
        return finding.path

    @property
    def properties(self) -> dict[str, object]:
        run = self.run
        return {"airflow": run.airflow, "python": run.python, "isolation": vars(run.isolation)}

    def document(self, findings: Iterable[Mapping[str, object]]) -> dict[str, object]:
        """Return everything; `version` changes where a key's meaning does."""
        return {
            "version": VERSION,
            "summary": {
                "files": len(self.run.files),
                "dags": self.dags,
                "skipped": len(self.run.skipped),
                "findings": {str(severity): number for severity, number in self.counts.items()},
                "blocking": len(self.blocking),
                "fail_on": str(self.fail_on),
                "ignored": self.ignored,
                "baseline": {"known": self.known, "gone": [plain(one) for one in self.gone]},
            },
            "duration": round(self.seconds, 3),
            **self.properties,
            "notes": list(self.notes),
            "findings": list(findings),
        }


def report(
    run: Run,
    settings: Settings,
    *,
    prefix: str = "dags/",
    sources: Mapping[str, str] | None = None,
    extra: Iterable[Finding] | None = None,
    baseline: str = "",
    partial: bool = False,
    seconds: float = 0.0,
    notes: Iterable[str] = (),
) -> Report:
    """Judge facts (see `judge.judge`), and take away what a baseline has.

    `baseline` is the text of its file; `partial` says that only some of the bundle's files were looked at. Raises
    ValueError where the baseline cannot be read.
    """
    judged = judge(run, settings, prefix=prefix, sources=sources, extra=extra)
    looked_at = {prefix + file.path for file in run.files} if partial else None
    known: Counter[Entry] = baselines.read(baseline) if baseline else Counter()
    left = baselines.apply(known, judged.findings, looked_at)
    return Report(
        run,
        left.new,
        settings.fail_on,
        seconds,
        prefix,
        judged.ignored,
        left.known,
        left.gone,
        tuple(notes),
    )


def isolation(what: Isolation) -> str:
    """Say in one line what kept the parse from the network."""
    by = [name for name, there in (("a namespace", what.namespace), ("seccomp", what.seccomp)) if there]
    if not by:
        return "not isolated: what DAGs asked of the network was not refused"
    told = (
        "every attempt is reported" if what.notified else "attempts of native code are refused, not reported"
    )
    return f"no network ({' and '.join(by)}); {told}"
