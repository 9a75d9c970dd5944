"""What is cached under `Places`: every entry, when it was last used, and the bytes that its removal would free.

Only what has a name as airlock gives them counts: AIRLOCK_CACHE may point to a folder with other people's files.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.compose import interpreter
from airlock.kept_trees import KeptTrees
from airlock.store import StoreFile
from airlock.writing import is_temporary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.places import Places

STORE, TREES, INTERPRETERS, DOWNLOADS = "store", "trees", "interpreters", "downloads"
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KIND = re.compile(r"[a-z]+(-[a-z]+)*", re.ASCII)
_BEGINNING = re.compile(r"[0-9a-f]{2}", re.ASCII)  # of the keys in a folder of the cache


@dataclass(frozen=True)
class Part:
    """A file's content, which several entries may share: hard links of one file have one key."""

    key: tuple[int, int]
    size: int


@dataclass(frozen=True)
class Entry:
    """What is removed as one: a file, or a folder; `used` in s since 1970."""

    kind: str
    path: Path
    used: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Summary:
    """The entries of one kind; bytes that they share with a kind before are not counted again."""

    kind: str
    entries: int
    bytes: int
    oldest: float
    newest: float


def entries(places: Places) -> list[Entry]:
    """Return all that is cached, kind by kind."""
    found = list(_stored(places.store))
    for kind in _folders(places.cache, _KIND):
        found += _cached(kind)
    found += _trees(KeptTrees(places.trees))
    found += _interpreters(places.trees)
    found += _downloads(places.downloads)
    return found


def summaries(found: Iterable[Entry]) -> list[Summary]:
    """Add up entries by their kind."""
    by_kind: dict[str, list[Entry]] = {}
    for entry in found:
        by_kind.setdefault(entry.kind, []).append(entry)
    seen: set[Part] = set()
    made = []
    for kind, of_kind in by_kind.items():
        parts = {part for entry in of_kind for part in entry.parts} - seen
        seen |= parts
        used = [entry.used for entry in of_kind]
        made.append(Summary(kind, len(of_kind), sum(part.size for part in parts), min(used), max(used)))
    return made


def part_of(status: os.stat_result) -> Part:
    return Part((status.st_dev, status.st_ino), status.st_size)


def parts_below(folder: Path) -> Iterator[tuple[Path, Part]]:
    """Yield the regular files below a folder; what vanishes meanwhile is left out."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                path = os.path.join(parent, name)  # noqa: PTH118 - a tree has 30,000 files
                status = os.lstat(path)
                if stat.S_ISREG(status.st_mode):
                    yield folder / path, part_of(status)


def temporary_files(places: Places) -> list[Path]:
    """Return what airlock.writing has not yet given its name, or never will."""
    folders = [places.store, places.downloads, places.trees]
    folders += [below for kind in _folders(places.cache, _KIND) for below in _folders(kind, _BEGINNING)]
    return [folder / item.name for folder in folders for item in _items(folder) if is_temporary(item.name)]


def stored_folders(store: Path) -> list[Path]:
    """Return the folders of a store's files, which may be empty."""
    return _folders(store, _HASH)


def _stored(store: Path) -> Iterator[Entry]:
    for folder in stored_folders(store):
        for item in _items(folder):
            if StoreFile.named(f"{folder.name}/{item.name}", 0):
                yield from _entry(STORE, item)


def _cached(kind: Path) -> Iterator[Entry]:
    for folder in _folders(kind, _BEGINNING):
        for item in _items(folder):
            if _HASH.fullmatch(item.name) and item.name.startswith(folder.name):
                yield from _entry(f"cache/{kind.name}", item)


def _downloads(folder: Path) -> Iterator[Entry]:
    for item in _items(folder):
        if _HASH.fullmatch(item.name.removesuffix(".part")):
            yield from _entry(DOWNLOADS, item)


def _entry(kind: str, item: os.DirEntry[str]) -> Iterator[Entry]:
    with contextlib.suppress(FileNotFoundError):
        status = item.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            yield Entry(kind, Path(item.path), status.st_mtime, (part_of(status),))


def _folders(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """Return the folders that are really below: a link may lead to somebody's files."""
    found = [item.name for item in _items(folder) if item.is_dir(follow_symlinks=False)]
    return [folder / one for one in sorted(found) if name.fullmatch(one)]


def _items(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # removed meanwhile, or not ours
        return []


def _trees(kept: KeptTrees) -> Iterator[Entry]:
    """Find the trees; a file of one is a layer's, under another name, and perhaps other trees', too."""
    for tree in kept.trees():
        folders = [kept.folder / tree.name, *(kept.layers / name for name in tree.layers)]
        parts = {part for folder in folders for _, part in parts_below(folder)}
        yield Entry(TREES, folders[0], tree.used, tuple(parts))


def _interpreters(folder: Path) -> Iterator[Entry]:
    for root in _folders(folder, _HASH):
        with contextlib.suppress(FileNotFoundError):
            if (root / interpreter.SUMS).is_file():
                parts = tuple({part for _, part in parts_below(root)})
                yield Entry(INTERPRETERS, root, root.stat().st_mtime, parts)
