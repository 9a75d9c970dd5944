"""The closure of the wanted packages over what they depend on. Recommended packages stay out.

Every choice is the plainest: what is chosen already, else the first alternative that is offered, in the
version that the lock had before, else the highest. Where a choice turns out wrong, what was learned is
noted and the walk begins again, so that the result does not depend on how it was found.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.debian.packages import Package, Relation, Universe, without_rebuild
from airlock.errors import ResolveError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.debian.requirements import Wanted


def close(universe: Universe, wanted: Sequence[Wanted], keep: Mapping[str, str]) -> tuple[Package, ...]:
    """Return the chosen packages, by name; `keep` holds package → version to prefer where it is offered.

    Raises ResolveError, naming the chain of who wanted it, where something is not offered or in conflict.
    """
    search = _Search(universe, keep)
    while True:
        try:
            chosen = _Walk(search).run(wanted)
        except _AgainError:
            continue
        _require_peace(chosen)
        return tuple(chosen[name] for name in sorted(chosen))


class _AgainError(Exception):
    """Something was learned that an earlier choice did not know."""


@dataclass
class _Search:
    """What is offered, and what the walks so far have taught; each walk but the last adds to it."""

    universe: Universe
    keep: Mapping[str, str]
    limits: dict[str, set[Relation]] = field(default_factory=dict)
    refused: dict[tuple[str, str], ResolveError] = field(default_factory=dict)

    def candidates(self, relation: Relation) -> list[Package]:
        """Return what may fulfil a relation, the best first: packages of that name before providers of it."""
        own = [one for one in self.universe.versions(relation.name) if relation.holds(one.version)]
        others = [
            one for one in self.universe.providers(relation.name) if one.fulfils(relation) and one not in own
        ]
        ranked = [*sorted(own, key=self._moves), *sorted(others, key=self._strangeness)]
        return [one for one in ranked if self._allowed(one)]

    def _moves(self, package: Package) -> int:
        """Rank by how far a version is from the locked one; sorting keeps the order of versions."""
        locked = self.keep.get(package.name)
        if locked is None or package.version == locked:
            return 0
        return 1 if without_rebuild(package.version) == without_rebuild(locked) else 2

    def _strangeness(self, package: Package) -> tuple[bool, str, int]:
        return package.name not in self.keep, package.name, self._moves(package)

    def _allowed(self, package: Package) -> bool:
        limits = self.limits.get(package.name, ())
        return (package.name, package.version) not in self.refused and all(
            one.holds(package.version) for one in limits
        )

    def limit(self, package: Package, relation: Relation) -> None:
        """Remember that the walk needs this version, where it had chosen another one before."""
        exact = Relation(package.name, "=", package.version)
        self.limits.setdefault(package.name, set()).add(relation if relation.name == package.name else exact)


@dataclass
class _Walk:
    search: _Search
    chosen: dict[str, Package] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)  # package → who brought it in: a package or a file

    def run(self, wanted: Sequence[Wanted]) -> dict[str, Package]:
        for one in wanted:
            relation = Relation(one.name, "=", one.version) if one.version else Relation(one.name)
            if not self._fulfil((relation,), one.source):
                raise self._error((relation,), one.source)
        queue = list(self.chosen)
        for name in queue:  # grows while it is walked
            package = self.chosen[name]
            for group in package.depends:
                before = len(self.chosen)
                if not self._fulfil(group, name):
                    self.search.refused[name, package.version] = self._error(group, name)
                    raise _AgainError
                queue += list(self.chosen)[before:]
        return self.chosen

    def _fulfil(self, group: Sequence[Relation], by: str) -> bool:
        if any(package.fulfils(relation) for relation in group for package in self.chosen.values()):
            return True
        for relation in group:
            for best in self.search.candidates(relation)[:1]:
                if best.name in self.chosen:
                    self.search.limit(best, relation)
                    raise _AgainError
                self.chosen[best.name] = best
                self.because[best.name] = by
                return True
        return False

    def _error(self, group: Sequence[Relation], by: str) -> ResolveError:
        """Describe what is not to be had, by its root: a package refused before has its own reason."""
        for relation in group:
            for (name, _), error in self.search.refused.items():
                if name == relation.name:
                    return error
        text = " | ".join(str(relation) for relation in group)
        lines = [" → ".join([*reversed(self._chain(by)), text])]
        for relation in group:
            lines += self._reasons(relation)
        return ResolveError(
            f"the Debian package {text} is not to be had",
            cause="\n".join(lines),
            remedy="mend constraints/debian.in, or check debian-suite in [tool.airlock], then: airlock lock",
        )

    def _chain(self, by: str) -> list[str]:
        chain = [by]
        while chain[-1] in self.because:
            chain.append(self.because[chain[-1]])
        return chain

    def _reasons(self, relation: Relation) -> list[str]:
        universe = self.search.universe
        versions = [package.version for package in universe.versions(relation.name)]
        if versions:
            limits = sorted(str(one) for one in self.search.limits.get(relation.name, ()))
            also = [f"also needed: {', '.join(limits)}"] if limits else []
            return [f"the suite has {relation.name} {', '.join(versions)}", *also]
        if universe.providers(relation.name):
            return [f"{relation.name} is provided, but not in this version"]
        near = difflib.get_close_matches(relation.name, universe.names, n=3, cutoff=0.75)
        return [
            f"the suite has no {relation.name}" + (f"; perhaps you meant {', '.join(near)}" if near else "")
        ]


def _require_peace(chosen: Mapping[str, Package]) -> None:
    problems = [
        f"{package.name} {package.version} cannot be with {other.name} {other.version} ({relation})"
        for package in chosen.values()
        for relation in package.against
        for other in chosen.values()
        if other is not package and other.fulfils(relation)
    ]
    if problems:
        raise ResolveError(
            "the Debian packages asked for are in conflict",
            cause="\n".join(sorted(problems)),
            remedy="leave one of them out of constraints/debian.in, then: airlock lock",
        )
