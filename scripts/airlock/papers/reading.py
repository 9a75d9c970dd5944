"""Facts read from the store's files, each once for ever: they are kept in the cache by the file's sha256."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from airlock.cache import key_of
from airlock.compose import recipe
from airlock.compose.fragments import in_parallel
from airlock.papers import debian, python
from airlock.papers.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airlock.cache import Cache
    from airlock.locks.airflow import LockedWheel
    from airlock.locks.debian import LockedDeb
    from airlock.store import Store, StoreFile
    from airlock.terminal import Terminal

_KIND = "package-facts"
CODE = ("debian/deb.py", "papers/debian.py", "papers/facts.py", "papers/python.py", "papers/spdx.py")


@dataclass(frozen=True)
class Reader:
    """Reads the facts of locked packages."""

    store: Store
    cache: Cache
    terminal: Terminal

    def wheels(self, locked: tuple[LockedWheel, ...]) -> dict[str, Facts]:
        """Return the facts of wheels by package. Raises as `debs` does."""
        facts = self._read({one.file: python.of_wheel for one in locked}, "wheels")
        return {one.name: facts[one.file] for one in locked}

    def debs(self, locked: tuple[LockedDeb, ...]) -> dict[str, Facts]:
        """Return the facts of .debs by package.

        Raises UnsealedError where a file is neither known nor in the store, CorruptError where its content is
        not what the lock names, UnsafeArchiveError where it is malformed.
        """
        facts = self._read({one.file: debian.of_deb for one in locked}, "Debian packages")
        return {one.package: facts[one.file] for one in locked}

    def _read(
        self, read: Mapping[StoreFile, Callable[[str, bytes], Facts]], what: str
    ) -> dict[StoreFile, Facts]:
        keys = {file: _key(file) for file in read}
        known = {file: self.cache.read_json(_KIND, key) for file, key in keys.items()}
        missing = [file for file, value in known.items() if value is None]
        found = {file: Facts.from_json(value) for file, value in known.items() if value is not None}
        if not missing:
            return found
        self.store.require_sealed(missing)
        with self.terminal.progress(f"reading {len(missing)} {what}", len(missing)) as progress:

            def take(file: StoreFile) -> Facts:
                facts = read[file](file.filename, self.store.read(file))
                self.cache.write_json(_KIND, keys[file], facts.to_json())
                progress.advance(1, file.filename)
                return facts

            return found | dict(zip(missing, in_parallel(os.cpu_count() or 1, take, missing), strict=True))


def _key(file: StoreFile) -> str:
    return key_of(made_by(CODE), file.filename, file.sha256)


@cache
def made_by(modules: tuple[str, ...]) -> str:
    """Identify the code of modules and the libraries that know SPDX's names and CycloneDX's form."""
    libraries = ("cyclonedx-python-lib", "license-expression", "packageurl-python")
    return key_of(recipe.of(modules), [version(name) for name in libraries])
