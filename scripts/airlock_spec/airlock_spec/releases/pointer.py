"""The one object that changes: which release serves, which others there are, and who changed it when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airlock_spec import document
from airlock_spec.document import FormatError, match_names, moment, stamp
from airlock_spec.releases.failures import RefusedError, unreadable
from airlock_spec.releases.manifest import ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FORMAT = "airlock-current/1"
MAX_DOCUMENT = 4 << 20  # bytes
EVENTS = 200  # that are kept, the last
DEEDS = ("sync", "rollback", "gc")
_MOST = 1 << 53  # of any number: what every reader of JSON takes for itself
_FIELDS = ("collecting", "events", "release", "releases", "sequence")


@dataclass(frozen=True)
class Published:
    """A release that can serve: when, by whom and out of what it was published. `size` in bytes."""

    release: str
    at: datetime
    by: str
    files: int
    size: int
    commit: str = ""
    dirty: bool = False


@dataclass(frozen=True)
class Event:
    """A change of the pointer: its number, what was done, and which release serves since."""

    sequence: int
    did: str  # one of DEEDS
    release: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Collecting:
    """Releases whose objects are being deleted, until then: nobody may publish them meanwhile."""

    releases: tuple[str, ...]
    until: datetime


@dataclass(frozen=True)
class Pointer:
    """What `current` says. `releases`: all that are there whole, the newest first; `release` is one of them."""

    release: str
    sequence: int
    releases: tuple[Published, ...]
    events: tuple[Event, ...] = ()  # the newest first
    collecting: Collecting | None = None

    def __post_init__(self) -> None:
        there = {one.release for one in self.releases}
        if len(there) != len(self.releases):
            raise RefusedError("a release is given twice")
        if self.release not in there:
            raise RefusedError(
                f"the release that serves, {self.release[:12]}, is none of those that are there"
            )

    def find(self, release: str) -> Published | None:
        return next((one for one in self.releases if one.release == release), None)

    def collected_since(self, sequence: int) -> bool:
        """Whether releases were collected after this change, or may have been: events may not reach back to it."""
        later = [event for event in self.events if event.sequence > sequence]
        return len(later) != self.sequence - sequence or any(event.did == "gc" for event in later)

    def published(self, new: Published) -> Pointer:
        """Return what the pointer says once a release serves that was published just now."""
        others = tuple(one for one in self.releases if one.release != new.release)
        return replace(self, release=new.release, releases=(new, *others)).noted("sync", new.at, new.by)

    def rolled_back(self, release: str, at: datetime, by: str) -> Pointer:
        """Return what the pointer says once a release that is there serves again."""
        return replace(self, release=release).noted("rollback", at, by)

    def noted(self, did: str, at: datetime, by: str) -> Pointer:
        """Return it as the next in the sequence, with an event that says why."""
        event = Event(self.sequence + 1, did, self.release, at, by)
        return replace(self, sequence=event.sequence, events=(event, *self.events)[:EVENTS])

    def to_data(self) -> bytes:
        collecting = self.collecting
        return document.dump(
            FORMAT,
            {
                "release": self.release,
                "sequence": self.sequence,
                "releases": [_plain(one, "release") for one in self.releases],
                "events": [_plain(one, "event") for one in self.events],
                "collecting": collecting
                and {"releases": list(collecting.releases), "until": stamp(collecting.until)},
            },
        )

    @classmethod
    def from_data(cls, data: bytes) -> Pointer:
        """Read what `to_data` wrote. Raises RefusedError."""
        try:
            return _read(data)
        except (FormatError, ValueError, TypeError, RecursionError, LookupError) as error:
            raise unreadable("the pointer", error) from error


def first(new: Published) -> Pointer:
    """Return the pointer of a location that held nothing."""
    return Pointer(new.release, 1, (new,), (Event(1, "sync", new.release, new.at, new.by),))


_SHAPES: dict[str, dict[str, type]] = {
    "release": {
        "at": str,
        "by": str,
        "commit": str,
        "dirty": bool,
        "files": int,
        "release": str,
        "size": int,
    },
    "event": {"at": str, "by": str, "did": str, "release": str, "sequence": int},
}


def _plain(one: Published | Event, kind: str) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _SHAPES[kind]} | {"at": stamp(one.at)}


def _read(data: bytes) -> Pointer:
    if len(data) > MAX_DOCUMENT:
        raise FormatError(f"it has {len(data)} bytes, more than {MAX_DOCUMENT}")
    fields = document.load(FORMAT, data, "pointer", _FIELDS)
    releases = tuple(Published(**_fields(item, "release")) for item in _list(fields["releases"]))
    events = tuple(Event(**_fields(item, "event")) for item in _list(fields["events"]))
    collecting = fields["collecting"]
    if collecting is not None:
        match_names(collecting, ("releases", "until"), "collecting")
        listed = tuple(_id(item) for item in _list(collecting["releases"]))
        collecting = Collecting(listed, moment(collecting["until"], "until"))
    if type(fields["sequence"]) is not int or not 0 < fields["sequence"] <= _MOST:
        raise FormatError(f"sequence must be a number from 1 on, not {fields['sequence']!r}")
    return Pointer(_id(fields["release"]), fields["sequence"], releases, events, collecting)


def _fields(item: Mapping[str, Any], kind: str) -> dict[str, Any]:
    shape = _SHAPES[kind]
    match_names(item, shape, kind)
    for name, wanted in shape.items():
        if type(item[name]) is not wanted:
            raise FormatError(f"{name} of a {kind} must be of type {wanted.__name__}, not {item[name]!r}")
        if wanted is int and not 0 <= item[name] <= _MOST:
            raise FormatError(f"{name} of a {kind} must be a number from 0 on, not {item[name]!r}")
    return {**item, "release": _id(item["release"]), "at": moment(item["at"], "at")}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError("what must be a list is none")
    return value


def _id(value: Any) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise FormatError(f"{str(value)[:100]!r} is no release")
    return value
