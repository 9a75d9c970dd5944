"""The folders of versions: real ones, made by one of many processes, removed once no task uses them."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from airlock_plugins.versions import Versions
from airlock_spec.releases.failures import AbsentError, UnreachableError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Pull
from memory_location import MemoryLocation
from published_releases import publish

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"one.py": b"1", "package/two.py": b"2"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "dags")


@pytest.fixture
def versions(folder: Folder, tmp_path: Path) -> Versions:
    (tmp_path / "tracking").mkdir()
    return Versions(folder, folder.root / "versions", tmp_path / "tracking")


@pytest.fixture
def location() -> MemoryLocation:
    return MemoryLocation()


class Taking:
    """Takes releases as the bundle's follower does, and counts."""

    def __init__(self, location: MemoryLocation, folder: Folder) -> None:
        self.pull = Pull(location, folder)
        self.folder = folder
        self.times = 0

    def __call__(self, release: str) -> Path:
        self.times += 1
        self.pull.take(release)
        return self.folder.place(release)


def test_a_version_is_a_real_folder_of_links(
    versions: Versions, folder: Folder, location: MemoryLocation
) -> None:
    release = publish(location, FILES).id
    assert versions.make(release, Taking(location, folder))
    place = versions.place(release)
    assert place.is_dir()
    assert not place.is_symlink()
    assert (place / "one.py").samefile(folder.place(release) / "one.py")
    assert (place / "package/two.py").read_bytes() == b"2"


def test_bytecode_of_others_is_not_taken_over(
    versions: Versions, folder: Folder, location: MemoryLocation
) -> None:
    release = publish(location, FILES).id
    taking = Taking(location, folder)
    cached = taking(release) / "__pycache__/one.pyc"
    cached.parent.mkdir()
    cached.write_bytes(b"of another time")
    versions.make(release, taking)
    assert not (versions.place(release) / "__pycache__").exists()


def test_many_that_want_a_version_at_once_get_one(
    versions: Versions, folder: Folder, location: MemoryLocation
) -> None:
    release = publish(location, FILES).id
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: versions.make(release, Taking(location, folder)), range(8)))
    assert sum(made) == 1
    assert (versions.place(release) / "one.py").read_bytes() == b"1"


def test_what_fails_leaves_nothing(versions: Versions, folder: Folder, location: MemoryLocation) -> None:
    release = publish(location, FILES).id

    def fail(*_: str) -> None:
        raise UnreachableError("down")

    location.before = fail
    with pytest.raises(UnreachableError):
        versions.make(release, Taking(location, folder))
    assert not versions.place(release).exists()


def test_a_release_that_always_goes_is_given_up(versions: Versions, folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(AbsentError, match="goes as soon as it is there"):
        versions.make("ab" * 32, lambda _: tmp_path / "gone")


def test_a_version_of_a_worker_is_linked_to_the_one_before(
    versions: Versions, folder: Folder, location: MemoryLocation
) -> None:
    first = publish(location, FILES).id
    second = publish(location, {**FILES, "one.py": b"other"}).id
    taking = Taking(location, folder)
    versions.make(first, taking)
    location.asked.clear()
    versions.make(second, taking)
    assert (versions.place(first) / "package/two.py").samefile(versions.place(second) / "package/two.py")
    assert len([key for doing, key in location.asked if doing == "stream"]) == 1


def test_an_old_version_that_no_task_uses_is_removed(
    versions: Versions, folder: Folder, location: MemoryLocation, tmp_path: Path
) -> None:
    release = publish(location, FILES).id
    versions.make(release, Taking(location, folder))
    assert versions.collect(60) == []
    age(versions.place(release))
    tracked = tmp_path / "tracking" / release
    tracked.write_text("2026-01-01T00:00:00+00:00")
    assert versions.collect(60) == []  # a task used it just now
    age(tracked)
    with tracked.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert versions.collect(60) == []  # a task that runs has locked it
    assert versions.collect(60) == [release]
    assert not versions.place(release).exists()
    assert not tracked.exists()


def test_a_version_that_airflow_does_not_know_is_removed_by_its_age(
    versions: Versions, folder: Folder, location: MemoryLocation
) -> None:
    release = publish(location, FILES).id
    versions.make(release, Taking(location, folder))
    age(versions.place(release))
    versions.make(release, Taking(location, folder))  # used again
    assert versions.collect(60) == []
    age(versions.place(release))
    assert versions.collect(60) == [release]


def test_a_version_elsewhere_has_a_folder_for_airflow_to_delete(versions: Versions) -> None:
    versions.reserve("ab" * 32)
    versions.reserve("ab" * 32)
    assert list(versions.place("ab" * 32).iterdir()) == []


def age(path: Path) -> None:
    os.utime(path, (1, 1))
