"""Composing in worlds that fail: full, killed, crowded, damaged, read-only and masked.

A build either gives the digest that it gives anywhere, or exits with a code that says why and leaves nothing
half-written; then the same command gives the digest. The project is this repository's with few of its packages
(`reduced`): a real Debian base and interpreter and a few real wheels compose in seconds, so that a hundred builds
can be killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from mounts import Mounts
from reduced import KINDS, files, image_in, is_whole, require_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from project import Project
    from reduced import Built

pytestmark = pytest.mark.real

SEED = 20261123
KILLS = 100
OTHER_USER = ("unshare", "--user", "--map-user=12345", "--map-group=54321", "--")


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    with Mounts.create() as made:
        yield made


def refused(project: Project, *arguments: str, code: int, under: tuple[str, ...] = ()) -> str:
    done = project.run(*arguments, check=False, under=under)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (code, b""), said
    assert "Traceback" not in said
    return said


# Space


@pytest.mark.parametrize("size", ["4k", "12m", "45m"], ids=["nothing", "interpreter", "fragments"])
def test_a_full_cache_is_exit_code_17_and_with_room_the_digest_is_the_same(
    built: Built, mounts: Mounts, tmp_path: Path, size: str
) -> None:
    project = built.cold(tmp_path)
    seen = mounts.memory(project.cache, f"size={size},nr_inodes=100k")
    mounts.run("ln", "-s", built.store, project.cache / "store")

    said = refused(project, "image", "--offline", code=17, under=mounts.enter)

    assert "No space left on device" in said
    assert "AIRLOCK_CACHE" in said
    require_whole(project, cache=seen)
    assert not list(seen.glob("trees/.*-*")), "half an interpreter is left"
    assert not (project.layout / "index.json").exists()
    mounts.run("mount", "-o", "remount,size=1g", project.cache)
    assert project.image(under=mounts.enter)["digest"] == built.digest


@pytest.mark.parametrize("size", ["4k", "1m", "10m", "24m"])
def test_a_full_layout_is_exit_code_17_and_with_room_the_digest_is_the_same(
    built: Built, mounts: Mounts, tmp_path: Path, size: str
) -> None:
    project = built.warm(tmp_path)
    build = project.layout.parent
    seen = mounts.memory(build, f"size={size}")

    said = refused(project, "image", "--offline", code=17, under=mounts.enter)

    assert "No space left on device" in said
    require_whole(project, layout=seen / "image/blobs")
    assert not (seen / "image/index.json").exists()
    mounts.run("mount", "-o", "remount,size=1g", build)
    assert project.image(under=mounts.enter)["digest"] == built.digest


# kill -9


@dataclass
class Victim:
    """A project whose builds are killed; two states of it give two digests."""

    project: Project
    built: Built
    chance: random.Random

    def edit(self, number: int) -> None:
        path = self.project.folder / "operators/airlock_operators/edited.py"
        path.write_text(f"NUMBER = {number}\n")

    def forget(self, *, everything: bool) -> None:
        """Remove part of what can be made again, so that there is something to be killed at."""
        cache = self.project.cache / "cache"
        if everything:
            for folder in (cache, self.project.cache / "trees"):
                shutil.rmtree(folder, ignore_errors=True)
        for kind in ("checked", "layers"):
            shutil.rmtree(cache / kind, ignore_errors=True)
        for kind in ("facts", "frames"):
            small = [path for path in files(cache / kind) if path.stat().st_size < 500_000]
            for path in self.chance.sample(small, min(3, len(small))):
                path.unlink()

    def remember(self) -> None:
        """Fill the caches again with what is missing, so that builds do not have more and more to do."""
        source, target = self.built.project.cache, self.project.cache
        for path in (*files(source / "cache/facts"), *files(source / "cache/frames")):
            place = target / path.relative_to(source)
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, place)  # entries are replaced, never written to

    def kill(self, seconds: float) -> bool:
        """Start a build and kill it with all its children; say whether it was still running."""
        command = ["setsid", *self.project.command("image", "--offline")]
        running = process.start(command, env=self.project.variables())
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        _, said = running.communicate()
        assert running.returncode in {0, -signal.SIGKILL}, said.decode()
        return running.returncode != 0


def test_a_hundred_killed_builds_leave_the_old_image_or_the_new_and_the_next_gives_the_digest(
    built: Built, tmp_path: Path
) -> None:
    victim = Victim(built.warm(tmp_path), built, random.Random(SEED))  # noqa: S311 - not for secrets
    project = victim.project
    digests = []
    for number in range(2):
        victim.edit(number)
        digests.append(project.image()["digest"])
    assert digests[0] != digests[1]
    phases: Counter[str] = Counter()
    longest = 1.2  # seconds; follows the machine, so that most builds are killed, wherever they are
    for number in range(KILLS):
        everything, wiped = number % 20 == 0, number % 4 == 0
        if wiped:
            shutil.rmtree(project.layout, ignore_errors=True)
        victim.forget(everything=everything)
        victim.edit(number % 2)
        before, known = image_in(project), set(files(project.cache / "cache"))
        killed = victim.kill(victim.chance.uniform(0.2, 1) * longest * (2 if everything else 1))
        after = image_in(project)
        assert after in {before, digests[number % 2]}
        made = {
            path.relative_to(project.cache).parts[1]
            for path in files(project.cache / "cache")
            if path not in known
        }
        phases["published" if after != before else phase(made)] += killed
        longest *= 1.06 if killed else 0.75
        victim.remember()
        if number % 25 == 24:
            assert project.image()["digest"] == digests[number % 2] == image_in(project)
            require_whole(project)
    assert phases.total() >= KILLS * 0.7, phases
    assert {"nothing yet", "fragments", "layers"} <= phases.keys(), phases
    assert project.image()["digest"] == digests[1]


def phase(made: set[str]) -> str:
    """Name how far a killed build came, by the kinds of cache entries that it made."""
    for kind in ("layers", "checked"):
        if kind in made:
            return kind
    return "fragments" if made else "nothing yet"


# Several at once


def test_three_builds_at_once_into_one_layout_agree(built: Built, tmp_path: Path) -> None:
    project = built.cold(tmp_path)
    at_once(built, [project] * 3)
    assert image_in(project) == built.digest
    require_whole(project)


def test_two_builds_at_once_on_one_empty_cache_agree(built: Built, tmp_path: Path) -> None:
    projects = [built.cold(tmp_path / str(number)) for number in range(2)]
    shared = [replace(project, cache=projects[0].cache) for project in projects]
    at_once(built, shared)
    for project in shared:
        assert image_in(project) == built.digest
    require_whole(shared[0])


def at_once(built: Built, projects: list[Project]) -> None:
    running = [
        process.start(project.command("image", "--offline"), env=project.variables()) for project in projects
    ]
    for one in running:
        result, said = one.communicate(timeout=120)
        assert (one.returncode, result.decode().strip()) == (0, built.digest), said.decode()


# Damage


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def truncate(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


DAMAGES = {"bit-flipped": flip, "truncated": truncate}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())


@damages
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_cache_entries_are_noticed_and_made_again(
    built: Built, tmp_path: Path, kind: str, damage: Callable[[Path, random.Random], None]
) -> None:
    chance = random.Random(SEED)  # noqa: S311
    project = built.warm(tmp_path)
    entries = to_be_read(project, kind)
    chosen = chance.sample(
        [path for path in entries if path.stat().st_size < 2_000_000], min(5, len(entries))
    )
    for path in chosen:
        damage(path, chance)

    assert project.image()["digest"] == built.digest

    for path in chosen:
        assert is_whole(path), f"{path} was not noticed"


def to_be_read(project: Project, kind: str) -> list[Path]:
    """Return the entries of a kind that the next build reads, after removing what would spare it that."""
    cache = project.cache / "cache"
    if kind == "intact":  # of the layout's files, where they are now
        shutil.rmtree(cache / kind)
        project.image()
        return files(cache / kind)
    entries = files(cache / kind)
    shutil.rmtree(project.layout)
    for other in {"checked", "layers"} - {kind}:
        shutil.rmtree(cache / other)
    if kind == "wheels":  # of our own distributions, which are small
        for path in files(cache / "facts"):
            if json.loads(path.read_bytes().partition(b"\n")[2])["package"].startswith("airlock-"):
                path.unlink()
    return entries


def test_every_kind_of_cache_entry_is_damaged_above(built: Built) -> None:
    kinds = {path.name for path in (built.project.cache / "cache").iterdir()}
    assert kinds == set(KINDS)


@damages
def test_damaged_files_of_a_layout_are_noticed_and_written_again(
    built: Built, tmp_path: Path, damage: Callable[[Path, random.Random], None]
) -> None:
    project = built.warm(tmp_path)
    before = {path: path.read_bytes() for path in files(project.layout)}
    for path in before:
        damage(path, random.Random(SEED))  # noqa: S311
    assert project.image()["digest"] == built.digest
    assert {path: path.read_bytes() for path in files(project.layout)} == before


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("lib/x86_64-linux-gnu/libc.so.6", flip),
        ("bin/python3.13", truncate),
        ("lib/python3.13/os.py", flip),
        (".sums", truncate),
    ],
)
def test_a_damaged_interpreter_is_noticed_and_unpacked_again(
    built: Built, tmp_path: Path, part: str, damage: Callable[[Path, random.Random], None]
) -> None:
    project = built.warm(tmp_path)
    (path,) = (path for path in files(project.cache / "trees") if str(path).endswith(f"/{part}"))
    before = path.read_bytes()
    damage(path, random.Random(SEED))  # noqa: S311
    to_be_read(project, "frames")
    for frame in files(project.cache / "cache/frames"):
        if frame.stat().st_size < 20_000:  # so that something is compiled
            frame.unlink()
    assert project.image()["digest"] == built.digest
    assert path.read_bytes() == before
    assert not list((project.cache / "trees").glob(".*-*"))


# Homes and /proc


def test_a_read_only_home_does_when_the_cache_is_elsewhere(
    built: Built, mounts: Mounts, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    mounts.memory(home, "ro")
    project = in_home(built.warm(tmp_path), home)
    shutil.rmtree(project.cache / "cache/checked")
    assert project.image(under=mounts.enter)["digest"] == built.digest


def test_a_read_only_home_that_holds_the_cache_is_exit_code_17(
    built: Built, mounts: Mounts, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    mounts.memory(home, "size=10m")
    mounts.run("mkdir", "-p", home / ".cache/airlock")
    mounts.run("ln", "-s", built.store, home / ".cache/airlock/store")
    mounts.run("mount", "-o", "remount,ro", home)
    project = in_home(built.cold(tmp_path), home)

    said = refused(project, "image", "--offline", code=17, under=(*mounts.enter, *WITHOUT_CACHE))

    assert "Read-only file system" in said
    assert "choose another cache folder with AIRLOCK_CACHE" in said


def test_a_home_that_does_not_exist_does_when_the_cache_is_elsewhere(
    built: Built, mounts: Mounts, tmp_path: Path
) -> None:
    mounts.memory(tmp_path / "homes", "ro")
    project = in_home(built.warm(tmp_path), tmp_path / "homes/none")
    shutil.rmtree(project.cache / "cache/checked")
    assert project.image(under=mounts.enter)["digest"] == built.digest


def test_a_home_that_cannot_be_made_is_exit_code_17(built: Built, mounts: Mounts, tmp_path: Path) -> None:
    mounts.memory(tmp_path / "homes", "ro")
    project = in_home(built.cold(tmp_path), tmp_path / "homes/none")
    said = refused(project, "fetch", code=17, under=(*mounts.enter, *WITHOUT_CACHE))
    assert "choose another cache folder with AIRLOCK_CACHE" in said


def test_a_user_without_any_home_is_exit_code_17(built: Built, tmp_path: Path) -> None:
    project = built.cold(tmp_path)
    without = (*OTHER_USER, *WITHOUT_CACHE, "--unset=HOME", "--unset=XDG_CACHE_HOME")
    said = refused(project, "image", "--offline", code=17, under=without)
    assert "next:    export AIRLOCK_CACHE=FOLDER" in said


WITHOUT_CACHE = ("env", "--unset=AIRLOCK_CACHE")


def in_home(project: Project, home: Path) -> Project:
    return replace(project, environment={**project.environment, "HOME": str(home)})


def test_a_masked_proc_changes_nothing(built: Built, mounts: Mounts, tmp_path: Path) -> None:
    project = built.cold(tmp_path)
    mounts.memory(Path("/proc"), "ro")
    assert project.image(under=mounts.enter)["digest"] == built.digest


def test_under_a_masked_proc_run_works_or_says_that_no_sandbox_can_be_made(
    built: Built, mounts: Mounts, tmp_path: Path
) -> None:
    project = built.warm(tmp_path)
    mounts.memory(Path("/proc"), "ro")
    words = ("run", "--", "python3.13", "-c", "print(6 * 7)")
    done = project.run(*words, check=False, under=mounts.enter)
    said = done.stderr.decode()
    if done.returncode:
        assert (done.returncode, done.stdout) == (12, b""), said
        assert "no sandbox can be made here" in said
        assert "Traceback" not in said
    else:
        assert done.stdout == b"42\n"
