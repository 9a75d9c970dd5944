"""What a project's configuration says about licences: those it refuses, and its answers for what is unclear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from airlock.errors import ConfigError, LicenseError
from airlock.papers import spdx
from airlock.papers.facts import Licenses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.config import Config
    from airlock.papers.inventory import Package

ANSWERED = "pyproject.toml"  # where an answer was read
UNKNOWN = "unknown"  # stands for the licence of a package that names none
_SHOWN = 20


@dataclass(frozen=True)
class Policy:
    """`denied` are shell patterns, in lower case; `known` are SPDX expressions by normalized package name."""

    denied: tuple[str, ...]
    known: Mapping[str, str]

    def answered(self, package: Package) -> Package:
        """Return a package with the licence that the configuration gives it, if any."""
        answer = self.known.get(canonicalize_name(package.name))
        if answer is None:
            return package
        return replace(package, facts=replace(package.facts, licenses=Licenses((answer,), ANSWERED)))

    def refused(self, package: Package) -> list[str]:
        """Return the terms of a package that nobody can accept without a licence that is denied.

        A package of which no licence is known is under `unknown`.
        """
        if not package.licenses.terms:
            return [UNKNOWN] if self._denies(UNKNOWN) else []
        return [term for term in package.licenses.terms if spdx.must_accept(term, self._denies)]

    def idle(self, packages: Iterable[Package]) -> list[str]:
        """Return the names that are answered for and not there: of packages that left, or misspelt."""
        return sorted(set(self.known) - {canonicalize_name(one.name) for one in packages})

    def _denies(self, name: str) -> bool:
        return any(fnmatchcase(name.casefold(), pattern) for pattern in self.denied)


def load(config: Config) -> Policy:
    """Read the policy. Raises ConfigError naming every answer that is none."""
    known: dict[str, str] = {}
    problems = []
    for answer in config.licenses_known:
        name, colon, text = answer.partition(":")
        expression = spdx.expression(text)
        if not colon or not name.strip() or expression is None:
            problems.append(f"{answer!r} is not NAME: SPDX expression")
        else:
            known[canonicalize_name(name.strip())] = expression
    if problems:
        raise ConfigError(
            "[tool.airlock] licenses-known cannot be used",
            cause="\n".join(problems),
            remedy='write each as "NAME: MIT OR Apache-2.0" (https://spdx.org/licenses)',
        )
    return Policy(tuple(one.casefold() for one in config.licenses_denied), known)


def require_accepted(refused: Sequence[tuple[Package, Sequence[str]]]) -> None:
    """Raise LicenseError, naming the packages, where one is under a licence that is denied."""
    if not refused:
        return
    lines = [f"{one.name} {one.version}: {', '.join(terms)}" for one, terms in refused[:_SHOWN]]
    lines += [f"… and {len(refused) - _SHOWN} more"] if len(refused) > _SHOWN else []
    raise LicenseError(
        f"under licences that [tool.airlock] licenses-denied names: {len(refused)} of the packages",
        cause="\n".join(lines),
        remedy="leave them out of constraints/*.in, or settle what their licence is in licenses-known",
    )
