"""Who requires what among locked wheels, and whether it counts on the image's platform (core metadata, PEP 508)."""

from __future__ import annotations

import email.errors
import email.parser
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from airlock.errors import UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from airlock.locks.intent import Asked

_NO_WHEEL = (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, email.errors.MessageError)


@dataclass(frozen=True)
class Known:
    """A wheel's version, and what it requires as its METADATA spells it."""

    version: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """One requirement: `by` names the package that has it ("" for our own line), `where` is for people.

    It `counts` where the package is itself `needed`, and its marker holds for the platform and the extras asked for.
    """

    by: str
    where: str
    requirement: Requirement
    counts: bool
    needed: bool = True

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    def allows(self, version: str) -> bool:
        """Whether a version, "" for none, is what is required; one that does not count requires nothing."""
        if not self.counts:
            return True
        return bool(version) and self.requirement.specifier.contains(version, prereleases=True)

    def __str__(self) -> str:
        return f"{self.where} requires {self.requirement}"


@dataclass(frozen=True)
class Requirements:
    """The requirements of our own lines and of all wheels, followed from our lines through one set of wheels."""

    asked: tuple[Asked, ...]
    wheels: Mapping[str, Known]
    environment: Mapping[str, str]  # of markers (PEP 508)

    def of(self, name: str) -> tuple[Reading, ...]:
        """Return what is required of a package: our own lines first, then by who requires it."""
        return tuple(one for one in self.readings if one.name == name)

    def unmet(self) -> tuple[Reading, ...]:
        """Return the requirements that the wheels do not satisfy."""
        versions = {name: known.version for name, known in self.wheels.items()}
        return tuple(one for one in self.readings if not one.allows(versions.get(one.name, "")))

    def origin(self, reading: Reading) -> tuple[Reading, ...]:
        """Return the shortest way from one of our own lines to a requirement that counts, without itself."""
        way: list[Reading] = []
        first, _ = self._reached
        while reading.by in first:
            reading = first[reading.by]
            way.append(reading)
        return tuple(reversed(way))

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """All requirements, those of our own lines first."""
        _, extras = self._reached
        theirs = [one for name in sorted(self.wheels) for one in self._theirs(name, extras.get(name, set()))]
        return (*self._ours, *theirs)

    @cached_property
    def _reached(self) -> tuple[dict[str, Reading], dict[str, set[str]]]:
        """For each package that is needed: by which requirement first, and which extras of it, "" for itself."""
        first: dict[str, Reading] = {}
        extras: dict[str, set[str]] = {}
        waiting = [one for one in self._ours if one.counts]
        for reading in waiting:  # which grows: breadth first
            first.setdefault(reading.name, reading)
            known = extras.setdefault(reading.name, set())
            new = {"", *reading.requirement.extras} - known
            known |= new
            waiting += [one for one in self._theirs(reading.name, new) if one.counts]
        return first, extras

    @property
    def _ours(self) -> list[Reading]:
        found = ((one, Requirement(one.requirement)) for one in self.asked)
        return [
            Reading("", f"{one.source}:{one.line}", requirement, self._holds(requirement))
            for one, requirement in found
        ]

    def _theirs(self, name: str, extras: Collection[str]) -> list[Reading]:
        """Return what a wheel requires with these extras; with none, not even "", it is not needed."""
        if name not in self.wheels:
            return []
        known = self.wheels[name]
        return [
            Reading(
                name,
                f"{name} {known.version}",
                requirement,
                counts=any(self._holds(requirement, extra) for extra in extras),
                needed=bool(extras),
            )
            for requirement in map(Requirement, known.requires)
        ]

    def _holds(self, requirement: Requirement, extra: str = "") -> bool:
        return requirement.marker is None or requirement.marker.evaluate({**self.environment, "extra": extra})


def read(wheel: Path, version: str) -> Known:
    """Read a wheel's requirements. Raises UnsafeArchiveError where they cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            (name,) = (
                one
                for one in archive.namelist()
                if one.endswith(".dist-info/METADATA") and one.count("/") == 1
            )
            message = email.parser.BytesParser().parsebytes(archive.read(name), headersonly=True)
        requires = tuple(str(one) for one in message.get_all("Requires-Dist") or ())
        for one in requires:
            Requirement(one)
    except (*_NO_WHEEL, InvalidRequirement) as error:
        raise UnsafeArchiveError(
            f"the metadata of {wheel.name} cannot be read",
            cause=f"{type(error).__name__}: {error}",
            remedy="do not use this file; report it to whoever published it",
        ) from error
    return Known(version, requires)
