"""One changed byte, anywhere: refused or made again; none passes unnoticed.

AIRLOCK_TEST_SEED chooses other bytes, AIRLOCK_TEST_ROUNDS=10 ten times as many.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from airlock import cli
from airlock.errors import CorruptError, ImageError
from airlock.layout import read_image
from airlock.places import places
from airlock.platforms import AMD64
from project import share_store
from reduced import KINDS, files, require_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from project import Project
    from reduced import Built

pytestmark = pytest.mark.real

SEED = int(os.environ.get("AIRLOCK_TEST_SEED", "20261126"))
ROUNDS = int(os.environ.get("AIRLOCK_TEST_ROUNDS", "1"))


@dataclass
class Changes:
    """Changes files by one byte each, and says which if a test fails."""

    chance: random.Random

    def of(self, content: bytes, *, below: int | None = None) -> tuple[bytes, str]:
        """Flip a bit, add or remove a byte, in the first `below` bytes or anywhere."""
        at = self.chance.randrange(min(below or len(content), len(content)))
        match self.chance.choice(("flipped", "added", "removed")):
            case "flipped":
                byte, after, what = content[at] ^ 1 << self.chance.randrange(8), at + 1, "flipped in"
            case "added":
                byte, after, what = self.chance.randrange(256), at, "added before"
            case _:
                return content[:at] + content[at + 1 :], f"{self}: byte {at} removed"
        return content[:at] + bytes([byte]) + content[after:], f"{self}: {byte:#x} {what} byte {at}"

    def write(self, path: Path, *, below: int | None = None) -> str:
        """Change a file, by writing to it; return what was done."""
        content, what = self.of(path.read_bytes(), below=below)
        path.write_bytes(content)
        return f"{path}: {what}"

    def some(self, paths: Iterable[Path], number: int) -> list[Path]:
        listed = sorted(paths)
        return self.chance.sample(listed, min(number * ROUNDS, len(listed)))

    def __str__(self) -> str:
        return f"AIRLOCK_TEST_SEED={SEED}"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class World:
    """A composed project of few packages with its own store and caches; commands run in this process."""

    project: Project
    digest: str
    changes: Changes

    def run(self, *arguments: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        words = ["airlock", "--project", str(self.project.folder), *arguments]
        with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
            patch.setattr(sys, "argv", words)
            for name, value in self.project.variables().items():
                patch.setenv(name, value)
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            with pytest.raises(SystemExit) as exited:
                cli.main()
        assert isinstance(exited.value.code, int)
        return Said(exited.value.code, out.getvalue(), err.getvalue())

    def require_same(self, what: str) -> None:
        said = self.run("image", "--offline")
        assert (said.code, said.out) == (0, f"{self.digest}\n"), f"{what}: {said.err}"

    def require_refused(self, codes: set[int], what: str) -> None:
        said = self.run("image", "--offline")
        assert said.code in codes, f"{what}: {said}"
        assert (said.out, "Traceback" in said.err) == ("", False), f"{what}: {said}"

    def forget(self, *kinds: str, package: str = "") -> None:
        """Remove cache entries of these kinds, or those of a package's fragment."""
        cache = self.project.cache / "cache"
        for kind in kinds:
            shutil.rmtree(cache / kind, ignore_errors=True)
        for facts in files(cache / "facts") if package else ():
            if json.loads(facts.read_bytes().partition(b"\n")[2])["package"] == package:
                facts.unlink()
                (cache / "frames" / facts.parent.name / facts.name).unlink()


@pytest.fixture
def world(built: Built, tmp_path: Path, request: pytest.FixtureRequest) -> World:
    chance = random.Random(f"{SEED} {request.node.name}")  # noqa: S311 - not for secrets
    return World(built.warm(tmp_path), built.digest, Changes(chance))


# Locks


@pytest.mark.parametrize("name", ["airflow.lock", "debian.lock"])
def test_a_lock_with_another_byte_is_refused(world: World, name: str) -> None:
    path = world.project.folder / "constraints" / name
    content = path.read_bytes()
    first_line = content.index(b"\n") + 1
    header = content.index(b"\n\n")
    for below in [first_line] * 8 + [header] * 4 + [None] * 12 * ROUNDS:
        what = world.changes.write(path, below=below)
        world.require_refused({4}, what)
        path.write_bytes(content)
    world.require_same("restored")


@pytest.mark.parametrize("name", ["airflow.lock", "debian.lock"])
def test_a_lock_that_was_cut_off_or_has_other_line_ends_is_refused(world: World, name: str) -> None:
    path = world.project.folder / "constraints" / name
    content = path.read_bytes()
    whole_lines = [at + 1 for at, byte in enumerate(content[:-1]) if byte == ord("\n")]
    cuts = [0, 1, len(content) - 1, *world.changes.chance.sample(whole_lines, 4)]
    cuts += [world.changes.chance.randrange(len(content)) for _ in range(4)]
    for cut in cuts:
        path.write_bytes(content[:cut])
        world.require_refused({4}, f"{name} cut off after {cut} bytes ({world.changes})")
    for what, ends in (("CRLF", b"\r\n"), ("CR", b"\r")):
        path.write_bytes(content.replace(b"\n", ends))
        world.require_refused({4}, what)
    first, _, rest = content.partition(b"\n")
    path.write_bytes(first + b"\n" + rest.replace(b"\n", b"\r", 1))
    world.require_refused({4}, "one CR")
    path.write_bytes(content + b"\n")
    world.require_refused({4}, "one line more")


def test_each_line_of_a_tier_is_part_of_the_lock(world: World) -> None:
    path = world.project.folder / "constraints/airflow.lock"
    content = path.read_bytes()
    places_ = [at for at in range(len(content)) if content.startswith(b"tier: ", at)]
    assert places_
    for at in places_:
        digit = at + len(b"tier: ")
        path.write_bytes(content[:digit] + bytes([content[digit] ^ 1]) + content[digit + 1 :])
        world.require_refused({4}, f"tier at byte {at}")


# Caches


@pytest.mark.parametrize("kind", KINDS)
def test_a_cache_entry_with_another_byte_is_made_again(world: World, kind: str) -> None:
    entries = to_be_read(world, kind)
    chosen = {path: path.read_bytes() for path in world.changes.some(entries, 8)}
    done = [world.changes.write(path, below=80 if number % 2 else None) for number, path in enumerate(chosen)]

    world.require_same("\n".join(done))

    require_whole(world.project)
    for path, before in chosen.items():
        if kind != "intact":  # inodes and times, which are others
            assert path.read_bytes() == before, done


def to_be_read(world: World, kind: str) -> list[Path]:
    """Return the entries of a kind, all of which the next build reads, for what would spare it that is gone."""
    cache = world.project.cache / "cache"
    if kind == "intact":
        world.forget(kind)
        world.require_same("unchanged")
        return files(cache / kind)
    entries = files(cache / kind)
    shutil.rmtree(world.project.layout)
    world.forget(*{"checked", "layers"} - {kind})
    if kind == "wheels":
        for name in ("spec", "operators", "plugins"):
            world.forget(package=f"airlock-{name}")
    return entries


# The store


@pytest.mark.parametrize("package", ["requests", "pyyaml", "greenlet", "zlib1g", "libexpat1", "base-files"])
def test_a_file_of_the_store_with_another_byte_is_refused(world: World, package: str) -> None:
    stored = world.project.stored(package)
    content = stored.read_bytes()
    (world.project.cache / "store").unlink()
    share_store(places().root, world.project.cache)
    for _ in range(2 * ROUNDS):
        changed, what = world.changes.of(content)
        stored.unlink()  # a link to the file that all tests share
        stored.write_bytes(changed)
        world.forget("checked", "layers", package=package)
        world.require_refused({8} if len(changed) == len(content) else {6}, f"{package}: {what}")
        assert not stored.exists() or len(changed) != len(content)
        stored.unlink(missing_ok=True)
        stored.write_bytes(content)
        world.require_same("restored")


# The interpreter


def test_an_interpreter_with_another_byte_is_unpacked_again(world: World) -> None:
    trees = world.project.cache / "trees"
    everything = {
        path: path.read_bytes() for path in files(trees) if path.name != ".seen" and path.stat().st_size
    }
    chosen = [path for path in everything if path.name == ".sums"] + world.changes.some(everything, 4)
    for path in chosen:
        what = world.changes.write(path)
        world.forget("checked", "layers", package="airlock-plugins")
        world.require_same(what)
        assert path.read_bytes() == everything[path], what
    for path in files(trees):
        if path.name == ".seen":
            world.forget("checked", "layers", package="airlock-plugins")
            world.require_same(world.changes.write(path))


# The layout


def test_a_layout_with_another_byte_is_never_read_as_another_image_and_is_written_again(world: World) -> None:
    layout = world.project.layout
    before = {path: path.read_bytes() for path in files(layout)}
    documents = [path for path in before if len(before[path]) < 100_000]
    world.require_same("settled")  # what was copied is known by its inodes from now on
    for path in [*world.changes.some(before, 12), *documents, *[layout / "index.json"] * 12]:
        times = path.stat()
        what = world.changes.write(path)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # the ctime cannot be set back
        with contextlib.suppress(ImageError, CorruptError):
            assert read_image(layout, AMD64).digest == world.digest, what
        world.require_same(what)
        assert path.read_bytes() == before[path], what
    assert {path: path.read_bytes() for path in files(layout)} == before
