"""Where the contents of a release are: packs in S3, and the place of each content in them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from airlock_spec import document
from airlock_spec.document import FormatError
from airlock_spec.releases.failures import unreadable
from airlock_spec.releases.manifest import MAX_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "airlock-index/1"
MAX_PACKS = 1000
NAME = re.compile(r"[0-9a-z][0-9a-z-]{7,127}")


class Place(NamedTuple):
    """A content within a pack: `length` bytes from `offset`, a zlib stream (RFC 1950)."""

    pack: str
    offset: int
    length: int


@dataclass(frozen=True)
class Index:
    """The places of a release's contents by their sha256, and the sizes of the packs in bytes.

    It is no part of what names the release: each content is verified by its own sha256, wherever it was found.
    """

    packs: Mapping[str, int]
    places: Mapping[str, Place]

    def to_data(self) -> bytes:
        """Write it: places in the order of the sha256s, which the manifest has, and are not repeated."""
        numbers = {name: number for number, name in enumerate(self.packs)}
        places = [self.places[blob] for blob in sorted(self.places)]
        fields = {
            "format": FORMAT,
            "packs": [[name, size] for name, size in self.packs.items()],
            "places": [[numbers[place.pack], place.offset, place.length] for place in places],
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_data(cls, data: bytes, blobs: Mapping[str, int]) -> Index:
        """Read the index of a release with these contents, in their order. Raises RefusedError."""
        try:
            return _read(data, blobs)
        except (FormatError, ValueError, TypeError, RecursionError, LookupError) as error:
            raise unreadable("an index", error) from error


def _read(data: bytes, blobs: Mapping[str, int]) -> Index:
    fields = document.load(FORMAT, data, "index", ("packs", "places"))
    if not isinstance(fields["packs"], list) or not isinstance(fields["places"], list):
        raise FormatError("packs and places must be lists")
    if len(fields["packs"]) > MAX_PACKS or len(fields["places"]) > MAX_FILES:
        raise FormatError("it is longer than any release")
    packs = dict(_pack(item) for item in fields["packs"])
    if len(packs) != len(fields["packs"]):
        raise FormatError("a pack is given twice")
    if len(fields["places"]) != len(blobs):
        raise FormatError(f"it has {len(fields['places'])} places for {len(blobs)} contents")
    listed = list(packs)
    places = {
        blob: _place(item, listed, packs, most(size))
        for (blob, size), item in zip(blobs.items(), fields["places"], strict=True)
    }
    return Index(packs, places)


def _pack(item: Any) -> tuple[str, int]:
    name, size = item
    if not isinstance(name, str) or not NAME.fullmatch(name) or type(size) is not int or size < 0:
        raise FormatError(f"a pack must be [name, size], not {str(item)[:200]}")
    return name, size


def most(size: int) -> int:
    """Return how long a content of this size may be in a pack: more than zlib needs at its worst, and no more."""
    return size + (size >> 3) + 64


def _place(item: Any, names: list[str], packs: Mapping[str, int], limit: int) -> Place:
    number, offset, length = item
    if any(type(value) is not int or value < 0 for value in item):
        raise FormatError(f"a place must be [pack, offset, length], not {str(item)[:200]}")
    name = names[number]
    if not length or offset + length > packs[name]:
        raise FormatError(f"a place is outside of its pack {name}")
    if length > limit:
        raise FormatError(f"a place has {length} bytes, more than its content can take")
    return Place(name, offset, length)
