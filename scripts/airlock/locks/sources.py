"""Packages that have no wheel, built from source while locking, so that the lock can name the wheel.

A release that has no wheel at all is built. Of one that has wheels, but none for the image, an older version with
a wheel is taken where the intent allows one. uv reads the built wheels from a folder, beside the indexes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from packaging.utils import canonicalize_name, parse_wheel_filename

from airlock.errors import BuildError, ResolveError
from airlock.index.fetch import Wanted
from airlock.locks import build, resolver
from airlock.locks.airflow import Source
from airlock.locks.intent import Asked, pairs
from airlock.platforms import native
from airlock.sdists import archive
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from airlock.locks.airflow import AirflowLock, LockedPackage
    from airlock.locks.build import BuildLock
    from airlock.locks.job import Job
    from airlock.platforms import Platform
    from airlock.sdists.build import Built
    from airlock.store import Store
    from airlock.terminal import Terminal


class Releases(Protocol):
    """Knows the files of a release (airlock.index.sdists)."""

    def has_wheels(self, name: str, version: str) -> bool: ...
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


@dataclass
class BuildRequirements:
    """Finds what sources are built with: resolved as the image's packages are, within `limits` (build.in)."""

    limits: tuple[Asked, ...]
    platforms: Sequence[Platform]
    fetch: Callable[[Sequence[Wanted]], object]
    _resolved: dict[tuple[str, ...], tuple[LockedPackage, ...]] = field(default_factory=dict)

    def resolve(self, job: Job, sdist: StoreFile, requires: Iterable[str]) -> tuple[LockedPackage, ...]:
        """Resolve the requirements of `sdist` for every platform, and fetch those for this machine.

        Raises ResolveError, FetchError.
        """
        wanted = tuple(sorted(set(requires)))
        if not wanted or wanted in self._resolved:
            return self._resolved.get(wanted, ())
        asked = tuple(Asked(sdist.filename, 1, one) for one in wanted)
        only_wheels = replace(job, asked=asked, kept={}, moving=frozenset(), sources=None, limits=self.limits)
        try:
            packages = resolver.resolve(only_wheels, self.platforms).packages
        except ResolveError as error:
            raise ResolveError(
                f"what {sdist.filename} is to be built with cannot be had",
                cause=f"{error.fact}\n{error.cause}".strip(),
                remedy="use another version of the package, or constrain what it is built with in constraints/build.in",
            ) from error
        self.fetch([Wanted(file, one.name) for one in packages if (file := one.file(native()))])
        self._resolved[wanted] = packages  # most ask for the same
        return packages


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

    def adopt(self, old: AirflowLock, locked: BuildLock | None) -> None:
        """Go on building what an earlier lock has as built; with `locked`, take its wheels that are in the store."""
        known = {f"{one.name}=={one.version}": one for one in locked.packages} if locked else {}
        for package in old.packages:
            source, file = package.source, package.built
            if source and file:
                self._from_source.add(package.name)
                if locked and set(source.requires) <= known.keys() and self._store.holds(file):
                    requires = tuple(known[pin] for pin in source.requires)
                    self._keep(package.name, package.version, _Made(file, source.sdist, requires))

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
        if name not in (self._from_source | aside) and self._releases.has_wheels(name, version):
            aside.add(name)
            return
        start = time.monotonic()
        self._keep(name, version, self._build(job, name, version))
        self._terminal.say(
            f"  {name} {version} has no wheel: built from source ({time.monotonic() - start:.1f} s)"
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
