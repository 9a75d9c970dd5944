"""Packages that have no wheel, built from source while locking, so that the lock can name the wheel.

A release without any wheel is built, if no newer one has a wheel for the image. Otherwise, and of a release that
has wheels for others alone, another version with a wheel is taken where the intent allows one. uv reads the built
wheels from a folder, beside the indexes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from packaging.utils import canonicalize_name, parse_wheel_filename

from airlock.errors import BuildError, ResolveError
from airlock.index.fetch import Wanted
from airlock.locks import build
from airlock.locks.airflow import Source
from airlock.locks.intent import pairs
from airlock.platforms import native
from airlock.sdists import archive
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from packaging.tags import Tag

    from airlock.locks.airflow import AirflowLock, LockedPackage
    from airlock.locks.build import BuildLock
    from airlock.locks.build_requirements import BuildRequirements
    from airlock.locks.job import Job
    from airlock.platforms import Platform
    from airlock.sdists.build import Built
    from airlock.store import Store
    from airlock.terminal import Terminal

MOST = 12  # versions of one package that are built before whoever asks is asked to say more


class Releases(Protocol):
    """Knows the files of a release (airlock.index.sdists)."""

    def is_passed_over(self, name: str, version: str, tags: Collection[Tag]) -> bool: ...
    def sdist(self, name: str, version: str) -> StoreFile: ...


class Builder(Protocol):
    """Builds in a sandbox (airlock.sdists.build)."""

    def more_requires(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> tuple[str, ...]: ...
    def wheel(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> Built: ...


@dataclass(frozen=True)
class _Made:
    """A built wheel, its source distribution, and the packages it was built with."""

    file: StoreFile
    sdist: StoreFile
    requires: tuple[LockedPackage, ...]


class Sources:
    """What one run of `airlock lock` builds into `store`; `folder` is where uv finds the wheels.

    Sources are fetched as build requirements are.
    """

    def __init__(
        self,
        releases: Releases,
        builder: Builder,
        requirements: BuildRequirements,
        store: Store,
        folder: Path,
        terminal: Terminal,
    ) -> None:
        self._releases, self._builder, self._requirements = releases, builder, requirements
        self._store, self._folder, self._terminal = store, folder, terminal
        self._made: dict[tuple[str, str], _Made] = {}
        self._wheels_only: dict[Platform, set[str]] = {}
        self._from_source: set[str] = set()

    def adopt(self, old: AirflowLock, locked: BuildLock) -> None:
        """Take over what an earlier lock was built from, where its wheel is in the store."""
        known = {f"{one.name}=={one.version}": one for one in locked.packages}
        for package in old.packages:
            source, file = package.source, package.built
            if source and file and set(source.requires) <= known.keys() and self._store.holds(file):
                requires = tuple(known[pin] for pin in source.requires)
                self._keep(package.name, package.version, _Made(file, source.sdist, requires))
                self._from_source.add(package.name)

    def build_again(self, job: Job, old: AirflowLock) -> None:
        """Build at once what an earlier lock had built and `job` keeps: uv would ask for one after the other.

        What cannot be built is left out: nothing may ask for it any more. Raises FetchError, SandboxError.
        """
        for package in old.packages:
            name, version = package.name, package.version
            if package.source and job.kept.get(name) == version and (name, version) not in self._made:
                self._from_source.add(name)
                with contextlib.suppress(BuildError, ResolveError):
                    self._keep(name, version, self._timed(job, name, version))

    def options(self, platform: Platform) -> tuple[str, ...]:
        """Return uv's options: where the built wheels are, and which packages are wanted as wheels alone."""
        names = sorted(self._wheels_only.get(platform, ()))
        return (
            "--find-links",
            str(self._folder),
            *(part for name in names for part in ("--only-binary", name)),
        )

    def relent(self, name: str, platform: Platform) -> bool:
        """Allow a package's sources, because none of its wheels serves; False where they were allowed."""
        if name not in self._wheels_only.get(platform, ()):
            return False
        self._wheels_only[platform].discard(name)
        self._from_source.add(name)
        return True

    def supply(self, job: Job, name: str, version: str, platform: Platform) -> None:
        """Answer that uv found no wheel of a release: build it, or leave it aside for one with a wheel.

        Raises ResolveError, FetchError, BuildError, SandboxError.
        """
        if made := self._made.get((name, version)):
            raise _unfit(name, version, made, platform)
        aside = self._wheels_only.setdefault(platform, set())
        tags = job.target.tags(platform)
        if name not in (self._from_source | aside) and self._releases.is_passed_over(name, version, tags):
            aside.add(name)
            return
        self._require_few(name)
        self._keep(name, version, self._timed(job, name, version))

    def _timed(self, job: Job, name: str, version: str) -> _Made:
        start = time.monotonic()
        made = self._build(job, name, version)
        self._terminal.say(
            f"  {name} {version} has no wheel: built from source ({time.monotonic() - start:.1f} s)"
        )
        return made

    def _require_few(self, name: str) -> None:
        """Raise ResolveError where version after version is built, and none goes with the rest."""
        tried = [version for known, version in self._made if known == name]
        if len(tried) >= MOST:
            raise ResolveError(
                f"no version of {name} that has no wheel goes with the rest",
                cause=f"built from source, in vain: {', '.join(tried)}",
                remedy=f"bound it in constraints/airflow.in, as {name}>={tried[0]}; airlock lock then says what it"
                " conflicts with",
            )

    def complete(self, lock: AirflowLock) -> AirflowLock:
        """Name what each built wheel was built from."""
        return replace(lock, packages=tuple(self._with_source(one) for one in lock.packages))

    def _with_source(self, package: LockedPackage) -> LockedPackage:
        made = self._made.get((package.name, package.version))
        platform = next((name for name, file in package.files if made and file == made.file), None)
        if made is None or platform is None:
            return package
        return replace(package, source=Source(platform, made.sdist, _pins(made.requires)))

    def lock(self, lock: AirflowLock, root: str) -> BuildLock | None:
        """Return the lock of what the built packages of `lock` are built with; None where none was built."""
        built = [self._made[one.name, one.version] for one in lock.packages if one.source]
        packages = {
            pin: one for made in built for pin, one in zip(_pins(made.requires), made.requires, strict=True)
        }
        ordered = tuple(packages[pin] for pin in sorted(packages))
        return build.BuildLock(root, pairs(self._requirements.limits), ordered) if built else None

    def _build(self, job: Job, name: str, version: str) -> _Made:
        sdist = self._releases.sdist(name, version)
        self._requirements.fetch([Wanted(sdist, name)])
        system = archive.read(sdist.filename, self._store.read(sdist)).system
        requires = self._requirements.resolve(job, sdist, system.requires)
        if more := self._builder.more_requires(sdist, _files(requires)):
            requires = self._requirements.resolve(job, sdist, (*system.requires, *more))
        built = self._builder.wheel(sdist, _files(requires))
        _require_named(built.filename, name, version, sdist)
        file = StoreFile(built.filename, len(built.content), hashlib.sha256(built.content).hexdigest())
        self._store.add(file, [built.content], sdist.filename)
        return _Made(file, sdist, requires)

    def _keep(self, name: str, version: str, made: _Made) -> None:
        self._made[name, version] = made
        place = self._folder / made.file.filename
        try:
            os.link(self._store.path(made.file), place)
        except OSError:  # another file system
            shutil.copyfile(self._store.path(made.file), place)


def _pins(packages: Iterable[LockedPackage]) -> tuple[str, ...]:
    return tuple(f"{one.name}=={one.version}" for one in packages)


def _files(packages: Iterable[LockedPackage]) -> tuple[StoreFile, ...]:
    return tuple(file for one in packages if (file := one.file(native())))


def _require_named(filename: str, name: str, version: str, sdist: StoreFile) -> None:
    found, release, *_ = parse_wheel_filename(filename)
    if (canonicalize_name(found), str(release)) != (canonicalize_name(name), version):
        raise BuildError(
            f"{sdist.filename} was built into {filename}",
            cause=f"{name} {version} was wanted",
            remedy="use another version of the package",
        )


def _unfit(name: str, version: str, made: _Made, platform: Platform) -> ResolveError:
    """Describe a wheel that was built, and is not for the platform that lacks one."""
    if platform == native():
        return ResolveError(
            f"{name} {version} was built into a wheel that is not for the image",
            cause=f"{made.file.filename} is for another Python or platform",
            remedy="use another version of the package",
        )
    return ResolveError(
        f"{name} {version} has no wheel for {platform}, and this machine cannot build one",
        cause=f"its source is compiled: here it was built into {made.file.filename}",
        remedy="lock fewer platforms (lock-platforms in [tool.airlock]), or use a version that has wheels for all",
    )
