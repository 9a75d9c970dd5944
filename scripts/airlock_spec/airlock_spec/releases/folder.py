"""Releases in a folder: each in a folder of its own that never changes, and a link to the one that serves.

FOLDER/releases/<id>/        the files
FOLDER/releases/<id>.json    its manifest
FOLDER/current               a link to releases/<id>, replaced by a rename
FOLDER/current.json          which release that is, for readers over NFS (docs/dag-releases.md)
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import uuid
from typing import TYPE_CHECKING

from airlock_spec import document
from airlock_spec.document import FormatError
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.manifest import ID, Manifest
from airlock_spec.releases.receipt import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FORMAT = "airlock-folder/1"
CURRENT, POINTER, RELEASES = "current", "current.json", "releases"
_STAGING, _LOCK = ".staging", ".lock"


class Folder:
    """A folder of releases; whoever changes it holds its lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.link = root / CURRENT
        self._last: Manifest | None = None  # that was read: with thousands of files that takes its time

    def place(self, release: str) -> Path:
        """Return where a release is, or would be."""
        return self.root / RELEASES / release

    def holds(self, release: str) -> bool:
        """Whether a release is there: a release appears whole, by a rename."""
        return self.place(release).is_dir()

    def current(self) -> str:
        """Return the release that serves, "" where none does. The file is read, which NFS asks its server for."""
        try:
            data = (self.root / POINTER).read_bytes()
        except FileNotFoundError:
            return ""
        try:
            release = document.load(FORMAT, data, "pointer", ("release",))["release"]
        except FormatError as error:
            raise RefusedError(f"{self.root / POINTER}: {error}") from error
        if not isinstance(release, str) or not ID.fullmatch(release):
            raise RefusedError(f"{self.root / POINTER} names no release")
        return release

    def serves(self, release: str) -> bool:
        """Whether a release is there, and serves by the link as by the file: whoever dies may leave them apart."""
        try:
            by_link = self.link.readlink().name
            return by_link == release == self.current() and self.holds(release)
        except (OSError, RefusedError):
            return False

    def manifest(self, release: str) -> Manifest:
        """Return the manifest of a release that is there. Raises AbsentError, RefusedError."""
        try:
            data = self.place(release).with_suffix(".json").read_bytes()
        except FileNotFoundError as error:
            raise AbsentError(f"there is no release {release[:12]} in {self.root}") from error
        if self._last is None or (self._last.id, self._last.data) != (release, data):
            self._last = Manifest.from_data(data, release)
        return self._last

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one that changes the folder. NFS 4 has these locks, too."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / _LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def staging(self) -> Path:
        """Return a new, empty folder beside the releases. What was left by others, who died, is removed."""
        staging = self.root / _STAGING
        shutil.rmtree(staging, ignore_errors=True)
        made = staging / uuid.uuid4().hex
        made.mkdir(parents=True)
        return made

    def add(self, manifest: Manifest, staged: Path) -> None:
        """Give what was staged its place: the manifest first, for a release that is there has one."""
        place = self.place(manifest.id)
        place.parent.mkdir(exist_ok=True)
        replace(place.with_suffix(".json"), manifest.data, self._aside())
        staged.rename(place)

    def renew(self, manifest: Manifest, staged: Path, damaged: Iterable[str]) -> None:
        """Mend a release by what was staged, file by file; where folders and files were exchanged, as a whole.

        In the latter case it has no place for a moment, between two renames.
        """
        place, known = self.place(manifest.id), {file.path for file in manifest.files}
        try:
            for path in damaged:
                if path in known:
                    (place / path).parent.mkdir(parents=True, exist_ok=True)
                    aside = self._aside()
                    aside.hardlink_to(staged / path)
                    aside.replace(place / path)
                else:
                    (place / path).unlink()
        except OSError:
            self._exchange(manifest, staged)
        else:
            replace(place.with_suffix(".json"), manifest.data, self._aside())

    def _exchange(self, manifest: Manifest, staged: Path) -> None:
        aside = self._aside()
        with contextlib.suppress(FileNotFoundError):
            self.place(manifest.id).rename(aside)
        self.add(manifest, staged)
        shutil.rmtree(aside, ignore_errors=True)

    def serve(self, release: str) -> None:
        """Let a release that is there serve, from one moment to the next. Raises AbsentError for one that is not."""
        if not self.holds(release):
            raise AbsentError(f"there is no release {release[:12]} in {self.root}: it cannot serve")
        aside = self._aside()
        aside.symlink_to(f"{RELEASES}/{release}", target_is_directory=True)
        aside.replace(self.link)
        replace(self.root / POINTER, document.dump(FORMAT, {"release": release}), self._aside())

    def settle(self) -> None:
        """Let the link lead to what the file names, where somebody died between the two. Raises as `serve` does."""
        serving = self.current()
        if serving and not self.serves(serving):
            with self.lock():
                if self.current() == serving:
                    self.serve(serving)

    def releases(self) -> dict[str, float]:
        """Return the releases that are there, and when each was last put to use, in seconds since the epoch."""
        found: dict[str, float] = {}
        with contextlib.suppress(FileNotFoundError), os.scandir(self.root / RELEASES) as entries:
            for entry in entries:
                if ID.fullmatch(entry.name):
                    found[entry.name] = entry.stat(follow_symlinks=False).st_mtime
        return found

    def use(self, release: str) -> None:
        """Note that a release is used now."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.place(release))

    def unused(self, grace: float, keep: int = 1) -> list[str]:
        """Return the releases that nobody used for `grace` seconds, but not the last `keep`, nor what serves.

        Nor those that a reader of the folder claims; none, where a claim cannot be read.
        """
        newest = sorted(self.releases().items(), key=lambda one: one[1], reverse=True)
        limit = self._now() - grace
        try:
            needed = {*self.serving(), *(one for claim in self.claims() for one in claim.releases)}
        except RefusedError:
            return []
        return [name for name, used in newest[keep:] if used < limit and name not in needed]

    def claims(self) -> list[Claim]:
        """Return what those who read the folder still need. Raises RefusedError."""
        found = []
        for path in sorted((self.root / layout.CLAIMS).glob("*.json")):
            with contextlib.suppress(FileNotFoundError):
                data = path.read_bytes()
                try:
                    found.append(Claim.from_data(data))
                except RefusedError as error:
                    raise RefusedError(f"{path}: {error}") from error
        return found

    def collect(self, grace: float, keep: int = 1) -> list[str]:
        """Remove the releases that are unused, and return them."""
        shutil.rmtree(self.root / _STAGING, ignore_errors=True)  # of the dead: whoever lives holds the lock
        old = self.unused(grace, keep)
        for name in old:
            self.remove(name)
        return old

    def _now(self) -> float:
        """Return the time by the clock of whoever has the files, as that is the one that dates them."""
        lock = self.root / _LOCK
        lock.touch()
        return lock.stat().st_mtime

    def serving(self) -> set[str]:
        """Return what serves: by the link and by the file, which differ where somebody died between the two."""
        with contextlib.suppress(OSError):
            return {self.current(), self.link.readlink().name}
        return {self.current()}

    def _aside(self) -> Path:
        """Return a new name for what gets its place by a rename; what is left of it is removed with the staging."""
        staging = self.root / _STAGING
        staging.mkdir(exist_ok=True)
        return staging / uuid.uuid4().hex

    def remove(self, release: str) -> None:
        """Remove a release: first its place, so that no half of one is ever found there."""
        aside = self._aside()
        with contextlib.suppress(FileNotFoundError):
            self.place(release).rename(aside)
        self.place(release).with_suffix(".json").unlink(missing_ok=True)
        for papers in (layout.signatures(release), layout.receipts(release)):
            shutil.rmtree(self.root / papers, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def replace(path: Path, data: bytes, aside: Path | None = None) -> None:
    """Write a file by a rename, from beside it or from `aside`."""
    aside = aside or path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        aside.write_bytes(data)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
