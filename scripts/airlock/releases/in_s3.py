"""Releases at a location of S3, as whoever lists them or lets another one serve needs them."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from airlock import later
from airlock.releases import wholeness
from airlock.releases.places import Papers
from airlock.releases.publishing import look_at_pointer
from airlock_spec.releases import layout, reading
from airlock_spec.releases.contents import THREADS
from airlock_spec.releases.failures import AbsentError, UnreachableError
from airlock_spec.releases.pulling import Packs
from airlock_spec.releases.receipt import MAX_DOCUMENT as MAX_RECEIPT
from airlock_spec.releases.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from airlock.releases.location import Location
    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.pointer import Pointer

_ATTEMPTS = 12
_PAUSE = 0.05  # seconds, at first; a random part of it, doubled with each attempt


class InS3:
    """A location of releases."""

    def __init__(self, location: Location) -> None:
        self.location = location

    def __str__(self) -> str:
        return str(self.location)

    def pointer(self) -> Pointer:
        return reading.Known(self.location).look()

    def change(self, change: Callable[[Pointer], Pointer]) -> Pointer:
        """Replace the pointer by compare-and-swap; one that stays as it was is not written.

        Raises what `change` raises, and UnreachableError where others are always faster.
        """
        for attempt in range(_ATTEMPTS):
            pointer, etag = pointer_and_etag(self.location)
            new = change(pointer)
            if new == pointer or self.location.swap(layout.POINTER, new.to_data(), etag):
                return new
            time.sleep(random.uniform(0, min(_PAUSE * 2**attempt, 1)))  # noqa: S311 - not for secrets
        raise UnreachableError(f"others changed the pointer meanwhile, {_ATTEMPTS} times in a row")

    def manifest(self, release: str) -> Manifest:
        return reading.manifest(self.location, release)

    def missing(self, release: str) -> list[str]:
        return wholeness.missing(self.location, release)

    def source(self, of: Manifest) -> Packs:
        return Packs(self.location, of)

    def papers(self, of: Manifest) -> Papers:
        signatures = layout.signatures(of.id)
        return Papers(
            reading.index(self.location, of).packs,
            tuple(receipts(self.location, self.location.listing(layout.receipts(of.id)))),
            tuple(
                key.removeprefix(signatures).removesuffix(".json")
                for key in sorted(self.location.listing(signatures))
            ),
        )


def pointer_and_etag(location: Location) -> tuple[Pointer, str]:
    """Return the pointer, and the ETag to replace it by. Raises AbsentError where nothing was ever published."""
    found = look_at_pointer(location)
    if found is None:
        raise AbsentError("nothing was published there yet: there is no current release")
    return found


def receipts(location: Location, keys: Iterable[str]) -> list[Receipt]:
    """Return the receipts of these keys; those that were removed meanwhile are left out."""

    def one(key: str) -> list[Receipt]:
        try:
            stored = location.read(key, MAX_RECEIPT)
        except AbsentError:
            return []
        assert stored is not None
        return [Receipt.from_data(stored.data)]

    return [receipt for found in later.each(one, sorted(keys), THREADS) for receipt in found]
