"""What one layer holds and which packages that is: read once, kept under the layer's diff id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock import contents
from airlock.cache import key_of
from airlock.compose import recipe
from airlock.compose.entry import Kind
from airlock.contents import Foreign, Member
from airlock.difference import packages
from airlock.difference.packages import Owner, Package
from airlock.first_difference import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.cache import Cache
    from airlock.layout import LaidOutImage

KIND = "listings"
_MODULES = (  # what decides an entry of the cache
    "compose/entry.py",
    "contents.py",
    "difference/listing.py",
    "difference/packages.py",
    "first_difference.py",
    "layer_tar.py",
    "uncompressed.py",
)


@dataclass(frozen=True)
class Listing:
    """A layer's members in the order of its tar.

    `packages` are by the path of the file that describes them, `owners` by path.
    """

    members: tuple[Member, ...]
    packages: Mapping[str, tuple[Package, ...]]
    owners: Mapping[str, Owner]


def of_layer(image: LaidOutImage, number: int, cache: Cache) -> Listing:
    """Return the listing of a layer, from the cache or by reading it.

    Raises CorruptError where the layer is damaged, or is not the one that its diff id names.
    """
    key = key_of(recipe.of(_MODULES), image.diff_ids[number])
    kept = cache.read_json(KIND, key)
    if kept is not None:
        return _from_json(kept)
    layer = image.layers[number]
    listing = _read(image.blob(layer), layer.media_type, image.diff_ids[number])
    cache.write_json(KIND, key, _as_json(listing))
    return listing


def _read(blob: Path, media_type: str, diff_id: str) -> Listing:
    members: list[Member] = []
    described: dict[str, tuple[Package, ...]] = {}
    owners: dict[str, Owner] = {}
    for member, content in contents.with_contents(blob, media_type, diff_id, packages.is_metadata):
        members.append(member)
        if content is not None:
            owner, paths = packages.owned(member.path, content)
            owners |= dict.fromkeys(paths, owner)
            if found := packages.described(member.path, content):
                described[member.path] = tuple(found)
    here = {one.path: owners.get(one.path) or owners.get(source_of(one.path)) for one in members}
    return Listing(tuple(members), described, {path: owner for path, owner in here.items() if owner})


def _as_json(listing: Listing) -> Any:
    rows = [
        [one.path, one.kind.value, one.mode, one.uid, one.gid, one.size, one.sha256, one.target, one.xattrs]
        for one in listing.members
    ]
    return {"members": rows, "packages": listing.packages, "owners": listing.owners}


def _from_json(value: Any) -> Listing:
    return Listing(
        tuple(Member(row[0], _kind(row[1]), *row[2:]) for row in value["members"]),
        {path: tuple(Package(*one) for one in several) for path, several in value["packages"].items()},
        {path: Owner(*owner) for path, owner in value["owners"].items()},
    )


def _kind(name: str) -> Kind | Foreign:
    return Foreign(name) if name in set(Foreign) else Kind(name)
