"""Packs: which contents a release has to send, which old packs are worth writing anew, and their bytes."""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_spec.releases.index import Index, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

# Bytes of contents in one pack, where no content is bigger: packs are made, sent and fetched beside each other.
_PACK = 8 << 20
_LEVEL = 3  # of zlib: from 1 to 6 packs shrink by a tenth, and take three times as long
_SMALL = 64 << 10  # bytes: a pack of so few is always written anew, as one request costs more than its bytes


@dataclass(frozen=True)
class Plan:
    """What becomes of an index: the places that stay as they are, and the contents for new packs, by sha256."""

    kept: Mapping[str, Place]
    packs: Mapping[str, int]  # that stay: name and size
    groups: tuple[tuple[str, ...], ...]  # each for one new pack


@dataclass(frozen=True)
class Packed:
    """A new pack, on the disk."""

    name: str
    path: Path
    size: int
    places: Mapping[str, Place]


def plan(blobs: Mapping[str, int], before: Index | None) -> Plan:
    """Decide for the contents of a release, with their sizes, given the index of the release that serves.

    New contents take old packs with them that hold little more than they do, or mostly what nobody needs: so a
    release has packs of ever doubling sizes, few in number, and each byte is sent again a few times at most.
    """
    known = before.places if before else {}
    packs: dict[str, list[str]] = {name: [] for name in before.packs} if before else {}
    for blob in blobs:
        if blob in known:
            packs[known[blob].pack].append(blob)
    rewritten = [blob for blob in blobs if blob not in known]
    if rewritten and before:
        size = sum(blobs[blob] for blob in rewritten)
        for name, live in sorted(packs.items(), key=lambda one: sum(blobs[blob] for blob in one[1])):
            own = sum(blobs[blob] for blob in live)
            needed = sum(known[blob].length for blob in live)
            if own <= max(2 * size, _SMALL) or (2 * needed < before.packs[name] and own <= _PACK):
                rewritten += live
                size += own
                packs[name] = []
    kept = {blob: known[blob] for live in packs.values() for blob in live}
    staying = {name: before.packs[name] for name, live in packs.items() if live} if before else {}
    return Plan(kept, staying, tuple(_groups(sorted(rewritten), blobs)))


def pack(blobs: Sequence[str], content: Callable[[str], bytes], folder: Path) -> Packed:
    """Write a pack of these contents into a folder. Its name was never used, and never will be again."""
    name = secrets.token_hex(16)
    path, offset = folder / name, 0
    places: dict[str, Place] = {}
    with path.open("xb") as file:
        for blob in blobs:
            data = zlib.compress(content(blob), _LEVEL)
            file.write(data)
            places[blob] = Place(name, offset, len(data))
            offset += len(data)
    return Packed(name, path, offset, places)


def index(planned: Plan, packed: Iterable[Packed]) -> Index:
    packs, places = dict(planned.packs), dict(planned.kept)
    for one in packed:
        packs[one.name] = one.size
        places |= one.places
    return Index(packs, places)


def _groups(blobs: Iterable[str], sizes: Mapping[str, int]) -> Iterator[tuple[str, ...]]:
    group: list[str] = []
    size = 0
    for blob in blobs:
        if group and size + sizes[blob] > _PACK:
            yield tuple(group)
            group, size = [], 0
        group.append(blob)
        size += sizes[blob]
    if group:
        yield tuple(group)
