"""What source distributions are built with: resolved for each alone, as the packages of the image are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airlock.errors import ResolveError
from airlock.index.fetch import Wanted
from airlock.locks import resolver
from airlock.locks.intent import Asked
from airlock.platforms import native

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.locks.airflow import LockedPackage
    from airlock.locks.job import Job
    from airlock.platforms import Platform
    from airlock.store import StoreFile


@dataclass
class BuildRequirements:
    """Finds what sources are built with: resolved as the image's packages are, within `limits` (build.in)."""

    limits: tuple[Asked, ...]
    platforms: Sequence[Platform]
    fetch: Callable[[Sequence[Wanted]], object]
    _resolved: dict[tuple[str, ...], tuple[LockedPackage, ...]] = field(default_factory=dict)

    def resolve(self, job: Job, sdist: StoreFile, requires: Iterable[str]) -> tuple[LockedPackage, ...]:
        """Resolve the requirements of `sdist` for every platform, and fetch those for this machine.

        Raises ResolveError, FetchError.
        """
        wanted = tuple(sorted(set(requires)))
        if not wanted or wanted in self._resolved:
            return self._resolved.get(wanted, ())
        asked = tuple(Asked(sdist.filename, 1, one) for one in wanted)
        only_wheels = replace(job, asked=asked, kept={}, moving=frozenset(), sources=None, limits=self.limits)
        try:
            packages = resolver.resolve(only_wheels, self.platforms).packages
        except ResolveError as error:
            raise ResolveError(
                f"what {sdist.filename} is to be built with cannot be had",
                cause=f"{error.fact}\n{error.cause}".strip(),
                remedy="use another version of the package, or constrain what it is built with in constraints/build.in",
            ) from error
        self.fetch([Wanted(file, one.name) for one in packages if (file := one.file(native()))])
        self._resolved[wanted] = packages  # most ask for the same
        return packages
