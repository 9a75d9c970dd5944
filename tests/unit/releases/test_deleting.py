"""Deletion that is killed, that others are in between of, and that takes too long: nothing is ever lost."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aged_releases import claim, pointer_of, publish_aged, whole
from airlock.errors import LocationError, PublishError
from airlock.releases.deleting import LEASE, Clock, Collector, Deleted
from airlock.releases.in_folder import Kept
from airlock.releases.publishing import Publisher, look
from airlock_spec.releases import layout
from airlock_spec.releases.failures import UnreachableError
from airlock_spec.releases.pointer import Collecting
from memory_location import MemoryLocation
from published_releases import manifest_of, roll_back, store

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = Kept(1, 7)
LATER = Clock(now=lambda: datetime.now(UTC) + LEASE + timedelta(minutes=1))


class KilledError(Exception):
    """Ends whoever asks."""


def made() -> tuple[MemoryLocation, list[str]]:
    """Return a location of which two releases of four may go, and a killed publisher's pack."""
    location = MemoryLocation()
    ids = publish_aged(location, 90, 80, 3, 2)
    location.put(layout.pack("left-behind"), b"x")
    location.modified[layout.pack("left-behind")] -= timedelta(days=60)
    claim(location, ids[1])
    location.asked.clear()
    return location, ids


def collect(location: MemoryLocation, clock: Clock | None = None) -> Deleted:
    return Collector(location, "cron", clock or Clock()).collect(FEW)


def at_the(number: int, then: Callable[[str], object]) -> Callable[[str, str], None]:
    """Return what does something before the n-th request, and nothing before others."""
    count = itertools.count()

    def before(doing: str, _key: str) -> None:
        if next(count) == number:
            then(doing)

    return before


def kill(_doing: str) -> None:
    raise KilledError


def requests() -> list[int]:
    """Return the numbers of the requests of a run."""
    location, _ = made()
    collect(location)
    return list(range(len(location.asked)))


def left(location: MemoryLocation) -> list[str]:
    return [one.release for one in pointer_of(location).releases]


def test_what_goes_leaves_the_pointer_first_and_its_objects_follow() -> None:
    location, ids = made()
    done = collect(location)
    assert (done.plan.removed, done.stopped) == ((ids[0],), "")
    said = pointer_of(location)
    assert ([one.release for one in said.releases], said.collecting) == (ids[:0:-1], None)
    assert (said.events[0].did, said.events[0].by, said.events[0].release) == ("gc", "cron", ids[3])
    writes = [(doing, key) for doing, key in location.asked if doing in ("swap", "delete", "put", "create")]
    assert [doing for doing, _ in writes] == ["swap", *["delete"] * 4, "swap"]
    assert [key for _, key in writes[1:3]] == [layout.manifest(ids[0]), layout.index(ids[0])]
    assert all(key.startswith(layout.PACKS) for _, key in writes[3:5])
    assert whole(location)
    assert not [key for key in location.objects if ids[0] in key or "left-behind" in key]


def test_where_nothing_goes_nothing_is_written() -> None:
    location, _ = made()
    collect(location)
    location.asked.clear()
    assert collect(location).keys == ()
    assert not [doing for doing, _ in location.asked if doing in ("swap", "delete", "put", "create")]


@pytest.mark.parametrize("number", requests())
def test_killed_at_any_point_it_loses_nothing_and_the_next_run_finishes_it(number: int) -> None:
    location, ids = made()
    location.before = at_the(number, kill)
    with pytest.raises(KilledError):
        collect(location)
    assert whole(location)
    if pointer_of(location).collecting:
        with pytest.raises(LocationError, match=r"another `airlock gc` is at work"):
            collect(location)
    collect(location, LATER)
    assert whole(location)
    assert left(location) == ids[:0:-1]
    assert pointer_of(location).collecting is None
    undisturbed, _ = made()
    collect(undisturbed)
    assert sum(key.startswith(layout.PACKS) for key in location.objects) == 3
    assert {key.split("/")[0]: 0 for key in location.objects} == {
        key.split("/")[0]: 0 for key in undisturbed.objects
    }
    assert len(location.objects) == len(undisturbed.objects)


@pytest.mark.parametrize("number", requests())
def test_s3_that_fails_at_any_point_loses_nothing(number: int) -> None:
    def fail(_doing: str) -> None:
        raise UnreachableError("503 Slow Down")

    location, _ = made()
    location.before = at_the(number, fail)
    with pytest.raises(UnreachableError):
        collect(location)
    assert whole(location)


@dataclass
class Meanwhile:
    """Does something at the n-th request, once, with others' requests left out of the count."""

    location: MemoryLocation
    number: int
    action: Callable[[], object]

    def __call__(self, _doing: str, _key: str) -> None:
        if self.number == 0:
            self.location.before = lambda *_: None
            self.action()
        self.number -= 1


@pytest.mark.parametrize("number", requests())
def test_whoever_publishes_in_between_loses_nothing(number: int) -> None:
    """The publisher takes over packs of what serves, and leaves small ones to be collected some day."""
    location, ids = made()
    files = {"shared.py": b"SHARED = 1\n", "dag.py": b"new\n"}
    manifest = manifest_of(files)
    contents = {file.sha256: files[file.path] for file in manifest.files}

    def act() -> None:
        Publisher(location, "ada").publish(manifest, contents.__getitem__, look(location))

    location.before = Meanwhile(location, number, act)
    collect(location)
    assert whole(location)
    assert left(location)[0] == manifest.id
    assert set(ids[1:]) <= set(left(location))
    assert pointer_of(location).release == manifest.id


@pytest.mark.parametrize("number", requests())
def test_whoever_publishes_what_goes_in_between_is_refused_or_has_it_whole(number: int) -> None:
    location, ids = made()
    files = {"shared.py": b"SHARED = 1\n", "dag.py": b"VERSION = 0\n"}
    manifest = manifest_of(files)
    assert manifest.id == ids[0]
    contents = {file.sha256: files[file.path] for file in manifest.files}
    refused = []

    def act() -> None:
        try:
            Publisher(location, "ada").publish(manifest, contents.__getitem__, look(location))
        except PublishError:
            refused.append(True)

    location.before = Meanwhile(location, number, act)
    collect(location)
    assert whole(location)
    assert (pointer_of(location).release == ids[0]) != bool(refused)


@pytest.mark.parametrize("number", requests())
def test_whoever_rolls_back_in_between_to_what_stays_loses_nothing(number: int) -> None:
    location, ids = made()
    location.before = Meanwhile(location, number, lambda: roll_back(location, ids[1]))
    collect(location)
    assert whole(location)
    assert pointer_of(location).release == ids[1]


@pytest.mark.parametrize("number", requests())
def test_two_at_once_lose_nothing(number: int) -> None:
    location, ids = made()
    said = []

    def act() -> None:
        try:
            collect(location)
        except LocationError as error:
            said.append(error.fact)

    location.before = Meanwhile(location, number, act)
    collect(location)
    assert whole(location)
    assert left(location) == ids[:0:-1]
    assert all("another `airlock gc` is at work" in one for one in said)


@pytest.mark.parametrize("number", requests())
def test_one_that_was_taken_for_dead_does_not_delete_what_was_published_since(number: int) -> None:
    """It slept for longer than its lease, while another finished and somebody published the same content again."""
    location, ids = made()
    slept = [0.0]

    def act() -> None:
        slept[0] = LEASE.total_seconds() + 60
        collect(location, clock)
        files = {"shared.py": b"SHARED = 1\n", "dag.py": b"VERSION = 0\n"}
        manifest = manifest_of(files)
        contents = {file.sha256: files[file.path] for file in manifest.files}
        Publisher(location, "ada").publish(manifest, contents.__getitem__, look(location))

    clock = Clock(lambda: datetime.now(UTC) + timedelta(seconds=slept[0]), lambda: slept[0])
    location.before = Meanwhile(location, number, act)
    collect(location, clock)
    assert whole(location)
    assert ids[0] in left(location)


def test_a_publisher_whose_leftovers_are_collected_before_its_swap_sends_them_again() -> None:
    """An older publisher of the very same content was killed before it swapped."""
    location, _ = made()
    files = {"shared.py": b"SHARED = 1\n", "dag.py": b"killed\n"}
    manifest = manifest_of(files)
    store(location, manifest, files)
    for key in location.modified:
        location.modified[key] -= timedelta(days=2)
    contents = {file.sha256: files[file.path] for file in manifest.files}
    there = look(location)
    done: list[bool] = []
    listed = dict(location.modified)

    def meanwhile(doing: str, _key: str) -> None:
        if doing == "swap" and not done:
            done.append(True)
            location.modified |= listed  # as if the listing had been before the publisher sent anything
            collect(location)

    location.before = meanwhile
    Publisher(location, "ada").publish(manifest, contents.__getitem__, there)
    assert done
    assert whole(location)
    assert pointer_of(location).release == manifest.id


def test_a_publisher_that_slept_for_days_between_a_pack_and_its_documents_serves_no_half_a_release() -> None:
    location, _ = made()
    files = {"shared.py": b"SHARED = 1\n", "dag.py": b"slow\n"}
    manifest = manifest_of(files)
    contents = {file.sha256: files[file.path] for file in manifest.files}
    slept, first = threading.Event(), threading.Lock()

    def meanwhile(doing: str, key: str) -> None:
        if doing != "put" or key.startswith(layout.PACKS):
            return
        if not first.acquire(blocking=False):
            slept.wait()
            return
        location.before = lambda *_: None
        while not (mine := location.modified.keys() - before):
            time.sleep(0.001)
        for pack in mine:
            location.modified[pack] -= timedelta(days=2)
        collect(location)
        slept.set()

    there, before = look(location), set(location.modified)
    location.before = meanwhile
    Publisher(location, "ada").publish(manifest, contents.__getitem__, there)
    assert slept.is_set()
    assert whole(location)
    assert pointer_of(location).release == manifest.id


def test_what_a_collector_that_died_was_deleting_can_be_published_after_its_lease() -> None:
    location, ids = made()
    location.before = lambda doing, _: kill(doing) if doing == "delete" else None
    with pytest.raises(KilledError):
        collect(location, Clock(now=lambda: datetime.now(UTC) - timedelta(days=100)))
    location.before = lambda *_: None
    said = pointer_of(location)
    assert said.collecting
    expired = replace(said.collecting, until=datetime.now(UTC) - timedelta(seconds=1))
    location.objects[layout.POINTER] = replace(said, collecting=expired).to_data()
    files = {"shared.py": b"SHARED = 1\n", "dag.py": b"VERSION = 0\n"}
    contents = {file.sha256: files[file.path] for file in manifest_of(files).files}
    Publisher(location, "ada").publish(manifest_of(files), contents.__getitem__, look(location))
    collect(location, LATER)
    assert whole(location)
    assert pointer_of(location).release == ids[0]


def test_it_stops_before_its_lease_ends_and_says_so() -> None:
    location, ids = made()
    ticks = iter([0.0, LEASE.total_seconds() - 100])
    done = collect(location, Clock(ticks=lambda: next(ticks)))
    assert (done.keys, done.stopped) == ((), "it took too long: run it again")
    said = pointer_of(location)
    assert said.collecting
    assert said.collecting.releases == (ids[0],)
    assert layout.manifest(ids[0]) in location.objects


def test_a_clock_that_is_behind_promises_no_less_time() -> None:
    location, _ = made()
    behind = Clock(now=lambda: datetime.now(UTC) - timedelta(hours=1))
    location.before = lambda doing, _: kill(doing) if doing == "delete" else None
    with pytest.raises(KilledError):
        collect(location, behind)
    said = pointer_of(location).collecting
    assert said
    assert said.until > datetime.now(UTC) + LEASE - timedelta(minutes=1)


def test_where_others_are_always_faster_nothing_is_deleted() -> None:
    location, _ = made()
    objects = dict(location.objects)

    def busy(doing: str, _key: str) -> None:
        if doing == "swap":
            said = pointer_of(location)
            location.objects[layout.POINTER] = replace(said, sequence=said.sequence + 1).to_data()

    location.before = busy
    with pytest.raises(LocationError, match="nothing was deleted"):
        collect(location)
    assert set(location.objects) == set(objects)


def test_what_another_one_left_unfinished_is_cleared_also_where_nothing_is_left_to_delete() -> None:
    location, _ = made()
    collect(location)
    stale = replace(pointer_of(location), collecting=Collecting((), datetime.now(UTC) - timedelta(days=1)))
    location.objects[layout.POINTER] = stale.to_data()
    collect(location)
    assert pointer_of(location).collecting is None


@pytest.mark.parametrize("kind", [layout.RELEASES, layout.INDEXES, layout.PACKS])
def test_a_release_of_which_somebody_deleted_a_part_is_sent_again_before_it_serves_again(kind: str) -> None:
    location, ids = made()
    shared, mine = {"shared.py": b"SHARED = 1\n"}, {"dag.py": b"VERSION = 1\n"}
    manifest = manifest_of(shared | mine)
    assert manifest.id == ids[1]
    keys = [key for key in location.objects if key.startswith(kind)]
    for key in keys[1:2] if kind == layout.PACKS else [key for key in keys if ids[1] in key]:
        del location.objects[key]
    assert not whole(location)
    contents = {file.sha256: (shared | mine)[file.path] for file in manifest.files}
    Publisher(location, "ada").publish(manifest, contents.__getitem__, look(location))
    assert whole(location)
    assert pointer_of(location).release == ids[1]
