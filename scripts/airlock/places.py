"""Where the store and the caches live: under the user's cache folder, `build/` holds results only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


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
    chosen = os.environ.get("AIRLOCK_CACHE")
    if chosen:
        return Places(Path(chosen).expanduser().absolute())
    base = os.environ.get("XDG_CACHE_HOME")
    return Places((Path(base) if base else Path.home() / ".cache") / "airlock")
