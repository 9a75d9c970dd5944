"""The trees that are kept, and how they are removed without anybody missing them (airlock.tree has their layout)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import writing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

NEW = f"{writing.PREFIX}new-"  # begins the name of a folder that is being made, or removed
_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class KeptTree:
    """A tree by its image's digest; when it was last used (s since 1970); its layers' diff ids, without sha256."""

    name: str
    used: float
    layers: tuple[str, ...]


@dataclass(frozen=True)
class KeptTrees:
    """What the folder of the trees holds."""

    folder: Path

    @property
    def layers(self) -> Path:
        return self.folder / "layers"

    def trees(self) -> list[KeptTree]:
        """Return the trees, the one used last first."""
        found = []
        for held in self._of_trees(".lock"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                layers = tuple(layers_of(held.with_suffix(".json")))
                found.append(KeptTree(held.stem, held.stat().st_mtime, layers))
        return sorted(found, key=lambda tree: tree.used, reverse=True)

    def leftovers(self) -> list[Path]:
        """Return what a killed process left; nothing while a tree is being made."""
        with writing.alone(self._lock) as alone:
            return self._leftovers() if alone else []

    def remove(self, names: Collection[str]) -> list[str]:
        """Remove trees but those in use, the layers of none, and leftovers; return the names of what is gone.

        Nothing while a tree is being made.
        """
        with writing.alone(self._lock) as alone:
            if not alone:
                return []
            gone = [name for name in names if self._remove_unless_used(self.folder / f"{name}.lock")]
            for path in self._leftovers():
                if path.parent == self.layers and not path.name.startswith(NEW):
                    self._remove(path)
                else:
                    shutil.rmtree(path, ignore_errors=True)
            return gone

    def keep_newest(self, number: int) -> None:
        """Remove all but the trees used last, and those in use."""
        self.remove([tree.name for tree in self.trees()[number:]])

    @property
    def _lock(self) -> Path:
        return self.folder / ".lock"  # whoever makes a tree makes and shares it

    def _of_trees(self, suffix: str) -> list[Path]:
        return [path for path in self.folder.glob(f"*{suffix}") if _NAME.fullmatch(path.stem)]

    def _leftovers(self) -> list[Path]:
        wanted = {name for record in self._of_trees(".json") for name in layers_of(record)}
        layers = list(self.layers.iterdir()) if self.layers.is_dir() and not self.layers.is_symlink() else []
        unwanted = (layer for layer in layers if _NAME.fullmatch(layer.name) and layer.name not in wanted)
        begun = (path for path in (*self.folder.glob(f"{NEW}*"), *layers) if path.name.startswith(NEW))
        return [*begun, *unwanted]

    def _remove_unless_used(self, path: Path) -> bool:
        with writing.alone(path) as unused:
            if unused:
                self._remove(path.with_suffix(""))
                path.with_suffix(".json").unlink(missing_ok=True)
                path.unlink()
        return unused

    def _remove(self, folder: Path) -> None:
        """Remove a folder that must never be seen half removed."""
        if folder.is_dir():
            leaving = Path(tempfile.mkdtemp(prefix=NEW, dir=self.folder))
            shutil.rmtree(folder.rename(leaving / "leaving"), ignore_errors=True)
            shutil.rmtree(leaving, ignore_errors=True)


def lock(path: Path, how: int) -> int:
    """Lock a file until the descriptor that is returned, and what inherited it, are closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    descriptor = lock(path, how)
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """Give a folder in that of the trees, removed when the block ends; pruning finds it if that never comes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        locked(folder / ".lock", fcntl.LOCK_SH),  # what is pruned meanwhile is not this
        tempfile.TemporaryDirectory(prefix=NEW, dir=folder) as own,
    ):
        yield Path(own)


def layers_of(record: Path) -> list[str]:
    try:
        return [str(name) for name in json.loads(record.read_bytes())["layers"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # its layers are unpacked again when they are missed
