"""What one release changes against another, and which files that concerns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock_spec.releases.manifest import Manifest

_INIT = "__init__.py"


@dataclass(frozen=True)
class Difference:
    """Paths that a release adds, changes and removes, each in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


def between(before: Manifest | None, after: Manifest) -> Difference:
    """Return what differs; modes count."""
    old = {file.path: file for file in before.files} if before else {}
    new = {file.path: file for file in after.files}
    return Difference(
        tuple(path for path in new if path not in old),
        tuple(path for path, file in new.items() if path in old and old[path] != file),
        tuple(path for path in old if path not in new),
    )


def affected(top: Path, manifest: Manifest, change: Difference) -> tuple[str, ...]:
    """Return the paths of a release, below `top`, that a change adds, changes, or concerns (see `naming`), in order."""
    new = {*change.added, *change.changed}
    paths = [file.path for file in manifest.files]
    if len(new) < len(paths):
        new |= naming(top, paths, (*new, *change.removed))
    return tuple(path for path in paths if path in new)


def naming(top: Path, paths: Iterable[str], touched: Iterable[str]) -> set[str]:
    """Return those of `paths`, below `top`, whose text names a touched file, or one that names one, and so on.

    What a DAG file imports or reads it names by its module or its file: to look for the words finds more than
    depends on them, never less, unless a name is put together when it runs.
    """
    texts: Mapping[str, bytes] = {path: _text(top / path) for path in paths if path.endswith(".py")}
    found: set[str] = set()
    words = {_word(path) for path in touched}
    while words:
        pattern = re.compile(rb"(?<!\w)(?:" + b"|".join(sorted(words)) + rb")(?!\w)")
        new = {path for path, text in texts.items() if path not in found and pattern.search(text)}
        found |= new
        words = {_word(path) for path in new}
    return found


def _word(path: str) -> bytes:
    """Return the name that others call a file by, as a pattern."""
    parts = path.split("/")
    name = parts[-2] if parts[-1] == _INIT and len(parts) > 1 else parts[-1].removesuffix(".py")
    return re.escape(name.encode())


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
