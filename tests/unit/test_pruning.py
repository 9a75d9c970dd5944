"""What was not used lately goes; what is in use, or named by the locks, stays."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import cached, pruning, writing
from airlock.cache import Cache
from airlock.cached import DOWNLOADS, INTERPRETERS, STORE, TREES, Entry, Part
from airlock.compose import interpreter as interpreter_of_images
from airlock.layout import read_image
from airlock.places import Places
from airlock.platforms import AMD64
from airlock.pruning import Rules, chosen, freed, leftovers, remove, remove_leftovers
from airlock.terminal import Terminal
from airlock.tree import Trees
from layouts import Member, write_layout
from small_project import SmallProject

if TYPE_CHECKING:
    from airlock.layout import LaidOutImage

NOW = 1_000_000.0
ONE, TWO = f"aa{1:062}", f"aa{2:062}"
OLD, NEW, FULL = ("0" * 64, "1" * 64, "2" * 64)
EVERYTHING = Rules(max_size=0)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "airlock")


def entry(name: str, age: float, *parts: tuple[int, int], kind: str = "cache/frames") -> Entry:
    return Entry(kind, Path(name), NOW - age, tuple(Part((0, inode), size) for inode, size in parts))


def names(found: list[Entry]) -> list[str]:
    return [one.path.name for one in found]


def prune(places: Places, rules: Rules = EVERYTHING) -> list[Entry]:
    return remove(places, chosen(cached.entries(places), rules, time.time()))


def test_what_is_older_goes() -> None:
    found = [entry("new", 10, (1, 5)), entry("old", 30, (2, 5)), entry("just", 20, (3, 5))]
    assert names(chosen(found, Rules(older_than=20), NOW)) == ["old"]


def test_the_least_recently_used_goes_until_the_size_is_right() -> None:
    found = [entry("c", 10, (3, 30)), entry("a", 30, (1, 10)), entry("b", 20, (2, 20))]
    assert names(chosen(found, Rules(max_size=60), NOW)) == []
    assert names(chosen(found, Rules(max_size=59), NOW)) == ["a"]
    assert names(chosen(found, Rules(max_size=49), NOW)) == ["a", "b"]
    assert names(chosen(found, Rules(max_size=0), NOW)) == ["a", "b", "c"]


def test_what_entries_share_is_freed_with_the_last_of_them() -> None:
    found = [entry("a", 30, (1, 100), (2, 1)), entry("b", 20, (1, 100), (3, 1)), entry("c", 10, (4, 1))]
    assert names(chosen(found, Rules(max_size=102), NOW)) == ["a"]
    assert names(chosen(found, Rules(max_size=101), NOW)) == ["a", "b"]
    assert freed(found, found[:1]) == 1
    assert freed(found, found[:2]) == 102


def test_the_store_neither_counts_nor_goes_unless_asked_for_and_never_what_the_locks_name() -> None:
    found = [
        entry("s", 3 * 86400, (1, 100), kind=STORE),
        entry("named", 4 * 86400, (2, 100), kind=STORE),
        entry("of-today", 50, (4, 100), kind=STORE),
        entry("a", 10, (3, 10)),
    ]
    assert names(chosen(found, Rules(max_size=10), NOW)) == []
    rules = Rules(max_size=0, older_than=0, store=True, protected=frozenset([Path("named")]))
    assert names(chosen(found, rules, NOW)) == ["s", "a"]


def test_an_interpreter_used_in_the_last_two_days_stays() -> None:
    found = [
        entry("new", 1.9 * 86400, (1, 1), kind=INTERPRETERS),
        entry("old", 2.1 * 86400, (2, 1), kind=INTERPRETERS),
    ]
    assert names(chosen(found, EVERYTHING, NOW)) == ["old"]


def test_an_entry_that_was_used_since_it_was_looked_at_stays(places: Places) -> None:
    cache = Cache(places.cache)
    cache.write("frames", ONE, b"x")
    cache.write("frames", TWO, b"x")
    for key in (ONE, TWO):
        os.utime(places.cache / "frames/aa" / key, (0, 0))
    gone = chosen(cached.entries(places), EVERYTHING, time.time())
    cache.read("frames", ONE)
    assert names(remove(places, gone)) == [TWO]
    assert cache.read("frames", ONE) == b"x"
    assert cache.read("frames", TWO) is None


def lay_out(folder: Path, name: str) -> LaidOutImage:
    write_layout(folder / name, [[Member("base", b"base")], [Member("name", name.encode())]])
    return read_image(folder / name, AMD64)


def test_a_tree_in_use_stays_and_its_layers(places: Places, tmp_path: Path) -> None:
    trees = Trees(places.trees, Terminal(quiet=True))
    with trees.use(lay_out(tmp_path, "one")), trees.use(lay_out(tmp_path, "two")):
        pass
    with trees.use(lay_out(tmp_path, "one")) as tree:
        assert [one.kind for one in prune(places)] == [TREES]
        assert (tree / "name").read_text() == "one"
        assert len(list((places.trees / "layers").iterdir())) == 2
    assert len(prune(places)) == 1
    assert [path.name for path in places.trees.iterdir()] in (["layers", ".lock"], [".lock", "layers"])
    assert list((places.trees / "layers").iterdir()) == []


def test_a_tree_that_is_being_made_keeps_all_trees(places: Places, tmp_path: Path) -> None:
    with Trees(places.trees, Terminal(quiet=True)).use(lay_out(tmp_path, "one")):
        pass
    with (places.trees / ".lock").open() as making:
        fcntl.flock(making, fcntl.LOCK_SH)
        assert prune(places) == []
    assert len(prune(places)) == 1


def test_a_download_that_somebody_goes_on_with_stays(places: Places) -> None:
    places.downloads.mkdir(parents=True)
    for name in (f"{ONE}.part", f"{TWO}.part"):
        (places.downloads / name).write_bytes(b"half")
    with (places.downloads / f"{ONE}.part").open("a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert names(prune(places)) == [f"{TWO}.part"]
    assert {one.kind for one in cached.entries(places)} == {DOWNLOADS}


def test_an_interpreter_that_was_not_used_goes_and_is_made_again(tmp_path: Path) -> None:
    project = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    digest = project.compose().digest
    (interpreter,) = [one for one in cached.entries(project.places) if one.kind == INTERPRETERS]
    assert interpreter not in prune(project.places)
    os.utime(interpreter.path, (0, 0))
    assert [one.kind for one in prune(project.places)] == [INTERPRETERS]
    assert not interpreter.path.exists()
    assert project.compose().digest == digest
    assert interpreter.path.exists()


def test_leftovers_are_what_nobody_holds(places: Places) -> None:
    left = [
        places.cache / "frames/aa/.airlock-left.part",
        places.store / ".airlock-left.part",
        places.downloads / ".airlock-left.part",
        places.trees / ".airlock-left.part",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    folders = [
        places.trees / ".airlock-new-left",
        places.trees / "layers/.airlock-new-left",
        places.trees / ".airlock-interpreter-left",
    ]
    for path in folders:
        path.mkdir(parents=True)
        (path / "file").write_bytes(b"half")
    (places.trees / interpreter_of_images.LOCK).touch()
    (places.trees / ".lock").touch()
    with writing.replacing(places.cache / f"frames/bb/bb{1:062}") as file:
        file.write(b"being written")
        assert {path for path, _ in leftovers(places)} == {*left, *folders}
        assert all(path.exists() for path in (*left, *folders))
        assert {path for path, _ in remove_leftovers(places)} == {*left, *folders}
    assert not any(path.exists() for path in (*left, *folders))
    assert (places.cache / f"frames/bb/bb{1:062}").read_bytes() == b"being written"


def test_what_is_being_made_in_trees_is_no_leftover(places: Places) -> None:
    (places.trees / ".airlock-new-one").mkdir(parents=True)
    (places.trees / ".airlock-interpreter-one").mkdir()
    with (places.trees / ".lock").open("w") as tree, (places.trees / ".interpreter").open("w") as interpreter:
        fcntl.flock(tree, fcntl.LOCK_SH)
        fcntl.flock(interpreter, fcntl.LOCK_EX)
        assert remove_leftovers(places) == []
    assert len(remove_leftovers(places)) == 2


def test_an_empty_folder_of_the_store_goes_after_an_hour(places: Places) -> None:
    for name, age in ((OLD, 7200), (NEW, 0), (FULL, 7200), ("others", 7200)):
        (places.store / name).mkdir(parents=True)
        if name == FULL:
            (places.store / name / "file").touch()
        os.utime(places.store / name, (time.time() - age,) * 2)
    remove_leftovers(places)
    assert {path.name for path in places.store.iterdir()} == {NEW, FULL, "others"}


def test_composing_while_everything_is_pruned_all_the_time_makes_the_same_image(tmp_path: Path) -> None:
    calm = SmallProject.create(tmp_path / "calm", tmp_path / "calm-cache")
    wheels = {f"p{number}": {f"p{number}/__init__.py": f"x = {number}\n"} for number in range(15)}
    wheels["apache-airflow"] = {"airflow/__init__.py": "x = 1\n"}
    calm.lock_wheels(wheels)
    digest = calm.compose().digest

    pruned = SmallProject.create(tmp_path / "pruned", tmp_path / "pruned-cache")
    pruned.lock_wheels(wheels)
    stop, removed = threading.Event(), [0]

    def all_the_time() -> None:
        while not stop.is_set():
            remove_leftovers(pruned.places)
            removed[0] += len(prune(pruned.places))

    thread = threading.Thread(target=all_the_time)
    thread.start()
    try:
        digests = {pruned.compose().digest for _ in range(3)}
    finally:
        stop.set()
        thread.join()
    assert digests == {digest}
    assert removed[0] > 30
    assert list(pruned.places.cache.rglob(".*.part")) == []


def test_a_dry_run_is_a_plan_alone(places: Places) -> None:
    Cache(places.cache).write("frames", ONE, b"x")
    assert len(chosen(cached.entries(places), EVERYTHING, time.time())) == 1
    assert pruning.leftovers(places) == []
    assert len(cached.entries(places)) == 1


def test_what_is_freed_is_not_compared_one_by_one() -> None:
    class Listed(list[Entry]):
        def __contains__(self, _: object) -> bool:
            raise AssertionError("a search through all that goes, for each that is kept")

    found = [entry(str(number), 10, (number, 1)) for number in range(3)]
    assert freed(found, Listed(found[:2])) == 2
