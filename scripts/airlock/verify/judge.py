"""From an inventory to findings: every rule, what was accepted on purpose, and which rules could not tell."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.release_settings import ACCEPTED
from airlock_spec.check.finding import Finding
from airlock_spec.check.judge import selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.release_settings import Verify
    from airlock.verify.rule import Rule, Subject, Violation
    from airlock_spec.check.ignores import Ignore


@dataclass(frozen=True)
class Judgement:
    """What was found, sorted; `all` has what was accepted, too, for verdicts are of what is so.

    `undecided` are codes of rules that lack something: that they found nothing says nothing.
    """

    findings: tuple[Finding, ...]
    all: tuple[Finding, ...]
    undecided: Mapping[str, str]  # code → cause
    accepted: int = 0  # with a reason
    unused: tuple[str, ...] = ()  # what `accept` names and nobody found


def judge(
    subject: Subject,
    rules: Iterable[Rule],
    settings: Verify,
    comments: Mapping[str, tuple[Ignore, ...]] | None = None,
) -> Judgement:
    """Judge an inventory. `comments` are ignores in the files that findings are in, by path."""
    missing = {one.kind: one.cause for one in subject.inventory.unread}
    undecided: dict[str, str] = {}
    found: set[Finding] = set()
    for rule in rules:
        if causes := [missing[kind] for kind in rule.reads if kind in missing]:
            undecided[rule.code] = causes[0]
        found.update(_finding(rule, one) for one in rule.find(subject))
    ordered = tuple(sorted(found, key=_order))
    kept = tuple(one for one in ordered if selected(one.code, settings))
    used: set[str] = set()
    left = tuple(
        one for one in kept if not _accepted(one, settings.accept, used) and not _hidden(one, comments or {})
    )
    unused = tuple(one for one in settings.accept if one not in used)
    return Judgement(left, ordered, undecided, len(kept) - len(left), unused)


def _finding(rule: Rule, one: Violation) -> Finding:
    return Finding(
        rule.code,
        one.severity or rule.severity,
        one.place.path,
        one.place.line,
        one.message,
        one.fix or rule.fix,
        detail=one.evidence,
        resource=one.place.resource,
    )


def _accepted(one: Finding, accept: Iterable[str], used: set[str]) -> bool:
    """Tell whether something is so on purpose, and note what said so."""
    for entry in accept:
        match = ACCEPTED.fullmatch(entry)
        if match and match["code"] == one.code and fnmatchcase(one.resource, match["resource"]):
            used.add(entry)
            return True
    return False


def _hidden(one: Finding, comments: Mapping[str, tuple[Ignore, ...]]) -> bool:
    return any(
        one.line in ignore.lines and any(one.code.startswith(code) for code in ignore.codes)
        for ignore in comments.get(one.path, ())
    )


def _order(one: Finding) -> tuple[object, ...]:
    return (one.severity.rank, one.path, one.line, one.resource, one.code, one.message)
