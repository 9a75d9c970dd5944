"""Keeps a folder at the current release: asks, takes, verifies, switches, collects. The one way in which all do it."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from airlock_spec.releases import contents, difference, reading, staging
from airlock_spec.releases.difference import Difference
from airlock_spec.releases.failures import AbsentError, RefusedError, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from airlock_spec.releases.folder import Folder
    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.objects import Objects
    from airlock_spec.releases.pointer import Pointer

KEEP_FOR = 86_400.0  # seconds that a release stays after it was used last
_AGAIN = 60.0  # seconds until a release that was refused is looked at again: its content is not to change


def accept_all(_manifest: Manifest) -> None:
    """Accept every release whose content is what its id says."""


def nothing(_pulled: Pulled) -> None:
    """Do nothing before a release serves."""


@dataclass(frozen=True)
class Pulled:
    """What one look brought: `difference` is against what served `before` ("" for nothing); empty: nothing changed."""

    manifest: Manifest
    pointer: Pointer
    before: str
    difference: Difference
    made: bool = False  # the release was not in the folder
    seconds: float = 0.0
    removed: tuple[str, ...] = ()

    @property
    def release(self) -> str:
        return self.manifest.id

    @property
    def switched(self) -> bool:
        """Whether another release serves now."""
        return self.before != self.release


@dataclass(frozen=True)
class Rules:
    """What whoever pulls has a say in.

    `accept` raises RefusedError (or what asking S3 raises) for a release that is not to serve: an untrusted one, or one
    for another image. `prepare` is called with a release that is whole, before it serves. `keep_for`: seconds.
    """

    accept: Callable[[Manifest], None] = accept_all
    prepare: Callable[[Pulled], None] = nothing
    keep_for: float = KEEP_FOR


def touch(folder: Folder, pulled: Pulled) -> tuple[str, ...]:
    """Let all files that a release concerns be modified now, and return their paths, in order.

    Airflow parses again what was modified after it had last been parsed; a file that imports a changed one is not.
    What cannot be touched (a folder of another user) is left as it is.
    """
    top = folder.place(pulled.release)
    paths = difference.affected(top, pulled.manifest, pulled.difference)
    for path in paths:
        with contextlib.suppress(OSError):
            os.utime(top / path)
    return paths


class Pull:
    """A folder that follows a location."""

    def __init__(self, objects: Objects, folder: Folder, rules: Rules | None = None) -> None:
        self._objects = objects
        self._folder = folder
        self._rules = rules or Rules()
        self._known = reading.Known(objects)
        self._manifest: Manifest | None = None  # of the release that serves
        self._refused: tuple[Pointer, ReleaseError, float] | None = None

    def once(self) -> Pulled:
        """See to it that the current release serves in the folder; one conditional request where it does.

        Raises RefusedError, AbsentError, UnreachableError and OSError; then what served before serves on, untouched.
        """
        begun = time.monotonic()
        pointer = self._known.look()
        serving = pointer.release
        if self._folder.serves(serving):
            return Pulled(self._serving(serving), pointer, serving, Difference((), (), ()))
        self._refuse_again(pointer)
        try:
            return self._switch(pointer, begun)
        except RefusedError as error:
            self._refused = (pointer, error, time.monotonic())
            raise
        except AbsentError:
            self._known.forget()  # a pointer without its release: whatever it says, it is not to be trusted for long
            raise

    def take(self, release: str) -> Manifest:
        """See to it that a release is in the folder, whether it serves or not. Raises as `once` does."""
        with self._folder.lock():
            manifest = self._manifest_of(release)
            self._rules.accept(manifest)
            staging.take(self._folder, manifest, Packs(self._objects, manifest))
            self._folder.use(release)
            return manifest

    def mend(self) -> list[str]:
        """Return the paths of the serving release that are not as they were published, after fetching it anew.

        Where it was collected in S3 meanwhile, the current one serves instead. Raises as `once` does; then the folder
        is as it was, damaged.
        """
        with self._folder.lock():
            serving = self._current()
            if not serving:
                return []
            try:
                damaged = self._mended(serving)
            except AbsentError:
                self._serve_instead(serving)
                return ["all of it, as it was collected"]
            if not self._folder.serves(serving):
                self._folder.serve(serving)
            return damaged

    def _mended(self, serving: str) -> list[str]:
        try:
            manifest, lost = self._folder.manifest(serving), []
        except (AbsentError, RefusedError):
            manifest, lost = reading.manifest(self._objects, serving), ["its manifest"]
        damaged = staging.damaged(self._folder, manifest)
        if lost or damaged:
            self._replace(manifest, damaged)
        return lost + damaged

    def _serve_instead(self, damaged: str) -> None:
        """Let the current release serve instead of one that cannot be mended, and share no file with it."""
        folder, current = self._folder, self._known.look().release
        if current == damaged:
            raise AbsentError(f"release {damaged[:12]} is damaged here, and is not whole in S3")
        manifest = reading.manifest(self._objects, current)
        self._rules.accept(manifest)
        staged = folder.staging()
        try:
            staging.stage(staged, manifest, Packs(self._objects, manifest))
            for release in folder.releases():
                if release != damaged:
                    folder.remove(release)
            folder.add(manifest, staged)
            folder.serve(current)
            folder.remove(damaged)
        except BaseException:
            shutil.rmtree(staged.parent, ignore_errors=True)
            raise

    def _replace(self, manifest: Manifest, damaged: list[str]) -> None:
        """Put whole files in the place of damaged ones. Other releases share files with this one: they go."""
        folder = self._folder
        staged = folder.staging()
        try:
            staging.stage(staged, manifest, Packs(self._objects, manifest))
            for release in folder.releases():
                if release not in {manifest.id, *folder.serving()}:
                    folder.remove(release)
            folder.renew(manifest, staged, damaged)
        except BaseException:
            shutil.rmtree(staged.parent, ignore_errors=True)
            raise

    def collect(self) -> list[str]:
        """Remove the releases that nobody used for long enough."""
        with self._folder.lock():
            return self._folder.collect(self._rules.keep_for)

    def _switch(self, pointer: Pointer, begun: float) -> Pulled:
        folder, rules = self._folder, self._rules
        with folder.lock():
            before = self._current()  # others may have been here meanwhile
            manifest = self._manifest_of(pointer.release)
            rules.accept(manifest)
            made = staging.take(folder, manifest, Packs(self._objects, manifest))
            changes = difference.between(self._manifest_before(before), manifest)
            pulled = Pulled(manifest, pointer, before, changes, made)
            rules.prepare(pulled)
            for used in (before, manifest.id):
                if used:
                    folder.use(used)  # until now, and from now on; before anybody could die
            folder.serve(manifest.id)
            removed = tuple(folder.collect(rules.keep_for))
        self._manifest, self._refused = manifest, None
        return Pulled(manifest, pointer, before, changes, made, time.monotonic() - begun, removed)

    def _current(self) -> str:
        """Return what serves; "" also where that cannot be read, as after a crash of the machine: it is told anew."""
        try:
            return self._folder.current()
        except RefusedError:
            return ""

    def _manifest_of(self, release: str) -> Manifest:
        if self._folder.holds(release):
            with contextlib.suppress(AbsentError, RefusedError):
                return self._folder.manifest(release)
        return reading.manifest(self._objects, release)

    def _manifest_before(self, before: str) -> Manifest | None:
        if self._manifest and self._manifest.id == before:
            return self._manifest
        try:
            return self._folder.manifest(before) if before else None
        except (AbsentError, RefusedError):
            return None  # everything counts as new

    def _serving(self, release: str) -> Manifest:
        if self._manifest is None or self._manifest.id != release:
            manifest = self._manifest_of(release)
            self._rules.accept(manifest)  # another process took it, perhaps by other rules
            self._manifest = manifest
        return self._manifest

    def _refuse_again(self, pointer: Pointer) -> None:
        if self._refused and self._refused[0] == pointer and time.monotonic() - self._refused[2] < _AGAIN:
            raise self._refused[1]


class Packs:
    """The contents of one release in S3, as a `staging.Source`; its index is read only where something is wanted."""

    def __init__(self, objects: Objects, manifest: Manifest) -> None:
        self._objects = objects
        self._manifest = manifest

    def fetch(
        self, wanted: Mapping[str, int], opened: Callable[[str], AbstractContextManager[BinaryIO]]
    ) -> None:
        if wanted:
            contents.fetch(self._objects, reading.index(self._objects, self._manifest), wanted, opened)
