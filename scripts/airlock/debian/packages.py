"""The packages that Packages indexes offer for one architecture; a stanza is read only when its package matters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from debian.deb822 import Deb822
from debian.debian_support import Version

from airlock.errors import ResolveError

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = re.compile(rb"^Package:[ \t]*(\S+)", re.MULTILINE)
_PROVIDES = re.compile(rb"^Provides:(.*(?:\n[ \t].*)*)", re.MULTILINE)
_FIRST_WORD = re.compile(rb"(?:^|,)\s*([a-z0-9][a-z0-9+.-]*)")
# policy 7.1; restrictions to architectures and build profiles are for source packages alone
_RELATION = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?(?:\s*\(\s*(?P<operator><<|<=|=|>=|>>)\s*(?P<version>[^\s)]+)\s*\))?",
)
_BINARY_REBUILD = re.compile(r"\+b\d+$")


@dataclass(frozen=True)
class Relation:
    """One alternative of a relation field: a name and, unless `operator` is empty, a version (policy 7.1)."""

    name: str
    operator: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.operator} {self.version})" if self.operator else self.name

    def holds(self, version: str) -> bool:
        """Whether a version fulfils this relation."""
        if not self.operator:
            return True
        have, want = ordered(version), ordered(self.version)
        return {
            "<<": have < want,
            "<=": have <= want,
            "=": have == want,
            ">=": have >= want,
            ">>": have > want,
        }[self.operator]


@dataclass(frozen=True)
class Package:
    """One version of a binary package; `depends` holds groups of alternatives, `against` Conflicts and Breaks."""

    name: str
    version: str
    architecture: str
    source: str
    archive: str
    filename: str
    size: int
    sha256: str
    depends: tuple[tuple[Relation, ...], ...] = ()
    provides: tuple[Relation, ...] = ()
    against: tuple[Relation, ...] = ()

    def fulfils(self, relation: Relation) -> bool:
        """Whether this package, or something it provides, is what a relation names.

        A relation with a version is fulfilled only by a provision with one (policy 7.5).
        """
        if relation.name == self.name:
            return relation.holds(self.version)
        given = [one for one in self.provides if one.name == relation.name]
        return any(
            not relation.operator or (one.operator == "=" and relation.holds(one.version)) for one in given
        )


class Universe:
    """All packages of some indexes, each the uncompressed content of a Packages file with its archive's name."""

    def __init__(self, indexes: Iterable[tuple[str, bytes]]) -> None:
        self._stanzas: dict[str, list[tuple[str, bytes]]] = {}
        self._providers: dict[str, list[str]] = {}
        self._versions: dict[str, tuple[Package, ...]] = {}
        for archive, content in indexes:
            for stanza in content.split(b"\n\n"):
                found = _NAME.search(stanza)
                if found:
                    name = found[1].decode()
                    self._stanzas.setdefault(name, []).append((archive, stanza))
                    self._note_provisions(name, stanza)

    @property
    def names(self) -> Iterable[str]:
        return self._stanzas.keys()

    def versions(self, name: str) -> tuple[Package, ...]:
        """Return what is offered under a name, the highest version first."""
        if name not in self._versions:
            read = [_package(archive, stanza) for archive, stanza in self._stanzas.get(name, ())]
            # a point release copies updates from the security archive: one of each version is enough
            unique = {package.version: package for package in reversed(read)}
            self._versions[name] = tuple(
                sorted(unique.values(), key=lambda one: ordered(one.version), reverse=True)
            )
        return self._versions[name]

    def providers(self, name: str) -> list[Package]:
        """Return the packages that provide a virtual one, by name and then the highest version first."""
        owners = sorted(set(self._providers.get(name, ())))
        offered = (package for owner in owners for package in self.versions(owner))
        return [package for package in offered if any(given.name == name for given in package.provides)]

    def source(self, name: str) -> str:
        """Return the source package that a package is built from (its own name where it is not offered)."""
        offered = self.versions(name)
        return offered[0].source if offered else name

    def _note_provisions(self, name: str, stanza: bytes) -> None:
        if b"\nProvides:" not in stanza:  # by far the most: a look is cheaper than the expression
            return
        for field in _PROVIDES.findall(stanza):
            for virtual in _FIRST_WORD.findall(field):
                self._providers.setdefault(virtual.decode(), []).append(name)


@cache
def ordered(version: str) -> Version:
    """Return a version in a form that sorts as Debian does (deb-version(7))."""
    return Version(version)


def without_rebuild(version: str) -> str:
    """Return a version without the `+bN` of a binary-only rebuild, which one architecture may have alone."""
    return _BINARY_REBUILD.sub("", version)


def _package(archive: str, stanza: bytes) -> Package:
    fields = Deb822(stanza.decode(errors="replace"))
    against = [*_relations(fields.get("Conflicts", "")), *_relations(fields.get("Breaks", ""))]
    try:
        return Package(
            name=fields["Package"],
            version=fields["Version"],
            architecture=fields["Architecture"],
            source=fields.get("Source", fields["Package"]).split()[0],
            archive=archive,
            filename=fields["Filename"],
            size=int(fields["Size"]),
            sha256=fields["SHA256"],
            depends=(*_relations(fields.get("Pre-Depends", "")), *_relations(fields.get("Depends", ""))),
            provides=tuple(group[0] for group in _relations(fields.get("Provides", ""))),
            against=tuple(group[0] for group in against),
        )
    except (KeyError, ValueError) as error:
        raise _malformed(f"{fields.get('Package')}: {type(error).__name__}: {error}") from error


def _relations(field: str) -> list[tuple[Relation, ...]]:
    groups = (group.split("|") for group in field.split(",") if group.strip())
    return [tuple(_relation(alternative.strip()) for alternative in group) for group in groups]


def _relation(text: str) -> Relation:
    found = _RELATION.fullmatch(text)
    if found is None:
        raise _malformed(f"{text!r} is not a relation (policy 7.1)")
    return Relation(found["name"], found["operator"] or "", found["version"] or "")


def _malformed(cause: str) -> ResolveError:
    return ResolveError(
        "the Packages index is malformed",
        cause=cause,
        remedy="use another mirror (AIRLOCK_DEBIAN_MIRROR), or check debian-suite in [tool.airlock]",
    )
