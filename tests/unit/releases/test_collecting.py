"""What stays and why, and what goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aged_releases import age, claim, pointer_of, publish_aged, receipt
from airlock.errors import LocationError
from airlock.releases import collecting
from airlock.releases.in_folder import Kept
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.pointer import Collecting
from memory_location import MemoryLocation
from published_releases import publish, roll_back

FEW = Kept(1, 7)
HEX = "0" * 63


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


def test_what_serves_the_last_ones_and_those_of_the_last_days_stay(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 60, 50, 40, 3, 2)
    roll_back(location, ids[1])
    plan = collecting.plan(location, Kept(3, 2.5))
    assert plan.staying == {
        ids[5]: "number 1 of the last 3",
        ids[4]: "number 2 of the last 3",
        ids[3]: "number 3 of the last 3",
        ids[1]: "serves",
    }
    assert plan.removed == (ids[2], ids[0])


def test_what_served_within_the_last_days_stays_also_when_it_began_before(location: MemoryLocation) -> None:
    """The one before the last had served for 40 days when another one did, 2 days ago."""
    ids = publish_aged(location, 60, 40, 2)
    plan = collecting.plan(location, FEW)
    assert plan.staying[ids[1]] == "served within 7 days"
    assert plan.removed == (ids[0],)


def test_what_was_rolled_back_to_lately_stays(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80, 70)
    roll_back(location, ids[0])
    roll_back(location, ids[2])
    assert collecting.plan(location, FEW).removed == (ids[1],)


def test_a_release_that_is_claimed_stays_and_an_old_claim_is_told(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80, 70, 60)
    claim(location, ids[0])
    claim(location, ids[1], HEX + "1", reader="gone", days=8)
    plan = collecting.plan(location, FEW)
    assert plan.staying == {
        ids[3]: "serves",
        ids[1]: "claimed by gone",
        ids[0]: "claimed by processor-1",
    }
    assert plan.removed == (ids[2],)
    assert [one.reader for one in plan.old_claims.values()] == ["gone"]
    assert "--drop-claims 7" in "\n".join(collecting.summary(plan))


def test_a_claim_that_nobody_renewed_for_long_goes_where_that_is_asked_for(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80, 70)
    claim(location, ids[0])
    claim(location, ids[1], reader="gone", days=31)
    plan = collecting.plan(location, Kept(1, 7, claims=30))
    assert plan.removed == (ids[1],)
    assert layout.claim("gone") in plan.documents
    assert layout.claim("processor-1") not in plan.documents
    assert plan.old_claims == {}


def test_where_a_dag_processor_reads_and_nobody_claims_nothing_goes_unless_it_is_forced(
    location: MemoryLocation,
) -> None:
    ids = publish_aged(location, 90, 80)
    receipt(location, ids[0], "worker")
    assert collecting.plan(location, FEW).removed == (ids[0],)
    receipt(location, ids[0])
    with pytest.raises(LocationError, match="which releases Airflow still needs") as caught:
        collecting.plan(location, FEW)
    assert "airlock gc --force" in caught.value.remedy
    assert collecting.plan(location, FEW, force=True).removed == (ids[0],)
    claim(location)
    assert collecting.plan(location, FEW).removed == (ids[0],)


def test_claims_that_are_dropped_are_no_word_of_what_airflow_needs(location: MemoryLocation) -> None:
    """A dag-processor that reads, and for long could not write its claim, is not taken for one that needs nothing."""
    ids = publish_aged(location, 90, 80)
    claim(location, ids[0], days=70)
    receipt(location, ids[1])
    drop = replace(FEW, claims=60)
    with pytest.raises(LocationError, match="which releases Airflow still needs"):
        collecting.plan(location, drop)
    assert collecting.plan(location, drop, force=True).removed == (ids[0],)


def test_what_a_claim_says_of_its_reader_commands_no_terminal(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80)
    claim(location, ids[0], reader="\x1b[2J\nall is well", days=20)
    said = collecting.summary(collecting.plan(location, FEW))
    assert any("claimed by \\x1b[2J\\nall is well" in line for line in said)
    assert all("\x1b" not in line and "\n" not in line for line in said)


def test_a_claim_that_cannot_be_read_lets_nothing_go(location: MemoryLocation) -> None:
    publish_aged(location, 90, 80, 70)
    location.put(layout.claim("processor-1"), b"{}")
    with pytest.raises(RefusedError, match=r"claims/processor-1\.json"):
        collecting.plan(location, FEW, force=True)


def test_a_claim_that_vanishes_meanwhile_is_none(location: MemoryLocation) -> None:
    publish_aged(location, 90, 80, 70)
    claim(location)

    def vanish(doing: str, _key: str) -> None:
        if doing == "read":
            location.objects.pop(layout.claim("processor-1"), None)

    location.before = vanish
    assert collecting.plan(location, FEW).found.claims == {}


def test_days_are_counted_from_the_last_write_by_the_clock_of_s3(location: MemoryLocation) -> None:
    """A machine whose clock is a year ahead, or a location that rests, lets no more go."""
    publish_aged(location, 20, 10, 3)
    before = collecting.plan(location, Kept(1, 12))
    age(location, 365)
    assert collecting.plan(location, Kept(1, 12)).removed == before.removed == ()


def test_all_of_a_release_goes_and_the_packs_that_nobody_else_names(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80)
    packs = [key for key in location.objects if key.startswith(layout.PACKS)]
    mine = receipt(location, ids[0], "worker")
    location.put(layout.signatures(ids[0]) + "key.json", b"{}")
    plan = collecting.plan(location, FEW)
    assert list(plan.documents) == [
        layout.manifest(ids[0]),
        layout.index(ids[0]),
        layout.signatures(ids[0]) + "key.json",
        f"{layout.receipts(ids[0])}{mine.reader}.json",
    ]
    assert list(plan.packs) == packs[:1]
    assert plan.bytes == sum(len(location.objects[key]) for key in [*plan.documents, *plan.packs])


def test_a_pack_that_a_release_that_stays_needs_stays(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80, 70)
    for kind in (layout.manifest, layout.index):  # the last release is moved onto the packs of the first
        location.objects[kind(ids[2])] = location.objects[kind(ids[0])]
    publish(location, {"dag.py": b"new\n"})
    said = pointer_of(location)
    only = replace(said, releases=tuple(one for one in said.releases if one.release != ids[2]))
    location.put(layout.POINTER, only.to_data())
    claim(location, ids[0])
    needed = next(key for key in location.objects if key.startswith(layout.PACKS))
    assert needed not in collecting.plan(location, FEW).packs


def test_what_killed_publishers_left_goes_once_it_is_a_day_old(location: MemoryLocation) -> None:
    publish_aged(location, 30)
    left = [layout.pack("left-behind"), layout.manifest(HEX + "1"), layout.index(HEX + "1")]
    for key in left:
        location.put(key, b"x")
        location.modified[key] -= timedelta(hours=23)
    location.put(layout.pack("just-now-sent"), b"x")
    assert not collecting.plan(location, FEW).goes
    for key in left:
        location.modified[key] -= timedelta(hours=2)
    plan = collecting.plan(location, FEW)
    assert [*plan.documents, *plan.packs] == [left[1], left[2], left[0]]
    assert (plan.removed, plan.orphans) == ((), (HEX + "1",))


def test_what_is_no_part_of_the_format_is_left_alone(location: MemoryLocation) -> None:
    publish_aged(location, 30)
    for key in (
        "packs/README.md",
        "packs/a/b-c-d-e-f-g",
        "releases/notes.txt",
        "indexes/x",
        "elsewhere",
        "current.bak",
    ):
        location.put(key, b"x")
        location.modified[key] -= timedelta(days=100)
    assert not collecting.plan(location, FEW).goes


@pytest.mark.parametrize("damage", [b"", b"no gzip"])
def test_where_an_index_that_is_needed_cannot_be_read_no_pack_goes(
    location: MemoryLocation, damage: bytes
) -> None:
    ids = publish_aged(location, 90, 80, 70)
    if damage:
        location.objects[layout.index(ids[1])] = damage
    else:
        location.objects.pop(layout.index(ids[1]))
    plan = collecting.plan(location, FEW)
    assert (plan.packs, plan.removed) == ({}, (ids[0],))
    assert "no pack goes: what the releases that stay need is not known" in collecting.summary(plan)[-1]


def test_where_s3_fails_it_is_not_taken_for_a_release_that_is_not_whole(location: MemoryLocation) -> None:
    ids = publish_aged(location, 90, 80, 70)

    def fail(doing: str, key: str) -> None:
        if (doing, key) == ("read", layout.index(ids[1])):
            raise UnreachableError("503 Slow Down")

    location.before = fail
    with pytest.raises(UnreachableError):
        collecting.plan(location, FEW)


def test_what_an_earlier_run_was_deleting_goes_whatever_its_age_unless_it_is_there_again(
    location: MemoryLocation,
) -> None:
    ids = publish_aged(location, 30)
    location.put(layout.manifest(HEX + "1"), b"x")
    until = datetime.now(UTC) - timedelta(minutes=1)
    said = replace(pointer_of(location), collecting=Collecting((ids[0], HEX + "1"), until))
    location.put(layout.POINTER, said.to_data())
    plan = collecting.plan(location, FEW)
    assert (plan.orphans, list(plan.documents)) == ((HEX + "1",), [layout.manifest(HEX + "1")])


def test_where_nothing_was_published_nothing_is_collected(location: MemoryLocation) -> None:
    location.put(layout.pack("left-behind"), b"x")
    with pytest.raises(AbsentError):
        collecting.plan(location, FEW)
