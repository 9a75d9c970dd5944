"""A location at which many are at work: what they do, and what must hold afterwards whatever they did."""

from __future__ import annotations

import contextlib
import hashlib
import io
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO

from airlock.errors import LocationError, PublishError
from airlock.releases import publishing, rolling_back
from airlock.releases.deleting import Collector
from airlock.releases.in_folder import Kept
from airlock.releases.in_s3 import InS3
from airlock_spec.releases import contents, reading
from published_releases import manifest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.releases.location import Location
    from airlock.releases.publishing import Outcome
    from airlock_spec.releases.pointer import Pointer
    from memory_location import MemoryLocation

ONLY_THE_LAST = Kept(1, 0)
REFUSED = (PublishError, LocationError)  # what those hear who were not quick enough: nothing is lost by it


def files(number: int) -> dict[str, bytes]:
    """Return a small tree: most of it is in all releases, one file is in each alone; those below 0 share nothing."""
    if number < 0:
        return {"foreign.py": b"#%d\n" % number * 9000}
    shared = {f"shared_{place}.py": b"#%d\n" % place * 5000 for place in range(3)}
    return {**shared, "one.py": b"number = %d\n" % number, f"only_{number % 3}.py": b"x" * 30_000}


def release(number: int) -> str:
    return manifest_of(files(number)).id


def publish(location: Location, number: int, by: str = "a publisher") -> Outcome:
    tree = files(number)
    held = {hashlib.sha256(data).hexdigest(): (data,) for data in tree.values()}
    manifest = manifest_of(tree)
    there = publishing.look(location)
    return publishing.Publisher(location, by).publish(manifest, held.__getitem__, there)


def roll_back(location: Location, number: int | None = None) -> str:
    place = InS3(location)
    chosen = rolling_back.choose(place, "" if number is None else release(number))
    return rolling_back.roll_back(place, chosen, "somebody").release


def collect(location: Location) -> None:
    Collector(location, "a collector").collect(ONLY_THE_LAST, force=True)


def age(location: MemoryLocation) -> None:
    """Make all that is there two days older: from then on it may be collected."""
    location.modified = {key: then - timedelta(days=2) for key, then in location.modified.items()}


class Nowhere:
    """Where contents are fetched to that are only verified."""

    def __init__(self) -> None:
        self.written: set[str] = set()

    @contextlib.contextmanager
    def opened(self, sha256: str) -> Iterator[BinaryIO]:
        yield io.BytesIO()
        self.written.add(sha256)


def require_whole(location: Location) -> Pointer:
    """Whatever the pointer names can be had, each content verified by its sha256; return what it says."""
    pointer = reading.Known(location).look()
    for one in pointer.releases:
        manifest = reading.manifest(location, one.release)
        written = Nowhere()
        contents.fetch(location, reading.index(location, manifest), manifest.blobs, written.opened)
        assert written.written == set(manifest.blobs)
    return pointer


def numbers(pointer: Pointer, highest: int = 20) -> list[int]:
    """Return the releases of a pointer by their numbers here."""
    names: Mapping[str, int] = {release(number): number for number in range(highest)}
    return [names[one.release] for one in pointer.releases]
