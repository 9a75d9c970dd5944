"""The folders of versions: real ones, made by one of many processes, removed once no task uses them."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
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
    return Versions(folder, tmp_path / "versions", tmp_path / "tracking")


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
    tracked = tmp_path / "tracking" / release
    Versions(folder, tmp_path / "versions", tmp_path / "tracking").make(release, Taking(location, folder))
    assert versions.collect(60) == []
    age(versions.place(release), tmp_path / "versions" / release)
    assert versions.collect(60) == []  # a task used it just now
    age(tracked)
    with tracked.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert versions.collect(60) == []  # a task that runs has locked it
    assert versions.collect(60) == [release]
    assert not any(
        path.exists() for path in (versions.place(release), tmp_path / "versions" / release, tracked)
    )


def test_a_version_that_airflow_does_not_know_is_removed_by_its_age(
    versions: Versions, tmp_path: Path
) -> None:
    place, used = versions.place("ab" * 32), versions.place("cd" * 32)
    for path in (place, used):
        path.mkdir(parents=True)
    age(place)
    assert versions.collect(60) == ["ab" * 32]
    assert used.is_dir()
    assert list((tmp_path / "tracking").iterdir()) == []


def test_what_airflow_could_not_clean_up_is(versions: Versions, tmp_path: Path) -> None:
    tracked = (
        tmp_path / "tracking" / ("ab" * 32)
    )  # its own cleaning fails at a file without a folder, and at all after it
    tracked.parent.mkdir()
    tracked.touch()
    age(tracked)
    assert versions.collect(60) == ["ab" * 32]
    assert not tracked.exists()


def test_a_version_is_held_from_when_it_is_found_and_not_from_when_airflow_has_read_it(
    versions: Versions, folder: Folder, location: MemoryLocation, tmp_path: Path
) -> None:
    release = publish(location, FILES).id
    versions.make(release, Taking(location, folder))
    tracked = tmp_path / "tracking" / release
    assert datetime.fromisoformat(tracked.read_text()) > datetime.now(UTC) - timedelta(minutes=1)
    age(versions.place(release), tracked, tmp_path / "versions" / release)
    assert versions.collect(60) == []
    with tracked.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as Airflow's cleaning asks


def test_what_airflow_deletes_file_by_file_is_no_version(
    versions: Versions, folder: Folder, location: MemoryLocation, tmp_path: Path
) -> None:
    release = publish(location, FILES).id
    versions.make(release, Taking(location, folder))
    assert list((tmp_path / "versions" / release).iterdir()) == []
    shutil.rmtree(tmp_path / "versions" / release)
    (tmp_path / "tracking" / release).unlink()
    assert not versions.make(release, Taking(location, folder))
    assert (versions.place(release) / "package/two.py").is_file()
    assert (tmp_path / "versions" / release).is_dir()


def test_who_waits_while_a_version_is_deleted_makes_it_anew(
    versions: Versions, folder: Folder, location: MemoryLocation, tmp_path: Path
) -> None:
    release = publish(location, FILES).id
    Versions(folder, tmp_path / "versions", tmp_path / "tracking").make(release, Taking(location, folder))
    tracked = tmp_path / "tracking" / release
    with ThreadPoolExecutor(1) as pool, tracked.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        making = pool.submit(versions.make, release, Taking(location, folder))
        time.sleep(0.1)
        assert not making.done()
        versions.place(release).rename(tmp_path / "gone")
        tracked.unlink()
        file.close()
        assert making.result(10)
    assert (versions.place(release) / "one.py").read_bytes() == b"1"
    assert tracked.exists()


def test_a_version_serves_where_it_cannot_be_held(
    versions: Versions, folder: Folder, location: MemoryLocation, tmp_path: Path
) -> None:
    (tmp_path / "tracking").touch()
    release = publish(location, FILES).id
    assert versions.make(release, Taking(location, folder))
    assert (versions.place(release) / "one.py").is_file()


def test_a_version_elsewhere_has_a_folder_for_airflow_to_delete(versions: Versions, tmp_path: Path) -> None:
    versions.reserve("ab" * 32)
    versions.reserve("ab" * 32)
    assert list((tmp_path / "versions" / ("ab" * 32)).iterdir()) == []


def age(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (1, 1))
