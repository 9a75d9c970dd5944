"""Which release serves again, and when none may."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aged_releases import age, pointer_of
from airlock.errors import LocationError, PublishError
from airlock.releases import rolling_back
from airlock.releases.in_s3 import InS3
from airlock.releases.places import Rehearsed
from airlock_spec.releases import layout
from airlock_spec.releases.pointer import Collecting, Pointer
from memory_location import MemoryLocation
from published_releases import publish


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


def sync(location: MemoryLocation, text: str) -> str:
    return publish(location, {"dag.py": text.encode()}).id


def back(location: MemoryLocation, wanted: str = "") -> str:
    place = InS3(location)
    return rolling_back.roll_back(place, rolling_back.choose(place, wanted), "ada").release


def changed(location: MemoryLocation, pointer: Pointer) -> None:
    location.put(layout.POINTER, pointer.to_data())


def test_the_release_that_served_before_serves_again_and_the_pointer_tells_who_did_it(
    location: MemoryLocation,
) -> None:
    first, second = sync(location, "1"), sync(location, "2")
    assert back(location) == first
    said = pointer_of(location)
    assert (said.release, said.sequence) == (first, 3)
    assert (said.events[0].did, said.events[0].by, said.events[0].release) == ("rollback", "ada", first)
    assert said.find(second)


def test_going_back_twice_goes_on_back(location: MemoryLocation) -> None:
    first, second, _ = (sync(location, text) for text in "123")
    assert [back(location), back(location)] == [second, first]
    with pytest.raises(PublishError, match="no release to roll back to"):
        back(location)


def test_after_a_rollback_and_a_release_one_goes_back_to_where_one_had_gone_back_to(
    location: MemoryLocation,
) -> None:
    first, second, _ = (sync(location, text) for text in "123")
    back(location)
    sync(location, "4")
    assert [back(location), back(location)] == [second, first]


def test_a_named_release_goes_forward_again_and_back_from_there(location: MemoryLocation) -> None:
    _, second, third = (sync(location, text) for text in "123")
    back(location)
    assert back(location, third[:12]) == third
    assert back(location) == second


def test_what_was_published_anew_served_before_what_came_after_it(location: MemoryLocation) -> None:
    first, second = sync(location, "1"), sync(location, "2")
    assert sync(location, "1") == first
    assert [back(location), back(location)] == [second, first]


def test_collecting_is_no_step_to_go_back(location: MemoryLocation) -> None:
    first, _ = sync(location, "1"), sync(location, "2")
    changed(location, pointer_of(location).noted("gc", datetime.now(UTC), "cron"))
    assert back(location) == first


def test_a_release_that_was_collected_is_not_passed_over_in_silence(location: MemoryLocation) -> None:
    first, second, _ = (sync(location, text) for text in "123")
    said = pointer_of(location)
    changed(location, replace(said, releases=tuple(one for one in said.releases if one.release != second)))
    with pytest.raises(PublishError) as caught:
        back(location)
    assert f"release {second[:12]}, which served before, is not there any more" in str(caught.value)
    assert f" {first[:12]} " in caught.value.remedy


def test_the_release_that_serves_is_refused_with_since_when(location: MemoryLocation) -> None:
    only = sync(location, "1")
    age(location, 3)
    at = pointer_of(location).events[0].at
    changed(location, pointer_of(location).noted("gc", datetime.now(UTC), "cron"))
    with pytest.raises(PublishError, match="serves already") as caught:
        back(location, only)
    assert f"{at:%Y-%m-%d %H:%M:%S}" in caught.value.cause


def test_a_release_that_is_being_deleted_is_refused(location: MemoryLocation) -> None:
    first, _ = sync(location, "1"), sync(location, "2")
    said = pointer_of(location)
    until = datetime.now(UTC) + timedelta(minutes=1)
    changed(location, replace(said, releases=said.releases[:1], collecting=Collecting((first,), until)))
    with pytest.raises(LocationError, match="is being deleted"):
        back(location, first)


def test_an_unknown_release_and_one_of_several_are_refused(location: MemoryLocation) -> None:
    for number in range(20):
        sync(location, str(number))
    ids = [one.release for one in pointer_of(location).releases]
    shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    with pytest.raises(LocationError, match=f"releases begin with '{shared}'"):
        back(location, shared)
    with pytest.raises(LocationError, match="no releases begin with 'xyz'"):
        back(location, "xyz")


@pytest.mark.parametrize("what", ["manifest", "index", "pack", "short pack", "wrong manifest"])
def test_a_release_that_is_not_whole_never_serves(location: MemoryLocation, what: str) -> None:
    first = sync(location, "1")
    pack = next(key for key in location.objects if key.startswith(layout.PACKS))
    second = sync(location, "2")
    match what:
        case "manifest":
            del location.objects[layout.manifest(first)]
        case "index":
            del location.objects[layout.index(first)]
        case "pack":
            del location.objects[pack]
        case "short pack":
            location.put(pack, location.objects[pack][:-1])
        case _:
            location.put(layout.manifest(first), gzip.compress(b"{}"))
    with pytest.raises(PublishError, match="it is not whole"):
        back(location)
    assert pointer_of(location).release == second


def test_whoever_is_quicker_with_another_release_is_not_rolled_back(location: MemoryLocation) -> None:
    sync(location, "1")
    sync(location, "2")
    quicker: list[str] = []

    def meanwhile(doing: str, _key: str) -> None:
        if doing == "swap" and not quicker:
            location.before = lambda *_: None
            quicker.append(sync(location, "3"))

    location.before = meanwhile
    with pytest.raises(PublishError, match="nothing was rolled back"):
        back(location)
    assert pointer_of(location).release == quicker[0]


def test_a_named_release_serves_whatever_was_published_meanwhile(location: MemoryLocation) -> None:
    first = sync(location, "1")
    sync(location, "2")
    quicker: list[str] = []

    def meanwhile(doing: str, _key: str) -> None:
        if doing == "swap" and not quicker:
            location.before = lambda *_: None
            quicker.append(sync(location, "3"))

    location.before = meanwhile
    assert back(location, first) == first
    assert [one.release for one in pointer_of(location).events[:2]] == [first, quicker[0]]


def test_a_release_that_is_collected_meanwhile_does_not_serve(location: MemoryLocation) -> None:
    first, second = sync(location, "1"), sync(location, "2")
    done: list[bool] = []

    def meanwhile(doing: str, _key: str) -> None:
        if doing == "swap" and not done:
            done.append(True)
            said = pointer_of(location)
            until = datetime.now(UTC) + timedelta(minutes=1)
            changed(
                location, replace(said, releases=said.releases[:1], collecting=Collecting((first,), until))
            )

    location.before = meanwhile
    with pytest.raises(LocationError, match="is being deleted"):
        back(location)
    assert pointer_of(location).release == second


def test_a_rehearsal_finds_the_same_and_changes_nothing(location: MemoryLocation) -> None:
    first, second = sync(location, "1"), sync(location, "2")
    place = Rehearsed(InS3(location))
    assert rolling_back.roll_back(place, rolling_back.choose(place, ""), "ada").release == first
    assert pointer_of(location).release == second
