"""From facts to findings: what `airlock check` and `airlock-check` say, in the order in which it is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from airlock_spec.check import hidden
from airlock_spec.check.catalogue import CHECKS
from airlock_spec.check.checks.check import Subject, listed
from airlock_spec.check.checks.egress import ASKED
from airlock_spec.check.checks.parsing import ImportFailed
from airlock_spec.check.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock_spec.check.checks.check import Check, Found
    from airlock_spec.check.facts import Run
    from airlock_spec.check.settings import Settings

CONFIGURATION = "pyproject.toml"  # where findings about the project as a whole are shown


@dataclass(frozen=True)
class Judgement:
    """The findings, sorted by path and line, and how many inline ignores hid."""

    findings: tuple[Finding, ...]
    ignored: int = 0


def judge(
    run: Run,
    settings: Settings,
    *,
    prefix: str = "dags/",
    sources: Mapping[str, str] | None = None,
    extra: Iterable[Finding] | None = None,
) -> Judgement:
    """Make findings of facts.

    `prefix` leads from the project to the bundle. `sources` holds texts of the bundle's files by path in the bundle,
    for inline ignores and AL303; what is missing has none. `extra` are findings of other tools, with paths in the
    project; None says that none was asked, so that ignores of their codes are not judged.
    """
    subject = Subject(run, settings, sources or {})
    found = [(check, one) for check in CHECKS if check.asked(settings) for one in check.find(subject)]
    findings = [*_merged(_causes(found), prefix), *(extra or ())]
    kept, ignored = hidden.by_comments(findings, subject, prefix, others=extra is not None)
    chosen = [finding for finding in kept if selected(finding.code, settings)]
    return Judgement(tuple(sorted(set(chosen), key=_order)), ignored)


class Choice(Protocol):
    """Settings that choose codes by their beginnings."""

    @property
    def select(self) -> tuple[str, ...]: ...

    @property
    def ignore(self) -> tuple[str, ...]: ...


def selected(code: str, settings: Choice) -> bool:
    """Whether `select` and `ignore` leave a code; the longer beginning decides, and of equal ones `ignore`."""
    chosen = max((len(one) for one in settings.select if code.startswith(one)), default=-1)
    if settings.select and chosen < 0:
        return False
    return chosen > max((len(one) for one in settings.ignore if code.startswith(one)), default=-2)


def _causes(found: list[tuple[Check, Found]]) -> Iterator[tuple[Check, Found]]:
    """Say once what is one: an import that fails for what is asked for at that line is told with its cause."""
    failed = {(one.file, one.place): one for check, one in found if isinstance(check, ImportFailed)}
    told = set()
    causes: list[tuple[Check, Found]] = []
    for check, one in found:
        at = (one.file, one.place)
        if isinstance(check, ASKED) and one.place.line and at in failed and at not in told:
            told.add(at)
            consequence = failed[at]
            one = replace(  # noqa: PLW2901 - the same, told in full
                one,
                message=f"{one.message}; the import fails with it: {consequence.message}",
                detail="\n".join(filter(None, (one.detail, consequence.detail))),
                severity=Severity.ERROR,
            )
        causes.append((check, one))
    return (
        (check, one)
        for check, one in causes
        if not (isinstance(check, ImportFailed) and (one.file, one.place) in told)
    )


def _merged(found: Iterable[tuple[Check, Found]], prefix: str) -> list[Finding]:
    """Make findings; what several DAG files show of one that they import is one finding."""
    merged: dict[Finding, tuple[Finding, list[str]]] = {}
    for check, one in found:
        finding = _finding(check, one, prefix)
        _, files = merged.setdefault(replace(finding, detail="", fix=""), (finding, []))
        if one.file and prefix + one.file != finding.path and one.file not in files:
            files.append(one.file)
    return [
        replace(finding, detail="\n".join(filter(None, (_imported_by(files), finding.detail))))
        for finding, files in merged.values()
    ]


def _imported_by(files: list[str]) -> str:
    return f"seen while parsing {listed(files)}" if files else ""


def _finding(check: Check, found: Found, prefix: str) -> Finding:
    place, message = found.place, found.message
    path, line = prefix + place.path, place.line
    if place.path.startswith("/"):  # the image's: there is no such file in the project
        message += f" (at {place.path}:{place.line})"
        path, line = prefix + found.file, 0
    elif not place.path:
        path, line = (prefix + found.file if found.file else CONFIGURATION), 0
    return Finding(
        check.code,
        found.severity or check.severity,
        path,
        line,
        message,
        found.fix or check.fix,
        found.dag_id,
        found.task_id,
        found.detail,
    )


def _order(finding: Finding) -> tuple[object, ...]:
    return (finding.path, finding.line, finding.code, finding.dag_id, finding.task_id, finding.message)
