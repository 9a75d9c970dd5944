"""Where the store and the caches live: under the user's cache folder, `build/` holds results only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from airlock.errors import StorageError


@dataclass(frozen=True)
class Places:
    """The folders outside the project; AIRLOCK_CACHE moves them all."""

    root: Path

    @property
    def store(self) -> Path:
        """Files that the locks name, by sha256."""
        return self.root / "store"

    @property
    def cache(self) -> Path:
        """What can be made again: fragments, facts about layers, built wheels."""
        return self.root / "cache"

    @property
    def trees(self) -> Path:
        """Unpacked images."""
        return self.root / "trees"

    @property
    def downloads(self) -> Path:
        """Indexes and halves of files, kept to be resumed."""
        return self.root / "downloads"


def places() -> Places:
    """Return where this user's are. Raises StorageError where the user has no home and names no other folder."""
    chosen = os.environ.get("AIRLOCK_CACHE")
    if chosen:
        return Places(Path(chosen).expanduser().absolute())
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # a relative path is to be ignored, says the XDG Base Directory Specification
        return Places((base if base.is_absolute() else Path.home() / ".cache") / "airlock")
    except RuntimeError as error:
        raise StorageError(
            "there is no folder for the store and the caches",
            cause=f"HOME is not set, and the user has no entry in /etc/passwd: {error}",
            remedy="export AIRLOCK_CACHE=FOLDER",
        ) from error
