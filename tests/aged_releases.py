"""Releases of some age at a location in memory, and whether they are whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airlock.releases.in_s3 import InS3
from airlock_spec.releases import layout
from airlock_spec.releases.pointer import Pointer
from airlock_spec.releases.receipt import Claim, Receipt
from published_releases import publish

if TYPE_CHECKING:
    from memory_location import MemoryLocation

KEPT_FILE = {"shared.py": b"SHARED = 1\n"}


def pointer_of(location: MemoryLocation) -> Pointer:
    return Pointer.from_data(location.objects[layout.POINTER])


def age(location: MemoryLocation, days: float) -> None:
    """Let everything that is there be so much older."""
    past = timedelta(days=days)
    location.modified = {key: at - past for key, at in location.modified.items()}
    said = pointer_of(location)
    location.objects[layout.POINTER] = replace(
        said,
        releases=tuple(replace(one, at=one.at - past) for one in said.releases),
        events=tuple(replace(one, at=one.at - past) for one in said.events),
    ).to_data()


def publish_aged(location: MemoryLocation, *ages: float) -> list[str]:
    """Publish a release for each age in days, the oldest first; return their ids in this order.

    Everything is in packs of their own; all have a file in common.
    """
    made: list[str] = []
    for number, days in enumerate(ages):
        made.append(publish(location, KEPT_FILE | {"dag.py": b"VERSION = %d\n" % number}).id)
        age(location, days - (ages[number + 1] if number + 1 < len(ages) else 0))
    return made


def claim(location: MemoryLocation, *releases: str, reader: str = "processor-1", days: float = 0) -> None:
    at = datetime.now(UTC) - timedelta(days=days)
    location.put(layout.claim(reader), Claim(reader, at, releases).to_data())
    location.modified[layout.claim(reader)] = at


def receipt(location: MemoryLocation, release: str, component: str = "dag-processor") -> Receipt:
    made = Receipt(release, f"{component}-1", component, datetime.now(UTC))
    location.put(f"{layout.receipts(release)}{made.reader}.json", made.to_data())
    return made


def whole(location: MemoryLocation) -> bool:
    """Whether every release that the pointer names is there whole, and one of them serves."""
    location.before = lambda *_: None
    place = InS3(location)
    said = place.pointer()
    return not any(place.missing(one.release) for one in said.releases)
