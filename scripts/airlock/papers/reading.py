"""Facts read from the store's files, each once for ever: they are kept in the cache by the file's sha256."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from airlock.cache import key_of
from airlock.compose import recipe
from airlock.compose.fragments import in_parallel
from airlock.papers import debian, python
from airlock.papers.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airlock.cache import Cache
    from airlock.compose.fragments import Supply
    from airlock.locks.airflow import LockedWheel
    from airlock.locks.debian import LockedDeb
    from airlock.store import Store, StoreFile
    from airlock.terminal import Terminal

_KIND = "package-facts"
CODE = ("debian/deb.py", "papers/debian.py", "papers/facts.py", "papers/python.py", "papers/spdx.py")


@dataclass
class Reader:
    """Reads the facts of locked packages."""

    store: Store
    cache: Cache
    terminal: Terminal
    published: Mapping[str, Any] = field(default_factory=dict)  # what others read of them, by `key`
    supply: Supply | None = None  # fetches files that are missing; without it they must be there
    borrowed: bool = field(
        default=False, init=False
    )  # whether facts are what others read, so that nothing here proves them

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

    def documents(self, wheels: tuple[LockedWheel, ...], debs: tuple[LockedDeb, ...]) -> dict[str, Any]:
        """Return the facts of wheels and .debs as JSON by `key`, to be published. Raises as `debs` does."""
        of_wheels, of_debs = self.wheels(wheels), self.debs(debs)
        read = {one.file: of_wheels[one.name] for one in wheels}
        read |= {one.file: of_debs[one.package] for one in debs}
        return {key(file): facts.to_json() for file, facts in read.items()}

    def _read(
        self, read: Mapping[StoreFile, Callable[[str, bytes], Facts]], what: str
    ) -> dict[StoreFile, Facts]:
        known = {file: self._known(key(file)) for file in read}
        missing = [file for file, facts in known.items() if facts is None]
        found = {file: facts for file, facts in known.items() if facts}
        if not missing:
            return {file: found[file] for file in read}
        if self.supply:
            self.supply(missing)
        self.store.require_sealed(missing)
        with self.terminal.progress(f"reading {len(missing)} {what}", len(missing)) as progress:

            def take(file: StoreFile) -> Facts:
                facts = read[file](file.filename, self.store.read(file))
                self.cache.write_json(_KIND, key(file), facts.to_json())
                progress.advance(1, file.filename)
                return facts

            found |= zip(missing, in_parallel(os.cpu_count() or 1, take, missing), strict=True)
        return {file: found[file] for file in read}

    def _known(self, key: str) -> Facts | None:
        """Return facts that were read before, here or elsewhere; what is malformed counts as not read."""
        value = self.cache.read_json(_KIND, key)
        if value is not None:
            return Facts.from_json(value)
        facts = Facts.checked(self.published[key]) if key in self.published else None
        self.borrowed |= facts is not None
        return facts


def key(file: StoreFile) -> str:
    """Return the key of what is read from a file: of it, and of the code that reads it."""
    return key_of(made_by(CODE), file.filename, file.sha256)


@cache
def made_by(modules: tuple[str, ...]) -> str:
    """Identify the code of modules and the libraries that know SPDX's names and CycloneDX's form."""
    libraries = ("cyclonedx-python-lib", "license-expression", "packageurl-python")
    return key_of(recipe.of(modules), [version(name) for name in libraries])
