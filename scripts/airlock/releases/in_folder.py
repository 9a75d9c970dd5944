"""Releases in a folder that is published to, as an EFS that is mounted where the job runs.

FOLDER/history.json    the pointer of the folder's releases, as S3's `current`; all else is as airlock_spec has it
"""

from __future__ import annotations

import contextlib
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock.releases.places import Papers
from airlock_spec.releases import folder, layout, staging
from airlock_spec.releases.contents import THREADS
from airlock_spec.releases.failures import AbsentError, RefusedError, ReleaseError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pointer import Pointer, Published, first
from airlock_spec.releases.receipt import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.staging import Source

HISTORY = "history.json"
_DAY = 86400.0
_PIECE = 1 << 20


@dataclass(frozen=True)
class Kept:
    """What collecting keeps: the last releases, so many, and all that were in use in the last days."""

    last: int
    days: float
    claims: float | None = None  # days after which a claim that was not renewed counts no more; None: never


class InFolder:
    """A folder of releases that has a history."""

    def __init__(self, root: Path) -> None:
        self.folder = Folder(root)

    def __str__(self) -> str:
        return str(self.folder.root)

    def pointer(self) -> Pointer:
        """Return what the history says, as far as it is so: what serves, and what is there, the folder knows."""
        with contextlib.suppress(OSError, ReleaseError):  # who may only read the folder leaves it as it is
            self.folder.settle()
        return self._known()

    def _known(self) -> Pointer:
        path, serving = self.folder.root / HISTORY, self.folder.current()
        try:
            said = Pointer.from_data(path.read_bytes())
        except FileNotFoundError as error:
            pulled = "what serves there was pulled: its history is where it was pulled from"
            raise AbsentError(
                f"there is no {path}: {pulled if serving else 'nothing was published there yet'}"
            ) from error
        if not serving:  # whoever published for the first time was killed
            raise AbsentError(f"nothing serves in {self.folder.root} yet")
        there = tuple(one for one in said.releases if self.folder.holds(one.release))
        return replace(said, release=serving, releases=there)

    def change(self, change: Callable[[Pointer], Pointer]) -> Pointer:
        with self.folder.lock():
            return self._write(change(self._known()))

    def manifest(self, release: str) -> Manifest:
        return self.folder.manifest(release)

    def missing(self, release: str) -> list[str]:
        """Return what is missing: all files are read."""
        try:
            wrong = staging.damaged(self.folder, self.manifest(release))
        except (AbsentError, RefusedError) as error:
            return [str(error)]
        return [f"{path} is not what the manifest says" for path in wrong]

    def source(self, of: Manifest) -> Source:
        return Files(self.folder.place(of.id), {file.sha256: file.path for file in of.files})

    def papers(self, of: Manifest) -> Papers:
        """Return what readers that may write to the folder left there."""
        receipts = []
        for path in sorted((self.folder.root / layout.receipts(of.id)).glob("*.json")):
            with contextlib.suppress(FileNotFoundError):
                receipts.append(Receipt.from_data(path.read_bytes()))
        signatures = sorted((self.folder.root / layout.signatures(of.id)).glob("*.json"))
        return Papers({}, tuple(receipts), tuple(path.stem for path in signatures))

    def publish(
        self, manifest: Manifest, source: Source, new: Published, kept: Kept
    ) -> tuple[Pointer, list[str]]:
        """Let a release serve, which is made where it is not there; return the pointer, and what was collected.

        Raises what the source raises, and OSError; then what served before goes on serving.
        """
        with self.folder.lock():
            try:
                before = self._known()
            except AbsentError:
                before = None
            staging.take(self.folder, manifest, source)
            after = before.published(new) if before else first(new)
            return self._write(after), self.folder.collect(kept.days * _DAY, kept.last)

    def collectable(self, kept: Kept) -> list[str]:
        """Return the releases that collecting would remove."""
        return self.folder.unused(kept.days * _DAY, kept.last)

    def collect(self, kept: Kept) -> list[str]:
        """Remove the releases that nothing keeps; return them."""
        with self.folder.lock():
            return self.folder.collect(kept.days * _DAY, kept.last)

    def _write(self, new: Pointer) -> Pointer:
        """Write the history, then let serve what it says: whoever is killed between has changed nothing.

        The release that served was in use until now, and is kept for as long as if it were made now.
        """
        serving = self.folder.current()
        if serving:
            self.folder.use(serving)
        folder.replace(self.folder.root / HISTORY, new.to_data())
        self.folder.serve(new.release)
        return new


class Files:
    """The contents of a release that are files below a folder, by their sha256."""

    def __init__(self, top: Path, paths: Mapping[str, str]) -> None:
        self._top, self._paths = top, paths

    def fetch(
        self, wanted: Mapping[str, int], opened: Callable[[str], AbstractContextManager[BinaryIO]]
    ) -> None:
        """Copy them, verified. Raises RefusedError for a file that is not what it was."""

        def copy(sha256: str) -> None:
            path = self._top / self._paths[sha256]
            digest = hashlib.sha256()
            with path.open("rb") as source, opened(sha256) as target:
                while data := source.read(_PIECE):
                    digest.update(data)
                    target.write(data)
            if digest.hexdigest() != sha256:
                raise RefusedError(f"{path} is not what its manifest says, or was changed meanwhile")

        with ThreadPoolExecutor(THREADS, "copy") as pool:
            for _ in pool.map(copy, wanted):
                pass
