from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.errors import BuildError, LockError, NotReproducibleError
from airlock.locks.airflow import AirflowLock, LockedPackage, Source, parse_packages, render_packages
from airlock.locks.build import BuildLock, root_of
from airlock.locks.debian import DebianLock
from airlock.platforms import AMD64, ARM64, native
from airlock.sdists import root, sealing
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
ROOT = DebianLock("trixie", (AMD64.name, ARM64.name), (), (), (), ())
BUILD = BuildLock(root_of(ROOT), (), (LockedPackage("setuptools", "81", (("any", BACKEND),)),))


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
    assert {one.file for one in sealing.wanted([OLD], BUILD, ROOT)} == {SDIST, BACKEND}


def test_a_build_requirement_that_is_not_locked_is_named() -> None:
    with pytest.raises(LockError, match=r"build.lock does not hold setuptools==81"):
        sealing.wanted([OLD], replace(BUILD, packages=()), ROOT)


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
    wheel = stored("old-1-cp313-cp313-linux_other.whl", WHEEL)
    compiled = replace(OLD, files=((other.name, wheel),), source=source)
    with pytest.raises(BuildError, match=f"for {other} on {other} alone"):
        sealing.lacking(lock(compiled), [other], Store(tmp_path))


def test_a_wheel_for_another_platform_that_is_not_compiled_is_built_here(tmp_path: Path) -> None:
    other = ARM64 if native() is AMD64 else AMD64
    index = stored(f"old-1-cp313-cp313-manylinux_2_28_{native().machine}.whl")
    files = ((native().name, index), (other.name, OLD.files[0][1]))
    pure = replace(OLD, files=files, source=Source(other.name, SDIST, ()))
    assert sealing.lacking(lock(pure), [other], Store(tmp_path)) == (pure,)


def test_locks_that_were_not_made_together_are_refused() -> None:
    with pytest.raises(LockError, match=r"build.lock is not current"):
        sealing.wanted([OLD], replace(BUILD, root="sha256:other"), ROOT)


def test_where_no_debian_packages_are_locked_for_this_machine_nothing_can_be_built(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=f"nothing can be built from source on {native()}"):
        root.unpack((), Store(tmp_path), tmp_path)
