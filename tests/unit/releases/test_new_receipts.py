"""A release that serves again: what its readers said when it served before is no proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airlock.releases.arrival import new_receipts
from airlock_spec.releases import layout
from airlock_spec.releases.receipt import Receipt
from memory_location import MemoryLocation

RELEASE = "a" * 64
THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)


def test_receipts_count_once_they_are_others_than_before() -> None:
    location = MemoryLocation()
    write(location, "one", THEN, THEN)
    found = new_receipts(location, RELEASE)
    assert found.now() == []
    again = write(location, "one", NOW, NOW)
    assert found.now() == [again]


def test_a_reader_that_was_still_at_it_need_not_begin_again() -> None:
    location = MemoryLocation()
    write(location, "one", THEN, None)
    found = new_receipts(location, RELEASE)
    done = write(location, "one", THEN, NOW)
    assert found.now() == [done]


def write(location: MemoryLocation, reader: str, taken: datetime, arrived: datetime | None) -> Receipt:
    receipt = Receipt(RELEASE, reader, "dag-processor", taken, arrived)
    location.put(f"{layout.receipts(RELEASE)}{reader}.json", receipt.to_data())
    return receipt
