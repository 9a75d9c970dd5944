"""What inline ignores hide, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.catalogue import CHECKS
from airlock_spec.check.checks.inline import POINTLESS
from airlock_spec.check.documented import nearest
from airlock_spec.check.facts import Kind
from airlock_spec.check.finding import Finding
from airlock_spec.check.ignores import Ignore, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock_spec.check.checks.check import Subject

# What ends a parse before all that a file would show was seen.
_ENDS = {Kind.IMPORT, Kind.TIMEOUT, Kind.CRASH, Kind.MEMORY, Kind.OUTPUT}


def by_comments(
    findings: Sequence[Finding], subject: Subject, prefix: str, *, others: bool
) -> tuple[list[Finding], int]:
    """Return the findings that no comment hides, with those about comments (AL001), and how many are hidden.

    `others`: whether findings of other tools are among them. Comments are judged where a file was checked, or has
    findings.
    """
    by_path: dict[str, list[Finding]] = {prefix + file.path: [] for file in subject.run.files}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    whole = {file.path for file in subject.run.files if not any(one.kind in _ENDS for one in file.problems)}
    gone: set[int] = set()
    about: list[Finding] = []
    for path, source in subject.sources.items():
        here = by_path.get(prefix + path)
        if here is None or not path.endswith(".py"):
            continue
        for comment in read(source):
            if not isinstance(comment, Ignore):
                about.append(_pointless(prefix + path, comment.line, comment.what))
                continue
            met = [one for one in here if _meets(comment, one)]
            gone |= {id(one) for one in met}
            faults = _faults(comment, met, subject, whole=path in whole, others=others)
            about += [_pointless(prefix + path, comment.line, what) for what in faults]
    return [*(one for one in findings if id(one) not in gone), *about], len(gone)


def _meets(ignore: Ignore, finding: Finding) -> bool:
    return finding.line in ignore.lines and finding.code.startswith(ignore.codes)


def _faults(
    ignore: Ignore, met: Sequence[Finding], subject: Subject, *, whole: bool, others: bool
) -> Iterator[str]:
    """Say what is wrong with an ignore that met some findings, as far as that can be known."""
    if not ignore.reason:
        yield f"the ignore of {', '.join(ignore.codes)} gives no reason"
    for code in ignore.codes:
        ours = [check for check in CHECKS if check.code.startswith(code)]
        if code.startswith("AL") and not ours:
            yield f"there is no code that begins with {code}; perhaps you meant {nearest(code, CHECKS)}"
            continue
        known = all(check.steady and check.asked(subject.settings) for check in ours) if ours else others
        if whole and known and not any(one.code.startswith(code) for one in met):
            yield f"the ignore of {code} has no effect: there is no such finding here"


def _pointless(path: str, line: int, what: str) -> Finding:
    return Finding(POINTLESS.code, POINTLESS.severity, path, line, what, POINTLESS.fix)
