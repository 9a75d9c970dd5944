"""Worlds to build the image in: the same inputs, and as much else different as can be without being root."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import CommandError
from airlock.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.config import Config

_INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")  # what it takes to start this toolchain
_RESULTS = frozenset({"build", "dist", "node_modules"})  # of a distribution, as wheels.source leaves them out
_WITH_UMASK = 'umask "$0"; exec "$@"'


@dataclass(frozen=True)
class Circumstances:
    """What a world is like; nothing of it may decide a byte of the image."""

    name: str
    folder: str  # the world's folder: its length and its letters differ
    variables: Mapping[str, str]
    umask: int
    workers: int
    uid: int  # of the builder, and its group
    scrubbed: bool  # whether the builder sees nothing else of this environment
    home_exists: bool
    file_mode: int  # of the files that are read, besides the executable bit
    file_time: int  # seconds since 1970, one more for each file
    backwards: bool  # whether files are made in the reverse order: some file systems list them as made
    clock: str = ""  # how far the builder's clock is off, as faketime(1) takes it


WORLDS = (
    Circumstances(
        name="first",
        folder="a",
        variables={"TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "COLUMNS": "80"},
        umask=0o022,
        workers=1,
        uid=0,
        scrubbed=False,
        home_exists=True,
        file_mode=0o644,
        file_time=1_000_000_000,
        backwards=False,
    ),
    Circumstances(
        name="second",
        folder="another world, ünder a much longer path",
        variables={
            "TZ": "Asia/Kolkata", "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "PYTHONHASHSEED": "4711", "COLUMNS": "40",
            "SOURCE_DATE_EPOCH": "1700000000",
        },
        umask=0o077,
        workers=(os.cpu_count() or 1) + 3,
        uid=12345,
        scrubbed=True,
        home_exists=False,
        file_mode=0o600,
        file_time=1_700_000_000,
        backwards=True,
        clock="+400d",
    ),
)  # fmt: skip
VARIED = (
    "project folder", "home", "caches (empty)", "temporary folder", "environment", "umask", "time zone", "locale",
    "hash seed", "workers", "working directory", "file modes", "file times", "order of the files' creation",
)  # fmt: skip
ALWAYS_THE_SAME = ("machine", "kernel", "this toolchain and its Python")


@dataclass(frozen=True)
class Means:
    """What this machine lets a world differ in; each is the beginning of a command line, or empty."""

    unshare: Path | None  # makes user and network namespaces here
    unshare_network: Path | None  # makes network namespaces here, for root
    faketime: Path | None

    @property
    def lacking(self) -> list[str]:
        """Name what cannot be varied here."""
        named = (
            ("user (no user namespaces here)", self.unshare),
            ("network (no network namespaces here)", self.unshare or self.unshare_network),
            ("clock but for the time a build takes (no faketime here)", self.faketime),
        )
        return [*ALWAYS_THE_SAME, *(name for name, found in named if not found)]

    @property
    def varied(self) -> list[str]:
        named = (("user", self.unshare), ("clock", self.faketime))
        return [*VARIED, *(name for name, found in named if found)]

    def apart(self, world: Circumstances) -> list[str | Path]:
        """Return the beginning of a command line that runs the rest without a network, as another user."""
        command: list[str | Path] = []
        if self.unshare:
            command += [
                self.unshare,
                "--user",
                f"--map-user={world.uid}",
                f"--map-group={world.uid}",
                "--net",
                "--",
            ]
        elif self.unshare_network:
            command += [self.unshare_network, "--net", "--"]
        return [*command, *(_faketime(self.faketime, world.clock) if self.faketime and world.clock else [])]


@dataclass(frozen=True)
class Build:
    """An image made in a world; `digest` is what `airlock image` printed."""

    world: str
    digest: str
    layout: Path
    seconds: float


@dataclass(frozen=True)
class World:
    """A folder that holds a project's copy, caches and a home."""

    folder: Path
    circumstances: Circumstances
    means: Means
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def prepare(self, config: Config, store: Path) -> None:
        """Copy what the image is made from; the caches are empty but for the store, which is the same."""
        copy_inputs(config, self.project, self.circumstances)
        for name in ("cache", "tmp", *(["home"] if self.circumstances.home_exists else [])):
            (self.folder / name).mkdir()
        (self.folder / "cache" / "store").symlink_to(store)

    def build(self, platforms: Sequence[str]) -> Build:
        """Compose the image. Raises CommandError, with what the build said, where that fails."""
        start = time.monotonic()
        done = process.run(
            self._command(platforms),
            env=self._variables(),
            cwd=Path("/") if self.circumstances.backwards else self.project,
            check=False,
        )
        if done.returncode:
            raise CommandError(
                f"the image cannot be composed in the {self.circumstances.name} world: exit code {done.returncode}",
                cause=done.stderr.decode(errors="replace").strip(),
                remedy="airlock image",
            )
        digest = done.stdout.decode().strip()
        layout = self.project / "build" / "image"
        return Build(self.circumstances.name, digest, layout, time.monotonic() - start)

    def _command(self, platforms: Sequence[str]) -> list[str | Path]:
        return [
            *self.means.apart(self.circumstances), "/bin/sh", "-c", _WITH_UMASK, f"{self.circumstances.umask:03o}",
            sys.executable, "-P", "-m", "airlock", "--project", self.project, "image", "--offline",
            "--workers", str(self.circumstances.workers), *(f"--platform={platform}" for platform in platforms),
        ]  # fmt: skip

    def _variables(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in self.environ.items()
            if not self.circumstances.scrubbed or name in _INHERITED or name.startswith("AIRLOCK_")
        }
        own = {
            "HOME": self.folder / "home", "TMPDIR": self.folder / "tmp", "AIRLOCK_CACHE": self.folder / "cache",
        }  # fmt: skip
        return kept | {name: str(path) for name, path in own.items()} | dict(self.circumstances.variables)


def means() -> Means:
    """Find out by trying what this machine allows."""
    unshare, faketime = process.find("unshare"), process.find("faketime")
    here = Means(unshare, None, None)
    return Means(
        unshare if _works(here.apart(WORLDS[1])) else None,
        unshare if _works(Means(None, unshare, None).apart(WORLDS[1])) else None,
        faketime if faketime and _works(_faketime(faketime, WORLDS[1].clock)) else None,
    )


def copy_inputs(config: Config, target: Path, circumstances: Circumstances) -> None:
    """Copy the files that `airlock image` reads, with the modes, times and order of a world."""
    files = inputs_of(config)
    for number, path in enumerate(reversed(files) if circumstances.backwards else files):
        copy = target / path.relative_to(config.project)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if _is_kept_link(path, config):
            copy.symlink_to(path.readlink())
            continue
        shutil.copyfile(path, copy)
        executable = (circumstances.file_mode >> 2) & 0o111 if path.stat().st_mode & 0o100 else 0
        copy.chmod(circumstances.file_mode | executable)
        moment = circumstances.file_time + number
        os.utime(copy, (moment, moment))


def inputs_of(config: Config) -> list[Path]:
    """Return the files of the project that an image is made from, and perhaps more, but no results."""
    folders = (config.constraints, config.image_file.parent)
    found = [config.project / "pyproject.toml", *(path for folder in folders for path in below(folder))]
    for folder in config.distributions:
        found += (path for path in below(folder) if not _is_result(path.relative_to(folder)))
    return [path for path in dict.fromkeys(found) if path.is_file() or _is_kept_link(path, config)]


def _is_kept_link(path: Path, config: Config) -> bool:
    """Whether a symlink is itself what comes into the image; elsewhere only what it names can be read."""
    return path.is_symlink() and path.is_relative_to(config.rootfs)


def _is_result(path: Path) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in path.parts)
    return hidden or path.parts[0] in _RESULTS


def _faketime(program: Path, clock: str) -> list[str | Path]:
    # threads wait on the monotonic clock, which is to stay as it is
    return ["/usr/bin/env", "FAKETIME_DONT_FAKE_MONOTONIC=1", program, "-f", clock]


def _works(command: Iterable[str | Path]) -> bool:
    listed = [*command, "true"]
    try:
        return process.run(listed, check=False).returncode == 0
    except CommandError:
        return False
