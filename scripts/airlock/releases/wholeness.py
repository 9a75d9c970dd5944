"""Whether a release is at a location as its documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock import later
from airlock_spec.releases import layout, reading
from airlock_spec.releases.contents import THREADS
from airlock_spec.releases.failures import AbsentError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.releases.location import Held, Location

_FEW = 16  # packs that are asked for one by one: a listing has those of all releases, a thousand in a request


def missing(location: Location, release: str) -> list[str]:
    """Return what is missing of a release, or is not as it should be.

    Manifest and index are read and verified; of the packs, the sizes are compared with a listing.
    """
    try:
        packs = reading.index(location, reading.manifest(location, release)).packs
    except (AbsentError, RefusedError) as error:
        return [str(error)]
    return missing_packs(location, packs)


def missing_packs(location: Location, packs: Mapping[str, int]) -> list[str]:
    """Return which of these packs, with their sizes in bytes, are not there as they should be."""
    there: dict[str, Held] = {}
    prefixes = [layout.pack(name) for name in packs] if len(packs) <= _FEW else [layout.PACKS]
    for page in later.each(location.listing, prefixes, THREADS):
        there |= page
    wrong = []
    for name, size in packs.items():
        held = there.get(layout.pack(name))
        if held is None:
            wrong.append(f"the pack {name} is not there")
        elif held.size != size:
            wrong.append(f"the pack {name} has {held.size} bytes, not {size}")
    return wrong
