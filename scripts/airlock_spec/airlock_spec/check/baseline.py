"""The baseline: findings that were there when the check was adopted, as a file that moved lines do not change."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from airlock_spec.check.finding import Finding

VERSION = 1
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+(\.\d+)?")


@dataclass(frozen=True, order=True)
class Entry:
    """What makes a finding the same one when lines move: all but lines and numbers."""

    path: str
    code: str
    dag_id: str
    task_id: str
    message: str  # each number as `#`


@dataclass(frozen=True)
class Applied:
    """What a baseline leaves: findings that are not in it, how many are, and what of it no longer occurs."""

    new: tuple[Finding, ...]
    known: int
    gone: tuple[Entry, ...]


def write(findings: Iterable[Finding]) -> str:
    """Return the file's text: the same for the same findings, a line for each kind of them."""
    counts = Counter(map(entry, findings))
    lines = [json.dumps({**vars(one), "count": counts[one]}, ensure_ascii=True) for one in sorted(counts)]
    body = ",\n".join(f"  {line}" for line in lines)
    return f'{{"version": {VERSION}, "findings": [\n{body}\n]}}\n'


def read(text: str) -> Counter[Entry]:
    """Read what `write` wrote. Raises ValueError, with what is wrong, for anything else."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError(f"this is no baseline of version {VERSION}")
    counts: Counter[Entry] = Counter()
    findings = document.get("findings")
    for number, given in enumerate(findings if isinstance(findings, list) else [None], 1):
        try:
            values = dict(given)
            count = values.pop("count")
            one = Entry(**values)
        except (TypeError, ValueError, KeyError) as error:
            raise ValueError(f"finding {number} of the baseline cannot be read: {error}") from error
        if type(count) is not int or count < 1 or not all(isinstance(value, str) for value in astuple(one)):
            raise ValueError(f"finding {number} of the baseline cannot be read: {given}")
        counts[one] += count
    return counts


def apply(
    baseline: Counter[Entry], findings: Iterable[Finding], looked_at: Collection[str] | None = None
) -> Applied:
    """Take findings as given as often as the baseline has them, the first in order.

    `looked_at`: the paths that were checked, where not all were; only what is missing there is gone.
    """
    left = Counter(baseline)
    new: list[Finding] = []
    known = 0
    for finding in findings:
        one = entry(finding)
        if left[one] > 0:
            left[one] -= 1
            known += 1
        else:
            new.append(finding)
    gone = sorted(one for one in +left if looked_at is None or one.path in looked_at)
    return Applied(tuple(new), known, tuple(gone))


def entry(finding: Finding) -> Entry:
    """Return what stays of a finding when lines move and numbers change."""
    message = _NUMBER.sub("#", finding.message)
    return Entry(finding.path, finding.code, finding.dag_id, finding.task_id, message)
