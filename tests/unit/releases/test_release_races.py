"""Publishing, rolling back and collecting at one location: whoever dies, and whoever comes between, nothing is lost.

Each is stopped at every request it makes, or has others do all they want before that request.
"""

from __future__ import annotations

import contextlib
import functools
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from airlock.releases.publishing import Outcome
from airlock_spec.releases.failures import AbsentError, ReleaseError, UnreachableError
from memory_location import MemoryLocation
from release_worlds import REFUSED, age, collect, publish, release, require_whole, roll_back

if TYPE_CHECKING:
    from collections.abc import Callable


DEEDS: dict[str, Callable[[MemoryLocation], object]] = {
    "publish": lambda location: publish(location, 5),
    "publish what is there": lambda location: publish(location, 1),
    "roll back": lambda location: roll_back(location, 1),
    "collect": collect,
}
OTHERS: dict[str, tuple[Callable[[MemoryLocation], object], ...]] = {
    "another release": (lambda location: publish(location, 6),),
    "the same release": (lambda location: publish(location, 5),),
    "a rollback": (lambda location: roll_back(location, 1),),
    "a rollback, and back": (
        lambda location: roll_back(location, 1),
        lambda location: roll_back(location, 2),
    ),
    "a collection": (collect,),
    "another release, and a collection": (lambda location: publish(location, 6), collect),
    "what served is collected, and published anew": (
        lambda location: publish(location, 6),
        collect,
        lambda location: publish(location, 2),
    ),
    "what served is collected with its packs, and published anew": (
        lambda location: publish(location, -1),
        collect,
        lambda location: publish(location, 2),
    ),
    "what is published is collected with its packs": (
        lambda location: publish(location, 5),
        lambda location: publish(location, -1),
        age,
        collect,
    ),
    "the same release is collected again": (
        lambda location: publish(location, 5),
        lambda location: publish(location, 6),
        age,
        collect,
    ),
    "what is there is collected": (lambda location: publish(location, 6), collect, collect),
}


class KilledError(BaseException):
    """A process ends, whatever it was about to do."""


@functools.cache
def built() -> MemoryLocation:
    location = MemoryLocation()
    for number in range(3):
        publish(location, number)
    age(location)
    return location


def world() -> MemoryLocation:
    """Return a location with three releases, of which the last serves, and all that is older than a day."""
    return MemoryLocation(dict(built().objects), dict(built().modified))


def requests_of(deed: Callable[[MemoryLocation], object]) -> int:
    location = world()
    deed(location)
    return len(location.asked)


def at(number: int, then: Callable[[], object]) -> Callable[[str, str], None]:
    """Return what is to be called before requests: it does something once, before the one of this number."""
    left = iter(range(number, -1, -1))
    lock = threading.Lock()

    def before(*_: str) -> None:
        with lock:
            due = next(left, 1) == 0
        if due:
            then()

    return before


def kill() -> None:
    raise KilledError


def fail() -> None:
    raise UnreachableError("S3 answers SlowDown")


POINTS = [(name, number) for name, deed in DEEDS.items() for number in range(requests_of(deed))]


@pytest.mark.parametrize("end", [kill, fail])
@pytest.mark.parametrize(("name", "number"), POINTS)
def test_whoever_ends_at_any_request_leaves_all_that_is_named_whole(
    name: str, number: int, end: Callable[[], object]
) -> None:
    location = world()
    location.before = at(number, end)
    with pytest.raises((KilledError, UnreachableError)):
        DEEDS[name](location)
    location.before = lambda *_: None
    pointer = require_whole(location)
    if name == "publish":
        assert pointer.release == release(2)
        assert len(pointer.releases) == 3
    publish(location, 5)  # the next attempt
    pointer = require_whole(location)
    assert pointer.release == release(5)


@pytest.mark.parametrize("number", range(requests_of(DEEDS["publish"])))
def test_what_the_dead_left_is_collected_once_it_is_a_day_old(number: int) -> None:
    location = world()
    location.before = at(number, kill)
    with pytest.raises(KilledError):
        publish(location, 5)
    location.before = lambda *_: None
    age(location)
    publish(location, 6)
    collect(location)
    require_whole(location)
    assert not [key for key in location.objects if release(5) in key]


@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize(("name", "number"), POINTS)
def test_whoever_comes_between_any_two_requests_nothing_is_lost(name: str, number: int, others: str) -> None:
    location = world()
    said: list[str] = []

    def interfere() -> None:
        location.before = lambda *_: None
        for deed in OTHERS[others]:
            with contextlib.suppress(*REFUSED):
                deed(location)

    location.before = at(number, interfere)
    done: object = None
    try:
        done = DEEDS[name](location)
    except (*REFUSED, AbsentError) as error:
        said.append(str(error))
    pointer = require_whole(location)
    if isinstance(done, Outcome):
        assert pointer.find(done.release)
    assert all(said)
    if pointer.collecting is None:
        publish(location, 7)
        assert require_whole(location).release == release(7)


@pytest.mark.parametrize("seed", range(20))
def test_many_at_once_lose_nothing(seed: int) -> None:
    """Threads that publish, roll back and collect: what was reported as published is there, or was collected."""
    location = world()
    chance = random.Random(seed)  # noqa: S311 - to be had again
    pauses = [chance.random() / 2000 for _ in range(500)]
    location.before = lambda *_: time.sleep(pauses[len(location.asked) % 500])
    published: dict[str, bool] = {}
    wrong: list[BaseException] = []

    def work(of: int) -> None:
        own = random.Random(f"{seed} {of}")  # noqa: S311
        for turn in range(3):
            try:
                if of < 3:
                    published[publish(location, 4 + of * 3 + turn, f"publisher {of}").release] = True
                elif own.random() < 0.5:
                    roll_back(location)
                else:
                    collect(location)
            except (*REFUSED, ReleaseError):
                continue
            except BaseException as error:  # noqa: BLE001 - told below
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(of,)) for of in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    location.before = lambda *_: None
    assert not wrong
    pointer = require_whole(location)
    collected = {event.did for event in pointer.events} >= {"gc"}
    assert collected or all(pointer.find(one) for one in published)
