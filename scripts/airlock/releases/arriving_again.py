"""Proof that a release arrived once more: those who had it before have said so already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.releases.arrival import Receipts
from airlock.releases.in_s3 import receipts
from airlock_spec.releases import layout

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from airlock.releases.location import Location
    from airlock_spec.releases.receipt import Receipt


@dataclass
class NewReceipts(Receipts):
    """The receipts of a release but those that were there before, as they were."""

    before: AbstractSet[tuple[str, datetime, datetime | None]] = field(default_factory=frozenset)

    def now(self) -> list[Receipt]:
        found = receipts(self.location, self.location.listing(layout.receipts(self.release)))
        return [one for one in found if _state(one) not in self.before]


def new_receipts(location: Location, release: str) -> NewReceipts:
    """Return the receipts of a release that are written from now on."""
    seen = {_state(one) for one in NewReceipts(location, release).now()}
    return NewReceipts(location, release, before=seen)


def _state(one: Receipt) -> tuple[str, datetime, datetime | None]:
    return one.reader, one.taken, one.arrived
