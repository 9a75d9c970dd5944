"""Pruning: removes what was not used lately, and what killed processes left, while others go on working.

Whoever reads the cache makes again what vanished. Trees and halves of downloads are removed only under the locks
that their users hold. An interpreter and the store's files, which other projects may name, are used without a
lock: they go only when nobody began to for two days.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import cached
from airlock.cached import DOWNLOADS, INTERPRETERS, STORE, TREES, Entry, Part
from airlock.compose import interpreter
from airlock.kept_trees import KeptTrees
from airlock.last_use import DAY
from airlock.writing import alone, if_unlocked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.places import Places

_HOUR = 3600.0
_AT_REST = 2 * DAY  # a day, which is how exactly the last use is known, and one for what was begun then


@dataclass(frozen=True)
class Rules:
    """What is to go: entries unused for `older_than` seconds, and the oldest until `max_size` bytes are left.

    The store counts, and is removed from, only with `store`; never the files of `protected`.
    """

    older_than: float | None = None
    max_size: int | None = None
    store: bool = False
    protected: frozenset[Path] = frozenset()

    def covers(self, entry: Entry) -> bool:
        return entry.kind != STORE or (self.store and entry.path not in self.protected)


def chosen(found: Iterable[Entry], rules: Rules, now: float) -> list[Entry]:
    """Return what is to be removed, the least recently used first."""
    counted = [entry for entry in found if entry.kind != STORE or rules.store]
    shared = Counter(part for entry in counted for part in entry.parts)
    size = sum(part.size for part in shared)
    gone = []
    for entry in sorted(counted, key=lambda entry: (entry.used, entry.path)):
        old = rules.older_than is not None and now - entry.used > rules.older_than
        too_much = rules.max_size is not None and size > rules.max_size
        if not (old or too_much) or not rules.covers(entry) or not _is_at_rest(entry, now):
            continue
        gone.append(entry)
        shared.subtract(entry.parts)
        size -= sum(part.size for part in set(entry.parts) if not shared[part])
    return gone


def freed(found: Iterable[Entry], gone: Sequence[Entry]) -> int:
    """Return the bytes that no remaining entry shares."""
    paths = {entry.path for entry in gone}
    kept = {part for entry in found if entry.path not in paths for part in entry.parts}
    return sum(part.size for part in {part for entry in gone for part in entry.parts} - kept)


def remove(places: Places, gone: Sequence[Entry]) -> list[Entry]:
    """Remove entries; return those that were, for some are used again meanwhile."""
    trees = {entry.path.name for entry in gone if entry.kind == TREES}
    removed = set(KeptTrees(places.trees).remove(trees)) if trees else set()
    return [
        entry
        for entry in gone
        if (entry.path.name in removed if entry.kind == TREES else _REMOVERS.get(entry.kind, _remove)(entry))
    ]


def leftovers(places: Places) -> list[tuple[Path, tuple[Part, ...]]]:
    """Return what killed processes left: temporary files that nobody holds, folders that nobody makes any more."""
    paths = [*KeptTrees(places.trees).leftovers(), *_interpreter_leftovers(places.trees)]
    paths += (path for path in cached.temporary_files(places) if if_unlocked(path, lambda: None))
    return [(path, _parts(path)) for path in paths]


def remove_leftovers(places: Places) -> list[tuple[Path, tuple[Part, ...]]]:
    """Remove what `leftovers` returns, and the store's folders without a file; return what is gone."""
    found = leftovers(places)
    KeptTrees(places.trees).remove(())
    for path, _ in found:
        if path.name.startswith(interpreter.NEW):
            with alone(places.trees / interpreter.LOCK) as nobody_makes_one:
                if nobody_makes_one:
                    shutil.rmtree(path, ignore_errors=True)
        elif path.is_file():
            if_unlocked(path, path.unlink)
    _remove_empty_folders(places.store)
    return [(path, parts) for path, parts in found if not path.exists()]


def _is_at_rest(entry: Entry, now: float) -> bool:
    return entry.kind not in (INTERPRETERS, STORE) or now - entry.used > _AT_REST


def _remove(entry: Entry) -> bool:
    with contextlib.suppress(FileNotFoundError):
        if entry.path.stat().st_mtime > entry.used:
            return False  # used, or written again, since it was looked at
        entry.path.unlink()
    return True


def _remove_download(entry: Entry) -> bool:
    """Remove a download unless somebody goes on with it: whoever does holds it locked."""
    return if_unlocked(entry.path, lambda: _remove(entry))


def _remove_stored(entry: Entry) -> bool:
    removed = _remove(entry)
    with contextlib.suppress(OSError):  # it holds another file
        entry.path.parent.rmdir()
    return removed


def _remove_interpreter(entry: Entry) -> bool:
    folder = entry.path.parent
    with alone(folder / interpreter.LOCK) as nobody_starts_one, contextlib.suppress(FileNotFoundError):
        if not nobody_starts_one or entry.path.stat().st_mtime > entry.used:
            return False
        leaving = Path(tempfile.mkdtemp(prefix=interpreter.NEW, dir=folder))
        entry.path.rename(leaving / "leaving")
        shutil.rmtree(leaving, ignore_errors=True)
    return True


_REMOVERS: dict[str, Callable[[Entry], bool]] = {
    DOWNLOADS: _remove_download,
    INTERPRETERS: _remove_interpreter,
    STORE: _remove_stored,
}


def _interpreter_leftovers(folder: Path) -> list[Path]:
    with alone(folder / interpreter.LOCK) as nobody_makes_one:
        return list(folder.glob(f"{interpreter.NEW}*")) if nobody_makes_one else []


def _parts(path: Path) -> tuple[Part, ...]:
    if path.is_dir():
        return tuple({part for _, part in cached.parts_below(path)})
    with contextlib.suppress(FileNotFoundError):
        return (cached.part_of(path.stat()),)
    return ()


def _remove_empty_folders(store: Path) -> None:
    """Remove folders of the store that have held nothing for an hour: younger ones may be about to."""
    for folder in cached.stored_folders(store):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _HOUR:
                folder.rmdir()
