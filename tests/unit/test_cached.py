"""What is cached is listed by kind, and its bytes are counted once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock import cached, pruning
from airlock.cache import Cache
from airlock.cached import Summary, entries, summaries
from airlock.compose import interpreter
from airlock.layout import read_image
from airlock.places import Places
from airlock.platforms import AMD64
from airlock.terminal import Terminal
from airlock.tree import Trees
from layouts import Member, write_layout
from small_project import SmallProject

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a" * 64


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "airlock")


def by_kind(places: Places) -> dict[str, Summary]:
    return {one.kind: one for one in summaries(entries(places))}


def test_nothing_is_cached_where_there_is_no_folder(places: Places) -> None:
    assert entries(places) == []


def test_each_kind_is_told_with_its_oldest_and_newest_use(places: Places) -> None:
    cache = Cache(places.cache)
    for number, key in enumerate((KEY, KEY[:-1] + "b", "bb" + KEY[2:])):
        cache.write("frames", key, b"x" * 10)
        os.utime(places.cache / "frames" / key[:2] / key, (0, 1000 + number))
    cache.write("facts", KEY, b"")
    found = by_kind(places)
    assert found["cache/frames"] == Summary("cache/frames", 3, 3 * (65 + 10), 1000, 1002)
    assert found["cache/facts"].entries == 1


def test_temporary_files_are_no_entries(places: Places) -> None:
    folder = places.cache / "frames" / "aa"
    folder.mkdir(parents=True)
    (folder / ".airlock-x.part").write_bytes(b"half")
    assert entries(places) == []


def test_a_file_with_several_names_counts_once(places: Places) -> None:
    for name in (KEY, "b" * 64):
        (places.store / name).mkdir(parents=True)
    (places.store / KEY / "file").write_bytes(b"x" * 100)
    os.link(places.store / KEY / "file", places.store / ("b" * 64) / "file")
    assert by_kind(places)["store"].bytes == 100
    assert by_kind(places)["store"].entries == 2


def test_trees_count_the_layers_that_they_share_once(places: Places, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_layout(tmp_path / name, [[Member("base", b"b" * 1000)], [Member("own", name.encode() * 100)]])
        with Trees(places.trees, Terminal(quiet=True)).use(read_image(tmp_path / name, AMD64)):
            pass
    found = by_kind(places)
    assert found["trees"].entries == 2
    hosts = sum(path.stat().st_size for path in places.trees.glob("*/etc/hosts"))
    assert found["trees"].bytes == 1000 + 2 * 300 + hosts


def test_the_interpreter_that_composing_unpacked_is_found(tmp_path: Path) -> None:
    project = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    project.compose()
    found = by_kind(project.places)
    assert found[cached.INTERPRETERS].entries == 1
    assert (project.places.trees / interpreter.LOCK).exists()
    (found_one,) = [one for one in entries(project.places) if one.kind == cached.INTERPRETERS]
    assert found_one.used > 0
    os.utime(found_one.path, (0, 0))
    found_one.path.joinpath(interpreter.SUMS).read_bytes()
    (found_one,) = [one for one in entries(project.places) if one.kind == cached.INTERPRETERS]
    assert found_one.used == 0


FOREIGN = [
    "store/a.deb",
    "store/apt/archives/a.deb",
    f"store/{'a' * 64}/.hidden",
    f"store/{'a' * 64}/deep/a.deb",
    "cache/apt/pkgcache.bin",
    f"cache/frames/bb/{'a' * 64}",
    f"cache/frames/aa/{'a' * 63}",
    f"cache/frames/{'a' * 64}",
    f"cache/Frames/aa/{'a' * 64}",
    "downloads/holiday.jpg",
    "downloads/film.part",
    "downloads/.film.part",
    "trees/oak/.sums",
    "trees/oak.lock",
    "trees/.lock",
    "trees/.new-folder/file",
    "trees/layers/oak/file",
]


def test_what_airlock_did_not_make_is_no_entry_and_no_leftover(places: Places) -> None:
    for name in FOREIGN:
        (places.root / name).parent.mkdir(parents=True, exist_ok=True)
        (places.root / name).write_bytes(b"x")
    (places.store / "empty").mkdir()
    for folder in places.store.iterdir():
        os.utime(folder, (0, 0))
    assert entries(places) == []
    assert pruning.leftovers(places) == pruning.remove_leftovers(places) == []
    assert all((places.root / name).exists() for name in FOREIGN)
    assert (places.store / "empty").exists()


def test_a_kind_that_is_a_link_is_not_followed_but_the_store_may_be_one(
    places: Places, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    for folder in (f"kind/{KEY[:2]}", f"store/{KEY}"):
        (outside / folder).mkdir(parents=True)
        (outside / folder / KEY).write_bytes(b"x")
    places.cache.mkdir(parents=True)
    (places.cache / "link").symlink_to(outside / "kind")
    places.store.symlink_to(outside / "store")
    assert [one.kind for one in entries(places)] == [cached.STORE]


def test_looking_changes_nothing_and_needs_no_right_to_write(places: Places) -> None:
    Cache(places.cache).write("frames", KEY, b"x")
    places.trees.mkdir()
    before = sorted(places.root.rglob("*"))
    assert len(entries(places)) == 1
    assert pruning.leftovers(places) == []
    assert sorted(places.root.rglob("*")) == before
