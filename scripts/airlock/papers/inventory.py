"""What an image is made of: every Python and Debian package of the locks, and the project's own distributions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from airlock.debian import requirements
from airlock.papers import graph, python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock, LockedDeb
    from airlock.papers.facts import Facts, Licenses
    from airlock.papers.reading import Reader
    from airlock.platforms import Platform


class Ecosystem(StrEnum):
    """Where a package is from: an index of Python packages, Debian, or this project."""

    PYTHON = "python"
    DEBIAN = "debian"
    PROJECT = "project"


@dataclass(frozen=True)
class Package:
    """One package of an image; `requires` are the purls of others, `sha256` that of its wheel or .deb, if any."""

    ecosystem: Ecosystem
    name: str
    version: str
    purl: str
    facts: Facts
    requires: tuple[str, ...]
    sha256: str = ""

    @property
    def licenses(self) -> Licenses:
        return self.facts.licenses


@dataclass(frozen=True)
class Inventory:
    """All packages of an image for one platform.

    `asked` are the purls of those that constraints/*.in name, and of the project's own.
    """

    platform: Platform
    release: str  # Debian's, as 13; where no package tells, the suite
    packages: tuple[Package, ...]
    asked: tuple[str, ...]

    def of(self, *ecosystems: Ecosystem) -> tuple[Package, ...]:
        return tuple(one for one in self.packages if one.ecosystem in ecosystems)


def take(
    airflow: AirflowLock, debian: DebianLock, platform: Platform, own: Iterable[bytes], reader: Reader
) -> Inventory:
    """Take the inventory of a platform's image; `own` is the METADATA of each distribution of the project.

    Raises what `Reader` does.
    """
    distributions, asked = _python(airflow, platform, own, reader)
    locked = {one.package: one for one in debian.for_platform(platform)}
    facts = reader.debs(tuple(locked.values()))
    release = next((one.release for one in facts.values() if one.release), debian.suite)
    named = [_deb(locked[name], one, release) for name, one in _licensed(facts).items()]
    wanted = {one.name for one in requirements.parse(debian.intent)}
    asked |= {one.purl for one in named if one.name in wanted}
    packages = (*distributions, *_connected(named, graph.debian(facts)))
    return Inventory(platform, release, packages, tuple(sorted(asked)))


def _python(
    lock: AirflowLock, platform: Platform, own: Iterable[bytes], reader: Reader
) -> tuple[list[Package], set[str]]:
    """Return the Python packages, and the purls of those asked for: by `constraints/`, or by being our own."""
    wheels = lock.wheels(platform)
    facts = reader.wheels(wheels)
    named = [
        Package(
            Ecosystem.PYTHON,
            one.name,
            one.version,
            _pypi(one.name, one.version),
            facts[one.name],
            (),
            one.file.sha256,
        )
        for one in wheels
    ]
    for metadata in own:
        given, version = python.name_and_version(metadata)
        name = canonicalize_name(given)
        facts[name] = python.of_metadata(metadata)
        named.append(Package(Ecosystem.PROJECT, name, version, _pypi(name, version), facts[name], ()))
    intent = [requirement for _, requirement in lock.intent]
    edges = graph.python(facts, intent, platform.markers(lock.python))
    direct = {
        canonicalize_name(one.name)
        for one in graph.requirements(
            text for source, text in lock.intent if source.startswith("constraints/")
        )
    }
    asked = {one.purl for one in named if one.name in direct or one.ecosystem is Ecosystem.PROJECT}
    return _connected(named, edges), asked


def _connected(packages: list[Package], edges: Mapping[str, tuple[str, ...]]) -> list[Package]:
    purls = {one.name: one.purl for one in packages}
    return [replace(one, requires=tuple(purls[name] for name in edges[one.name])) for one in packages]


def _licensed(facts: Mapping[str, Facts]) -> dict[str, Facts]:
    """Give packages whose documentation is another's that other's licences."""
    made = {}
    for name, one in facts.items():
        stands_in = facts.get(one.licensed_as)
        if stands_in:
            origin = f"{stands_in.licenses.origin} of {one.licensed_as}"
            one = replace(one, licenses=replace(stands_in.licenses, origin=origin))  # noqa: PLW2901
        made[name] = one
    return made


def _deb(locked: LockedDeb, facts: Facts, release: str) -> Package:
    qualifiers = {"arch": locked.architecture, "distro": f"debian-{release}"}
    if facts.source != f"{locked.package}@{locked.version}":
        qualifiers["upstream"] = facts.source  # advisories are about source packages
    purl = PackageURL("deb", "debian", locked.package, locked.version, qualifiers)
    return Package(
        Ecosystem.DEBIAN, locked.package, locked.version, purl.to_string(), facts, (), locked.sha256
    )


def _pypi(name: str, version: str) -> str:
    return PackageURL("pypi", None, name, version).to_string()
