from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING

import pytest

from airlock.errors import FetchError, LockError, StorageError
from airlock.index.fetch import Origin, Wanted, fetch, wanted_files
from airlock.index.indexes import Indexes
from airlock.index.parallel import each
from airlock.index.simple import Finder
from airlock.locks.airflow import ANY, AirflowLock, LockedPackage
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.platforms import AMD64, ARM64
from airlock.store import Store
from airlock.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.places import Places
    from airlock.store import StoreFile
    from fake_web import FakeWeb

INDEX, MIRROR = "https://index.example.invalid/simple/", "https://mirror.example.invalid/debian"
QUIET = Terminal(quiet=True)


@dataclasses.dataclass
class World:
    """An index and a mirror with what the locks name."""

    web: FakeWeb
    file_of: Callable[[str, bytes], StoreFile]
    origins: int = 0

    def wheel(self, name: str, content: bytes) -> Wanted:
        file = self.file_of(f"{name}-1-py3-none-any.whl", content)
        self.web.files[f"{INDEX}{name}/"] = (
            f'<a href="/f/{file.filename}#sha256={file.sha256}">x</a>'.encode()
        )
        self.web.files[f"https://index.example.invalid/f/{file.filename}"] = content
        return Wanted(file, name)

    def deb(self, name: str, content: bytes, platform: str = "linux/amd64") -> Wanted:
        file = self.file_of(f"{name}_1_all.deb", content)
        path = f"pool/main/{name}/{file.filename}"
        locked = LockedDeb(name, "1", platform, "all", "debian", path, file.size, file.sha256)
        self.web.files[f"{MIRROR}/{path}"] = content
        return Wanted(file, name, locked)

    def origin(self) -> Origin:
        self.origins += 1
        finder = Finder(self.web, Indexes(INDEX))
        return Origin(self.web, finder, self.web, lambda deb: f"{MIRROR}/{deb.filename}")


@pytest.fixture
def world(web: FakeWeb, file_of: Callable[[str, bytes], StoreFile]) -> World:
    return World(web, file_of)


def test_wheels_and_debs_are_sealed(world: World, places: Places) -> None:
    wanted = [world.wheel("one", b"1" * 10), world.wheel("two", b"2" * 20), world.deb("dash", b"3" * 30)]
    summary = fetch(wanted, places, world.origin, QUIET)
    assert (summary.files, summary.bytes, summary.fetched, summary.fetched_bytes) == (3, 60, 3, 60)
    Store(places.store).require_sealed(one.file for one in wanted)


def test_a_sealed_store_asks_nobody(world: World, places: Places) -> None:
    wanted = [world.wheel("one", b"1" * 10)]
    fetch(wanted, places, world.origin, QUIET)
    asked = len(world.web.asked)
    summary = fetch(wanted, places, world.origin, QUIET)
    assert (summary.fetched, summary.fetched_bytes) == (0, 0)
    assert (len(world.web.asked), world.origins) == (asked, 1)


def test_only_projects_of_missing_files_are_asked(world: World, places: Places) -> None:
    one, two = world.wheel("one", b"1"), world.wheel("two", b"2")
    fetch([one], places, world.origin, QUIET)
    world.web.asked.clear()
    fetch([one, two], places, world.origin, QUIET)
    assert not [url for url, _ in world.web.asked if "/one" in url]


def test_all_failures_are_in_one_error_and_the_rest_is_kept(world: World, places: Places) -> None:
    good, bad, gone = world.wheel("good", b"g"), world.wheel("bad", b"b"), world.deb("dash", b"d")
    absent = Wanted(world.file_of("absent-1-py3-none-any.whl", b"a"), "absent")
    world.web.files["https://index.example.invalid/f/bad-1-py3-none-any.whl"] = b"B"
    del world.web.files[f"{MIRROR}/pool/main/dash/dash_1_all.deb"]
    with pytest.raises(FetchError) as caught:
        fetch([good, bad, gone, absent], places, world.origin, QUIET)
    assert caught.value.fact == "3 of 4 files cannot be fetched; the others are in the store"
    for told in ("bad-1-py3-none-any.whl:", "dash_1_all.deb:", "absent-1-py3-none-any.whl:", "has sha256"):
        assert told in caught.value.cause
    assert "Debian drops superseded versions from its mirrors" in caught.value.cause
    assert "airlock lock --upgrade absent dash" in caught.value.remedy
    assert "snapshot archive" in caught.value.remedy
    assert Store(places.store).missing([good.file]) == []


def test_a_reason_that_many_files_share_is_told_once(world: World, places: Places) -> None:
    world.web.unreachable.add(INDEX)
    wanted = [world.wheel(f"p{number}", bytes([number])) for number in range(20)]
    with pytest.raises(FetchError) as caught:
        fetch(wanted, places, world.origin, QUIET)
    assert caught.value.cause.count("nobody answers") == 1
    assert "and 12 more" in caught.value.cause
    assert caught.value.remedy == "plug it in"


def test_a_bug_is_not_taken_for_a_failure(world: World, places: Places) -> None:
    def broken(_: LockedDeb) -> str:
        raise ZeroDivisionError

    origin = dataclasses.replace(world.origin(), deb_url=broken)
    with pytest.raises(ZeroDivisionError):
        fetch([world.deb("dash", b"d")], places, lambda: origin, QUIET)


def test_a_store_that_cannot_be_written_is_a_storage_error(world: World, places: Places) -> None:
    places.root.mkdir()
    places.downloads.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"one-1-py3-none-any\.whl cannot be stored"):
        fetch([world.wheel("one", b"1")], places, world.origin, QUIET)


def locks(world: World) -> tuple[AirflowLock, DebianLock]:
    shared, amd, arm = (
        world.file_of(f"{name}.whl", name.encode()) for name in ("shared", "amd64", "arm64-x")
    )
    packages = (
        LockedPackage("shared", "1", ((ANY, shared),)),
        LockedPackage("native", "1", (("linux/amd64", amd), ("linux/arm64", arm))),
    )
    debs = (world.deb("tzdata", b"tz", "linux/amd64").deb, world.deb("tzdata", b"tz", "linux/arm64").deb)
    both = ("linux/amd64", "linux/arm64")
    airflow = AirflowLock("3.13.5", "2.41", both, "", (), packages)
    return airflow, DebianLock("trixie", both, (), (), (), tuple(deb for deb in debs if deb))


def test_a_file_of_two_platforms_is_wanted_once_and_the_biggest_first(world: World) -> None:
    names = [one.file.filename for one in wanted_files(*locks(world), (AMD64, ARM64))]
    assert names == ["arm64-x.whl", "shared.whl", "amd64.whl", "tzdata_1_all.deb"]


def test_a_platform_that_a_lock_does_not_know_is_refused(world: World) -> None:
    airflow, debian = locks(world)
    with pytest.raises(LockError, match=r"debian\.lock is not for linux/arm64"):
        wanted_files(airflow, dataclasses.replace(debian, platforms=("linux/amd64",)), (AMD64, ARM64))


def test_a_file_name_that_leaves_the_store_is_refused(world: World) -> None:
    airflow, debian = locks(world)
    evil = LockedPackage("evil", "1", ((ANY, world.file_of("../evil.whl", b"")),))
    with pytest.raises(LockError, match=r"\.\./evil\.whl"):
        wanted_files(dataclasses.replace(airflow, packages=(evil,)), debian, (AMD64,))


def test_results_come_in_the_order_in_which_they_finish() -> None:
    first_may_end = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            assert first_may_end.wait(10)
        return number

    results = each([1, 2], work, threads=2)
    assert next(results) == 2
    first_may_end.set()
    assert list(results) == [1]


def test_an_interrupted_run_starts_no_more_jobs() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)

    results = each(range(1000), work, threads=1)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(begun) < 10
