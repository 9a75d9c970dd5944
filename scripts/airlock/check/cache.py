"""Facts of earlier, kept as long as everything that they depend on is as it was.

One entry holds the facts of a bundle's files under one image, probe, configuration, and all that the bundle holds
besides Python. A file's facts are good while its dependencies hold; what is known of the bundle as a whole, while
every byte of it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock_spec.check import json_form
from airlock_spec.check.facts import File, Isolation, Kind, Need, Pattern, Run, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.cache import Cache
    from airlock.check.bundle import Bundle
    from airlock.check.listing import Listing

KIND = "facts"
_BY_CHANCE = frozenset({Kind.TIMEOUT, Kind.CRASH, Kind.MEMORY})  # the next run may end otherwise


@dataclass(frozen=True)
class Whole:
    """What is known of a bundle as long as it is the same: `names` are the paths of its DAG files."""

    listing: str
    names: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[Pattern, ...] = ()
    common: tuple[Need, ...] = ()


@dataclass(frozen=True)
class Kept:
    """An entry."""

    airflow: str
    python: str
    isolation: Isolation
    names: str  # Listing.names: what files depend on whose probe did not tell what they looked for
    files: tuple[File, ...] = ()
    whole: Whole | None = None


def read(cache: Cache, key: str) -> Kept | None:
    """Return an entry; a damaged one is as good as none."""
    content = cache.read(KIND, key)
    try:
        return None if content is None else json_form.loads(Kept, content)
    except ValueError:
        return None


def write(cache: Cache, key: str, kept: Kept) -> None:
    cache.write(KIND, key, json_form.dumps(kept).encode())


def good(files: Iterable[File], names: str, listing: Listing, seconds: float) -> tuple[File, ...]:
    """Return the files whose facts hold for the bundle as it is, and will at another time.

    `names` is that of the listing when the facts were found. One that took longer than `seconds` is timed anew: the
    machine may have been busy.
    """
    return tuple(
        file
        for file in files
        if file.dependencies is not None
        and file.path in file.dependencies.files
        and file.seconds <= seconds
        and not any(problem.kind in _BY_CHANCE for problem in file.problems)
        and names == listing.names
        and listing.holds(file.dependencies)
    )


def with_sources(files: Iterable[File], listing: Listing) -> Iterator[File]:
    """Add the source of each bytecode that was read: where that is fresh, Python opens it instead."""
    for file in files:
        known = file.dependencies
        if known is None or not any(path.endswith(".pyc") for path in known.files):
            yield file
            continue
        sources = [source for path in known.files if (source := _source(path))]
        found = {path: listing.files[path] for path in sources if path in listing.files}
        yield replace(file, dependencies=replace(known, files=found | known.files))


def _source(path: str) -> str:
    """Return the source of `folder/__pycache__/name.cpython-313.pyc`, "" for what is no bytecode (PEP 3147)."""
    folder, cached, name = path.rpartition("__pycache__/")
    return f"{folder}{name.partition('.')[0]}.py" if cached and name.endswith(".pyc") else ""


def answer(kept: Kept, listing: Listing, bundle: Bundle) -> Run | None:
    """Return the facts of a bundle in which nothing changed; None where something must be looked at."""
    whole = kept.whole
    paths = {file.path for file in kept.files}
    if whole is None or whole.listing != listing.digest:
        return None
    if any(bundle.selects(name) and name not in paths for name in whole.names):
        return None
    return Run(
        kept.airflow, kept.python, kept.isolation, kept.files, whole.skipped, whole.unmatched, whole.common
    )


def joined(run: Run, known: Iterable[File]) -> Run:
    """Return a run with the facts that it was told to pass over."""
    fresh = {file.path for file in run.files}
    files = (*run.files, *(file for file in known if file.path not in fresh))
    return replace(run, files=tuple(sorted(files, key=lambda file: file.path)))
