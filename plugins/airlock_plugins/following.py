"""Two ways to follow releases: taken from S3 into a folder of our own, or read in place where others put them."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from airlock_spec.releases import difference, pulling, staging
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.manifest import ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock_plugins.s3 import Noting
    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.pulling import Pulled


@dataclass(frozen=True)
class Taken:
    """The release that serves now, and since when; `files` are those that it changes or concerns.

    `before` is what served until now: the same release where nothing changed, "" where nothing served.
    """

    manifest: Manifest
    before: str
    files: tuple[str, ...] = ()
    at: datetime | None = None
    published: datetime | None = None
    seconds: float = 0.0
    removed: tuple[str, ...] = ()
    sequence: int = 0  # of the pointer that says so

    @property
    def switched(self) -> bool:
        return self.before != self.manifest.id


class Follower(Protocol):
    """Where releases come from. Every method raises RefusedError, AbsentError, UnreachableError and OSError."""

    path: Path  # the same whatever serves

    def current(self) -> str:
        """Return the release that serves, "" for none; without a network."""

    def mend(self) -> list[str]:
        """Return the paths of the serving release that were damaged, once they are mended."""

    def follow(self) -> Taken:
        """See to it that the current release serves, from one moment to the next."""

    def take(self, release: str) -> Path:
        """Return the folder of a release, whether it serves or not."""

    def collect(self) -> list[str]:
        """Remove releases that nobody used for long enough."""


class S3Follower:
    """Implements `Follower` with a folder that is filled from S3."""

    def __init__(
        self, folder: Folder, objects: Noting, accept: Callable[[Manifest], None], keep_for: float
    ) -> None:
        self._folder = folder
        self._files: tuple[str, ...] = ()
        self._pull = pulling.Pull(objects, folder, pulling.Rules(accept, self._prepare, keep_for))
        self.path = folder.link

    def current(self) -> str:
        return self._folder.current()

    def mend(self) -> list[str]:
        return self._pull.mend()

    def follow(self) -> Taken:
        pulled = self._pull.once()
        found = pulled.pointer.find(pulled.release)
        published = found.at if found else None
        if not pulled.switched:
            return Taken(
                pulled.manifest, pulled.before, published=published, sequence=pulled.pointer.sequence
            )
        return Taken(
            pulled.manifest,
            pulled.before,
            self._files,
            datetime.now(UTC),
            published,
            pulled.seconds,
            pulled.removed,
            pulled.pointer.sequence,
        )

    def take(self, release: str) -> Path:
        self._pull.take(release)
        return self._folder.place(release)

    def collect(self) -> list[str]:
        return self._pull.collect()

    def _prepare(self, pulled: Pulled) -> None:
        self._files = pulling.touch(self._folder, pulled)


class FolderFollower:
    """Implements `Follower` with the folder of `airlock pull`, as an EFS mount: nothing is copied.

    Its `current.json` is read by opening it, as NFS asks its server at each open; the link beside it may be cached for
    a minute. So the link that Airflow sees is one of our own, on a local disk. `whole`: contents are verified, too.
    """

    def __init__(self, root: Path, own: Folder, accept: Callable[[Manifest], None], *, whole: bool) -> None:
        self._folder = Folder(root)
        self._own = own
        self._accept = accept
        self._whole = whole
        self._manifest: Manifest | None = None
        self.path = own.link

    def current(self) -> str:
        """Return what our link names."""
        try:
            target = self._own.link.readlink()
        except OSError:
            return ""
        return target.name if ID.fullmatch(target.name) and self._folder.holds(target.name) else ""

    def mend(self) -> list[str]:
        return []  # whoever fills the folder does

    def follow(self) -> Taken:
        release, before = self._folder.current(), self.current()
        if not release:
            raise AbsentError(f"there is no current release in {self._folder.root} yet")
        if release == before and self._manifest and self._manifest.id == release:
            return Taken(self._manifest, before)
        manifest = self._folder.manifest(release)
        if release != before:
            return self._switch(manifest, before)
        self._accept(manifest)  # another process took it, perhaps by other rules
        self._manifest = manifest
        return Taken(manifest, before)

    def _switch(self, manifest: Manifest, before: str) -> Taken:
        if not self._whole:  # else `take` does
            self._accept(manifest)
        self.take(manifest.id)
        changes = difference.between(self._manifest_of(before), manifest)
        files = difference.affected(self._folder.place(manifest.id), manifest, changes)
        with self._own.lock():
            aside = self._own.root / f".current-{uuid.uuid4().hex}"
            aside.symlink_to(self._folder.place(manifest.id), target_is_directory=True)
            aside.replace(self._own.link)
        self._manifest = manifest
        return Taken(manifest, before, files, datetime.now(UTC))

    def take(self, release: str) -> Path:
        place = self._folder.place(release)
        if not self._folder.holds(release):
            raise AbsentError(f"there is no release {release[:12]} in {self._folder.root}, or no more")
        if self._whole:
            manifest = self._folder.manifest(release)
            self._accept(manifest)
            if damaged := staging.damaged(self._folder, manifest):
                raise RefusedError(
                    f"{len(damaged)} files are not as release {release[:12]} says: {damaged[0]}"
                )
        if os.access(
            place, os.W_OK
        ):  # else it is mounted to be read alone: whoever fills it keeps it by its age
            self._folder.use(release)
        return place

    def collect(self) -> list[str]:
        return []  # as for `mend`

    def _manifest_of(self, release: str) -> Manifest | None:
        try:
            return self._folder.manifest(release) if release else None
        except (AbsentError, RefusedError):
            return None
