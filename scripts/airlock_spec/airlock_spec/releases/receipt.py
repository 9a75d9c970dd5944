"""What readers write beside releases: receipts of what they have, and claims of what they still need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock_spec import document
from airlock_spec.document import FormatError, moment, stamp
from airlock_spec.releases.failures import unreadable
from airlock_spec.releases.manifest import ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

RECEIPT, CLAIM = "airlock-receipt/1", "airlock-claim/1"
MAX_DOCUMENT = 16 << 20  # bytes
_CLAIM = ("at", "reader", "releases")
_RECEIPT = ("arrived", "component", "dags", "errors", "locks", "pending", "reader", "release", "taken")


@dataclass(frozen=True)
class Receipt:
    """Who has a release since when, and what became of the files that it changed, by their paths.

    `dags`: the ids of the DAGs that were serialized from each; `errors`: the last line of why one could not be;
    `pending`: those that wait. `arrived` is None until none waits; a reader that parses nothing has none to wait for.
    """

    release: str
    reader: str  # unique among readers of a location, as part of a key
    component: str  # dag-processor, worker, pull
    taken: datetime
    arrived: datetime | None = None
    dags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    locks: Mapping[str, str] = field(
        default_factory=dict
    )  # airflow, debian: of the image that the reader runs in

    def to_data(self) -> bytes:
        return document.dump(
            RECEIPT,
            {
                "release": self.release,
                "reader": self.reader,
                "component": self.component,
                "taken": stamp(self.taken),
                "arrived": self.arrived and stamp(self.arrived),
                "dags": {path: list(ids) for path, ids in self.dags.items()},
                "errors": dict(self.errors),
                "pending": list(self.pending),
                "locks": dict(self.locks),
            },
        )

    @classmethod
    def from_data(cls, data: bytes) -> Receipt:
        """Read what `to_data` wrote. Raises RefusedError."""
        try:
            fields = document.load(RECEIPT, data, "receipt", _RECEIPT)
            _require_texts(fields["reader"], fields["component"])
            arrived = fields["arrived"]
            return cls(
                _id(fields["release"]),
                fields["reader"],
                fields["component"],
                moment(fields["taken"], "taken"),
                None if arrived is None else moment(arrived, "arrived"),
                {path: _listed(ids) for path, ids in fields["dags"].items()},
                _texts(fields["errors"]),
                _listed(fields["pending"]),
                _texts(fields["locks"]),
            )
        except (FormatError, TypeError, AttributeError) as error:
            raise unreadable("a receipt", error) from error


@dataclass(frozen=True)
class Claim:
    """Which releases an Airflow still needs: its DagRuns name them, and may be cleared."""

    reader: str
    at: datetime
    releases: tuple[str, ...]

    def to_data(self) -> bytes:
        return document.dump(
            CLAIM, {"reader": self.reader, "at": stamp(self.at), "releases": sorted(self.releases)}
        )

    @classmethod
    def from_data(cls, data: bytes) -> Claim:
        """Read what `to_data` wrote. Raises RefusedError."""
        try:
            fields = document.load(CLAIM, data, "claim", _CLAIM)
            _require_texts(fields["reader"])
            releases = tuple(_id(item) for item in _listed(fields["releases"]))
            return cls(fields["reader"], moment(fields["at"], "at"), releases)
        except (FormatError, TypeError) as error:
            raise unreadable("a claim", error) from error


def _texts(value: Any) -> dict[str, str]:
    _require_texts(*value, *value.values())
    return dict(value)


def _listed(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise FormatError("what must be a list is none")
    _require_texts(*value)
    return tuple(value)


def _require_texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise FormatError("what must be a string is none")


def _id(value: Any) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise FormatError(f"{str(value)[:100]!r} is no release")
    return value
