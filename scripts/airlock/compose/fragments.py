"""Fragments made once and cached for ever by what determines them."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from airlock.compose.fragment import Facts, Fragment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.cache import Cache
    from airlock.compose.published import Published
    from airlock.store import StoreFile
    from airlock.terminal import Progress

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12
_R = TypeVar("_R")


@dataclass(frozen=True)
class FragmentSpec:
    """A fragment before it is made.

    `inputs` names what it is made from, `key` also the code that makes it; `weight` (bytes) says what it may
    cost, `tier` how often it moves (airlock.locks.tiers).
    """

    package: str
    label: str
    inputs: str
    key: str
    weight: int
    make: Callable[[], Fragment]
    tier: int = 0
    files: tuple[StoreFile, ...] = ()  # of the store, that it is made from


Supply = Callable[[Iterable["StoreFile"]], None]  # makes files be in the store, several at once


def _sealed(files: Iterable[StoreFile]) -> None:
    """Supply nothing: all files were there before."""


class Fragments:
    """Gets the facts and the frame of a fragment: from the cache, or by making it.

    Facts alone may be `known` without the fragment; what it is made from is then asked of `supply` when it must
    be made.
    """

    def __init__(
        self, cache: Cache, workers: int, known: Published | None = None, supply: Supply = _sealed
    ) -> None:
        self.borrowed = False  # whether facts were taken from what is known, so that nothing here proves them
        self.known = known
        self._supply = supply
        self._seconds: dict[str, float] = {}
        self._cache = cache
        self._workers = workers
        self._facts: dict[str, Facts] = {}
        self._lock = threading.Lock()

    def missing(self, specs: Iterable[FragmentSpec]) -> list[FragmentSpec]:
        """Read the facts that are cached and return the specs of those that are not."""
        return [spec for spec in specs if not self._read_facts(spec)]

    def prepare(self, specs: Sequence[FragmentSpec], progress: Progress) -> None:
        """Make fragments in parallel, the costly ones first."""
        self._supply({file: None for spec in specs for file in spec.files})
        with _pool(self._workers) as pool:
            ordered = sorted(specs, key=lambda spec: -spec.weight)
            _finish([pool.submit(self._make, spec, progress) for spec in ordered])

    def supply(self, specs: Iterable[FragmentSpec]) -> None:
        """Make what those fragments are made from that are not cached be in the store, all at once."""
        lacking = [spec for spec in specs if not self._cache.holds("frames", spec.key)]
        self._supply({file: None for spec in lacking for file in spec.files})

    def facts(self, spec: FragmentSpec) -> Facts:
        if not self._read_facts(spec):
            self._make(spec)
        return self._facts[spec.key]

    def document(self, spec: FragmentSpec) -> Any:
        """Return the facts as JSON, to be published: the same whoever made them."""
        content = self._cache.read("facts", spec.key)
        if content is None and self.known and spec.key in self.known.fragments:
            return self.known.fragments[spec.key]
        return json.loads(content or self.facts(spec).to_json())

    def seconds(self, spec: FragmentSpec) -> float:
        """Return how long the fragment took to make, 0 where it was cached."""
        return self._seconds.get(spec.key, 0.0)

    def frame(self, spec: FragmentSpec) -> bytes:
        """Return the compressed cut; one that was lost or altered in the cache is made again."""
        frame = self._cache.read("frames", spec.key)
        return self._make(spec).frame if frame is None else frame

    def _read_facts(self, spec: FragmentSpec) -> bool:
        if spec.key not in self._facts:
            content = self._cache.read("facts", spec.key)
            if content is None:
                return self._borrow_facts(spec)
            self._facts[spec.key] = Facts.from_json(content)
        return True

    def _borrow_facts(self, spec: FragmentSpec) -> bool:
        found = self.known.facts(spec.key) if self.known else None
        if found is None:
            return False
        self._facts[spec.key] = found
        self.borrowed = True
        return True

    def _make(self, spec: FragmentSpec, progress: Progress | None = None) -> Fragment:
        start = time.monotonic()
        self._supply(spec.files)
        fragment = spec.make()
        if self.known:
            self.known.require_same(spec.key, fragment.facts)
        self._cache.write("frames", spec.key, fragment.frame)
        self._cache.write("facts", spec.key, fragment.facts.to_json())
        with self._lock:
            self._facts[spec.key] = fragment.facts
            self._seconds[spec.key] = time.monotonic() - start
        if progress:
            progress.advance(spec.weight, spec.label)
        return fragment


@contextlib.contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads, because what costs time (compiling, zlib, zstd, sha256) runs outside the interpreter's lock."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _finish(futures: list[Future[_R]]) -> list[_R]:
    done, _ = wait(futures, return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()
    return [future.result() for future in futures]


def in_parallel(workers: int, work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """Do the work on every item and return the results in order; the first failure ends it."""
    with _pool(workers) as pool:
        return _finish([pool.submit(work, item) for item in items])
