"""The pointer of a location, changed by compare-and-swap; and what is kept beside releases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from aged_releases import pointer_of, receipt
from airlock.releases import arrival, in_s3
from airlock.releases.in_s3 import InS3
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, UnreachableError
from memory_location import MemoryLocation
from published_releases import publish

if TYPE_CHECKING:
    from airlock_spec.releases.pointer import Pointer


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


def noted(pointer: Pointer) -> Pointer:
    return pointer.noted("gc", datetime.now(UTC), "cron")


def test_a_change_goes_on_from_what_others_wrote_meanwhile(location: MemoryLocation) -> None:
    publish(location, {"dag.py": b"1"})
    others = iter([b"2", b"3"])

    def meanwhile(doing: str, _key: str) -> None:
        if doing == "swap" and (text := next(others, None)):
            location.before = lambda *_: None
            publish(location, {"dag.py": text})
            location.before = meanwhile

    location.before = meanwhile
    said = InS3(location).change(noted)
    assert (said.sequence, [event.did for event in said.events]) == (4, ["gc", "sync", "sync", "sync"])
    assert pointer_of(location).to_data() == said.to_data()


def test_where_others_are_always_faster_it_says_so(
    location: MemoryLocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(location, {"dag.py": b"1"})
    monkeypatch.setattr(in_s3, "_PAUSE", 0)

    def busy(doing: str, _key: str) -> None:
        if doing == "swap":
            said = pointer_of(location)
            location.objects[layout.POINTER] = replace(said, sequence=said.sequence + 1).to_data()

    location.before = busy
    with pytest.raises(UnreachableError, match="12 times in a row"):
        InS3(location).change(noted)


def test_a_pointer_that_stays_as_it_is_is_not_written(location: MemoryLocation) -> None:
    publish(location, {"dag.py": b"1"})
    location.asked.clear()
    InS3(location).change(lambda said: said)
    assert location.asked == [("read", layout.POINTER)]


def test_where_nothing_was_published_there_is_no_pointer(location: MemoryLocation) -> None:
    for ask in (InS3(location).pointer, lambda: InS3(location).change(noted)):
        with pytest.raises(AbsentError, match="nothing was published there yet"):
            ask()


def test_what_is_beside_a_release_is_found(location: MemoryLocation) -> None:
    made = publish(location, {"dag.py": b"1"})
    location.put(layout.signatures(made.id) + "0123456789abcdef.json", b"{}")
    given = receipt(location, made.id)
    papers = InS3(location).papers(made)
    assert (papers.signatures, [one.reader for one in papers.receipts]) == (
        ("0123456789abcdef",),
        [given.reader],
    )
    assert sum(papers.packs.values()) == len(
        next(v for k, v in location.objects.items() if k.startswith("packs/"))
    )


def test_a_receipt_that_is_removed_meanwhile_is_left_out(location: MemoryLocation) -> None:
    made = publish(location, {"dag.py": b"1"})
    receipt(location, made.id)
    keys = list(location.listing(layout.receipts(made.id)))
    location.objects.clear()
    assert in_s3.receipts(location, keys) == []


def test_receipts_of_before_are_no_proof_of_arriving_once_more(location: MemoryLocation) -> None:
    made = publish(location, {"dag.py": b"1"})
    receipt(location, made.id)
    found = arrival.new_receipts(location, made.id)
    receipt(location, made.id, "worker")
    assert [one.component for one in found.now()] == ["worker"]
    anew = receipt(location, made.id)
    location.put(
        f"{layout.receipts(made.id)}{anew.reader}.json",
        replace(anew, taken=datetime(2030, 1, 1, tzinfo=UTC)).to_data(),
    )
    assert [one.component for one in found.now()] == ["dag-processor", "worker"]
