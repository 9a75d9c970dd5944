"""A reader of releases dies, or its disk is full, at each change it makes to its folder: one whole release serves.

AIRLOCK_TEST_SEED chooses other moments, AIRLOCK_TEST_ROUNDS=10 ten times as many.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Pull, Rules
from memory_location import MemoryLocation
from release_children import (
    DONE,
    FAILED,
    SWALLOWED,
    counter,
    ended,
    event,
    pull_until,
    pull_with_limit,
    read_all,
    start,
)
from release_folders import contents
from release_worlds import files, publish, release

if TYPE_CHECKING:
    from pathlib import Path

SEED = int(os.environ.get("AIRLOCK_TEST_SEED", "20261126"))
ROUNDS = int(os.environ.get("AIRLOCK_TEST_ROUNDS", "1"))
AT_ONCE = 8  # points that are tried beside each other
FLIPS = 200
OLDER, OLD, NEW = 0, 1, 2


def location_of(*numbers: int) -> MemoryLocation:
    location = MemoryLocation()
    for number in numbers:
        publish(location, number)
    return location


def tell(text: str) -> None:
    """Say it where pytest shows it of a test that failed, and with -rP of the others."""
    print(text)  # noqa: T201 - as above


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a folder in which the old release serves, and an older one is kept."""
    for number in (OLDER, OLD):
        Pull(location_of(number), Folder(tmp_path / "template")).once()
    return tmp_path / "template"


def copied(template: Path, name: str) -> Folder:
    root = template.parent / name
    shutil.copytree(template, root, symlinks=True)
    return Folder(root)


def served(folder: Folder) -> int:
    """Return the number of the release that serves; it is whole, by the link and by the file."""
    by_link = {release(number): number for number in (OLDER, OLD, NEW)}[folder.link.resolve().name]
    assert contents(folder.link) == files(by_link)
    current = folder.current()
    assert folder.manifest(current).id == current
    by_file = {release(number): number for number in (OLDER, OLD, NEW)}[current]
    assert contents(folder.place(current)) == files(by_file)
    return by_link


def require_next(folder: Folder) -> None:
    """The next attempt succeeds, and leaves nothing of the one before."""
    pull = Pull(location_of(OLDER, OLD, NEW), folder, Rules(keep_for=0))
    pull.once()
    pull.collect()
    assert served(folder) == NEW
    names = {path.name for path in folder.root.iterdir()}
    assert names <= {".lock", ".staging", "current", "current.json", "releases"}
    assert not any((folder.root / ".staging").glob("*"))
    assert not [path for path in (folder.root / "releases").iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("doing", ["pull killed", "pull full"])
def test_a_reader_that_ends_at_any_change_it_makes_leaves_one_whole_release(
    template: Path, doing: str
) -> None:
    seen, points = {OLD: 0, NEW: 0}, 0
    codes: set[int] = set()
    while DONE not in codes:
        folders = [copied(template, f"{doing}-{point}") for point in range(points, points + AT_ONCE)]
        said = [template.parent / f"{folder.root.name}.said" for folder in folders]
        children = [
            start(pull_until, folder.root, [OLDER, OLD, NEW], points + at, doing, said[at])
            for at, folder in enumerate(folders)
        ]
        for child, folder, text in zip(children, folders, said, strict=True):
            code = ended(child)
            codes.add(code)
            assert code in ({DONE, -signal.SIGKILL} if "killed" in doing else {DONE, FAILED, SWALLOWED})
            if code == FAILED:
                assert "No space left on device" in text.read_text()
            seen[served(folder)] += 1
            require_next(folder)
            shutil.rmtree(folder.root)
        points += AT_ONCE
    tell(f"{points} points; the old release served after {seen[OLD]}, the new one after {seen[NEW]}")
    assert points > 20
    assert min(seen.values()) > 1


@pytest.mark.parametrize("doing", ["mend killed", "mend full"])
def test_mending_that_ends_at_any_change_is_done_by_the_next(template: Path, doing: str) -> None:
    (template / "current" / "one.py").unlink()
    codes: set[int] = set()
    point = 0
    while DONE not in codes:
        folder = copied(template, f"mend-{point}")
        codes.add(ended(start(pull_until, folder.root, [OLDER, OLD], point, doing, template.parent / "said")))
        there = contents(folder.link)  # which is there at every moment, with all that was not damaged
        assert {path: data for path, data in files(OLD).items() if path != "one.py"}.items() <= there.items()
        pull = Pull(location_of(OLDER, OLD), folder)
        pull.once()
        pull.mend()
        assert served(folder) == OLD
        point += 1
    assert point > 10


@pytest.mark.parametrize("limit", [0, 1, 10, 100, 300])
def test_a_write_that_fails_half_way_leaves_the_old_release(template: Path, limit: int) -> None:
    folder, said = copied(template, "limited"), template.parent / "said"
    assert ended(start(pull_with_limit, folder.root, [OLDER, OLD, NEW], limit, said)) == FAILED
    assert "File too large" in said.read_text()
    assert served(folder) == OLD
    require_next(folder)


def test_a_reader_that_is_killed_at_any_moment_leaves_one_whole_release(template: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - to be had again
    tell(f"seed {SEED}")
    folder = copied(template, "whole")
    begun = time.monotonic()
    assert ended(start(pull_until, folder.root, [OLDER, OLD, NEW], 10**6, "pull killed", template)) == DONE
    longest = time.monotonic() - begun
    killed = 0
    for turn in range(40 * ROUNDS):
        folder = copied(template, f"turn-{turn}")
        child = start(pull_until, folder.root, [OLDER, OLD, NEW], 10**6, "pull killed", template)
        time.sleep(chance.uniform(longest / 3, longest))
        child.kill()
        killed += ended(child) == -signal.SIGKILL
        assert served(folder) in {OLD, NEW}
        require_next(folder)
        shutil.rmtree(folder.root)
    assert killed > 5


def test_whoever_reads_during_two_hundred_switches_sees_whole_releases_alone(tmp_path: Path) -> None:
    location, folder = MemoryLocation(), Folder(tmp_path / "folder")
    publish(location, 0)
    pull = Pull(location, folder)
    pull.once()
    stop, looked, wrong = event(), counter(), tmp_path / "wrong"
    readers = [start(read_all, folder.root, stop, looked, wrong) for _ in range(2)]
    for number in range(1, FLIPS + 1):
        publish(location, number)
        assert pull.once().switched
    stop.set()
    assert {ended(reader) for reader in readers} == {0}
    assert looked.value > FLIPS / 4
    assert not wrong.exists(), wrong.read_text()
