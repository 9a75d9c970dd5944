"""Advisories about what is locked: those about one vulnerability as one finding, judged by the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from packaging.utils import canonicalize_name
from packaging.version import Version

from airlock.audit.advisory import Advisory
from airlock.audit.pins import PYPI, Pin
from airlock.audit.severity import Severity
from airlock.debian.packages import ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from airlock.audit.advisory import Fix
    from airlock.audit.policy import Ignored, Policy

_FIRST = ("CVE-", "MAL-", "GHSA-", "DSA-")  # the ids that people know, the best known first


class Advisories(Protocol):
    """Answers what is known of pins; the real one is airlock.audit.osv.Database."""

    def ids(self, pins: Sequence[Pin]) -> Mapping[Pin, Sequence[str]]: ...

    def advisories(self, ids: Iterable[str]) -> Mapping[str, Advisory]: ...


@dataclass(frozen=True)
class Finding:
    """One vulnerability of one pin: all its ids, the best known first, and the least version that is without it.

    `fixed` is empty where no version is; `ignored` says why it does not block, where that is by name.
    """

    pin: Pin
    ids: tuple[str, ...]
    severity: Severity
    fixed: str
    summary: str
    blocks: bool
    ignored: Ignored | None

    @property
    def id(self) -> str:
        return self.ids[0]

    @property
    def verdict(self) -> str:
        if self.ignored:
            return f"ignored until {self.ignored.until}: {self.ignored.reason}"
        return "blocks" if self.blocks else "listed"


def find(pins: Sequence[Pin], advisories: Advisories, policy: Policy) -> list[Finding]:
    """Return the known vulnerabilities of the pins, the worst first. Raises FetchError."""
    told = advisories.ids(pins)
    named = {one for ids in told.values() for one in ids}
    known = {
        one: Advisory((one,)) for one in named
    }  # what is named but not described is a vulnerability, too
    known |= advisories.advisories(named)
    groups = [
        (pin, group)
        for pin, ids in told.items()
        for group in _groups([known[one] for one in dict.fromkeys(ids) if not known[one].withdrawn])
    ]
    unrated = {one for _, group in groups if not _severity(group) for one in _ids(group)}
    known |= advisories.advisories(unrated - known.keys())
    found = []
    for pin, group in groups:
        rated = _severity(group) or _severity(known[one] for one in _ids(group) if one in known)
        found.append(_finding(pin, group, rated, policy))
    return sorted(found, key=lambda one: (not one.blocks, -_rank(one.severity), one.pin, one.id))


def _groups(advisories: Sequence[Advisory]) -> Iterator[list[Advisory]]:
    """Join the advisories that name each other, or the same vulnerability."""
    left = list(advisories)
    while left:
        group = [left.pop(0)]
        while related := [one for one in left if not set(_ids(group)).isdisjoint(one.ids)]:
            group += related
            left = [one for one in left if one not in related]
        yield group


def _ids(group: Iterable[Advisory]) -> tuple[str, ...]:
    """Return all ids of one vulnerability, the best known first."""

    def fame(one: str) -> int:
        return next((at for at, start in enumerate(_FIRST) if one.startswith(start)), len(_FIRST))

    return tuple(sorted(dict.fromkeys(one for told in group for one in told.ids), key=fame))


def _severity(group: Iterable[Advisory]) -> Severity:
    return max((one.severity for one in group), default=Severity.UNKNOWN)


def _rank(one: Severity) -> float:
    """Order by severity; what is unknown stands beside the high ones."""
    return one or Severity.HIGH + 0.5


def _finding(pin: Pin, group: Sequence[Advisory], rated: Severity, policy: Policy) -> Finding:
    ids = _ids(group)
    ignored = policy.ignoring(ids)
    fixed = _fixed(pin, group)
    summary = next((one.summary for one in group if one.summary), "")
    blocks = ignored is None and _blocks(pin, rated, fixed, policy)
    return Finding(pin, ids, rated, fixed, summary, blocks, ignored)


def _blocks(pin: Pin, rated: Severity, fixed: str, policy: Policy) -> bool:
    """Whether a vulnerability blocks: one of unknown severity does, to be looked at.

    But Debian lists every CVE that was ever filed against a package. One that nobody rated, and that Debian has not
    fixed, could only be ignored one by one.
    """
    if policy.least is None:
        return False
    if not rated:
        return bool(fixed) or pin.ecosystem == PYPI
    return rated >= policy.least


def _fixed(pin: Pin, group: Iterable[Advisory]) -> str:
    """Return the least version above the locked one in which an advisory says it is fixed, or ""."""
    offered = {fix.version for one in group for fix in one.fixes if _is_about(fix, pin)}
    key: Callable[[str], Any] = Version if pin.ecosystem == PYPI else ordered
    try:
        here = key(pin.version)
        return min((one for one in offered if key(one) > here), key=key, default="")
    except ValueError:  # InvalidVersion is one
        return ", ".join(sorted(offered))


def _is_about(fix: Fix, pin: Pin) -> bool:
    name = canonicalize_name(fix.name) if pin.ecosystem == PYPI else fix.name
    return (fix.ecosystem, name) == (pin.ecosystem, pin.name)
