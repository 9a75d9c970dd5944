"""Whether a release is at a location as its documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.releases import layout, reading
from airlock_spec.releases.failures import AbsentError, RefusedError

if TYPE_CHECKING:
    from airlock.releases.location import Location


def missing(location: Location, release: str) -> list[str]:
    """Return what is missing of a release, or is not as it should be.

    Manifest and index are read and verified; of the packs, the sizes are compared with a listing.
    """
    try:
        packs = reading.index(location, reading.manifest(location, release)).packs
    except (AbsentError, RefusedError) as error:
        return [str(error)]
    there = location.listing(layout.PACKS)
    wrong = []
    for name, size in packs.items():
        held = there.get(layout.pack(name))
        if held is None:
            wrong.append(f"the pack {name} is not there")
        elif held.size != size:
            wrong.append(f"the pack {name} has {held.size} bytes, not {size}")
    return wrong
