"""What a package's own file says about it: the part of its metadata that papers are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from airlock.errors import printable
from airlock.papers import spdx

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 200  # characters of a summary or a name


class Clarity(StrEnum):
    """How well a licence is known: an SPDX expression, a name that could mean several, or nothing."""

    SPDX = "spdx"
    NAMED = "named"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Licenses:
    """The licences of a package, all of which apply, and where they were read.

    Each is an SPDX expression where that is certain, else a name as it was given.
    """

    terms: tuple[str, ...]
    origin: str

    @property
    def expression(self) -> str | None:
        """All terms as one SPDX expression; None where one of them is none, or there is none."""
        return spdx.all_of(self.terms)

    @property
    def clarity(self) -> Clarity:
        if not self.terms:
            return Clarity.UNKNOWN
        return Clarity.SPDX if self.expression else Clarity.NAMED

    def __str__(self) -> str:
        return ", ".join(self.terms) or "unknown"


@dataclass(frozen=True)
class Facts:
    """What one wheel or .deb says of itself.

    `requires` are requirements (PEP 508), or the names of one Debian relation's alternatives, as `a | b`;
    `provides` are Debian's virtual packages. `source` is the Debian source package as `name@version`, and
    `licensed_as` the package whose copyright file stands for this one's. `release` is the Debian release, where
    the package is the one that names it.
    """

    licenses: Licenses
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    summary: str = ""
    homepage: str = ""
    supplier: str = ""
    source: str = ""
    licensed_as: str = ""
    release: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Facts:
        texts = {key: text for key, text in value.items() if isinstance(text, str)}
        licenses = value["licenses"]
        return cls(
            Licenses(tuple(licenses["terms"]), licenses["origin"]),
            tuple(value["requires"]),
            tuple(value["provides"]),
            **texts,
        )

    @classmethod
    def checked(cls, value: Any) -> Facts | None:
        """Read what another machine says it read; None where it is malformed."""
        try:
            facts = cls.from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        given = (facts.licenses.origin, *facts.licenses.terms, *facts.requires, *facts.provides)
        return facts if all(isinstance(text, str) for text in given) else None


def one_line(text: str) -> str:
    """Return a text of whatever origin as one line of 200 characters at most, safe for a terminal."""
    return printable(" ".join(text.split()))[:LONGEST]
