from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.errors import BuildError, LockError, NotReproducibleError
from airlock.locks.airflow import AirflowLock, LockedPackage, Source, parse_packages, render_packages
from airlock.locks.build import BuildLock
from airlock.platforms import AMD64, ARM64, native
from airlock.sdists import sealing
from airlock.sdists.build import Built
from airlock.store import Store, StoreFile
from airlock.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

QUIET = Terminal(quiet=True)
WHEEL = b"the wheel"


def stored(name: str, content: bytes = b"x") -> StoreFile:
    return StoreFile(name, len(content), hashlib.sha256(content).hexdigest())


SDIST, BACKEND = stored("old-1.tar.gz"), stored("setuptools-81-py3-none-any.whl", b"backend")
OLD = LockedPackage(
    "old",
    "1",
    (("any", stored("old-1-py3-none-any.whl", WHEEL)),),
    ("airflow.in",),
    3,
    Source("any", SDIST, ("setuptools==81",)),
)
BUILD = BuildLock("sha256:root", (), (LockedPackage("setuptools", "81", (("any", BACKEND),)),))


def lock(*packages: LockedPackage) -> AirflowLock:
    return AirflowLock("3.13.5", "2.41", (AMD64.name, ARM64.name), "test", (), packages)


class FakeBuilder:
    def __init__(self, content: bytes = WHEEL) -> None:
        self.content = content
        self.asked: list[tuple[StoreFile, tuple[StoreFile, ...]]] = []

    def wheel(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> Built:
        self.asked.append((sdist, tuple(requires)))
        return Built("old-1-py3-none-any.whl", self.content)


def test_a_lock_says_what_a_wheel_was_built_from_and_reads_it_back() -> None:
    text = render_packages([OLD])
    assert f"# sdist: any old-1.tar.gz 1 {SDIST.sha256}\n# built with: setuptools==81\n" in text
    assert parse_packages(text) == (OLD,)


def test_only_built_wheels_that_the_store_lacks_are_lacking(tmp_path: Path) -> None:
    store = Store(tmp_path)
    plain = replace(OLD, name="plain", source=None)
    assert sealing.lacking(lock(OLD, plain), [AMD64, ARM64], store) == (OLD,)
    store.add(OLD.files[0][1], [WHEEL], "test")
    assert sealing.lacking(lock(OLD, plain), [AMD64, ARM64], store) == ()


def test_building_wants_the_source_and_what_it_is_built_with() -> None:
    assert {one.file for one in sealing.wanted([OLD], BUILD, ())} == {SDIST, BACKEND}


def test_a_build_requirement_that_is_not_locked_is_named() -> None:
    with pytest.raises(LockError, match=r"build.lock does not hold setuptools==81"):
        sealing.wanted([OLD], replace(BUILD, packages=()), ())


def test_the_built_wheel_is_stored_where_it_is_what_the_lock_names(tmp_path: Path) -> None:
    store, builder = Store(tmp_path), FakeBuilder()
    sealing.build([OLD], BUILD, builder, store, QUIET)
    assert store.read(OLD.files[0][1]) == WHEEL
    assert builder.asked == [(SDIST, (BACKEND,))]


def test_another_wheel_than_the_lock_names_is_refused_and_not_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(NotReproducibleError, match="is not the wheel that the lock names"):
        sealing.build([OLD], BUILD, FakeBuilder(b"other"), store, QUIET)
    assert store.missing([OLD.files[0][1]])


def test_a_wheel_compiled_for_another_platform_is_to_be_had_from_elsewhere(tmp_path: Path) -> None:
    other = ARM64 if native() is AMD64 else AMD64
    source = Source(other.name, SDIST, ("setuptools==81",))
    compiled = replace(OLD, files=((other.name, OLD.files[0][1]),), source=source)
    with pytest.raises(BuildError, match=f"for {other} on {other} alone"):
        sealing.lacking(lock(compiled), [other], Store(tmp_path))
