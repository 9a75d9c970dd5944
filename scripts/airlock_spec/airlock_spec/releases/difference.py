"""What one release changes against another, and which files that concerns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from airlock_spec.releases.manifest import Manifest

_INIT = "__init__.py"
_FEW = 32  # names that are looked for in every text, rather than taking all texts apart
_WORD = re.compile(rb"\w+")


@dataclass(frozen=True)
class Difference:
    """Paths that a release adds, changes and removes, each in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


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
    texts = _Texts({path: _text(top / path) for path in paths if path.endswith(".py")})
    found: set[str] = set()
    names = {_name(path) for path in touched}
    asked: set[bytes] = set()
    while names:
        asked |= names
        new = texts.having(names, few=len(asked) <= _FEW) - found
        found |= new
        names = {_name(path) for path in new} - asked
    return found


@dataclass(frozen=True)
class _Texts:
    """Texts by their paths."""

    by_path: Mapping[str, bytes]

    def having(self, names: Collection[bytes], *, few: bool) -> set[str]:
        """Return the paths whose texts have one of the names: each of its words on its own, and itself."""
        if not few:
            return {path for name in names for path in self._having(name)}
        return {
            path
            for path, text in self.by_path.items()
            for name in names
            if name in text and set(_WORD.findall(name)) <= set(_WORD.findall(text))
        }

    def _having(self, name: bytes) -> set[str]:
        of_words = [self._words.get(word, set()) for word in _WORD.findall(name)] or [set(self.by_path)]
        return {path for path in set.intersection(*of_words) if name in self.by_path[path]}

    @cached_property
    def _words(self) -> dict[bytes, set[str]]:
        """The paths whose texts have it, by each word: of 10,000 files it takes more than a second to make."""
        having: dict[bytes, set[str]] = {}
        for path, text in self.by_path.items():
            for word in set(_WORD.findall(text)):
                having.setdefault(word, set()).add(path)
        return having


def _name(path: str) -> bytes:
    """Return the name that others call a file by."""
    parts = path.split("/")
    name = parts[-2] if parts[-1] == _INIT and len(parts) > 1 else parts[-1].removesuffix(".py")
    return name.encode()


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
