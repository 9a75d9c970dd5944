"""The checks over the whole image: paths with two owners, and libraries with none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.compose import collisions, entry, fragment, libraries, machines
from airlock.compose.compression import Zstd
from airlock.compose.elf import ElfFacts
from airlock.compose.fragment import Facts
from airlock.errors import CollisionError, ForeignBinaryError, MissingLibraryError
from airlock.platforms import AMD64, ARM64

if TYPE_CHECKING:
    from airlock.compose.entry import Entry

LIB = "usr/lib/x86_64-linux-gnu"


def facts(package: str, *entries: Entry) -> Facts:
    return fragment.make(package, entries, Zstd()).facts


def with_elves(one: Facts, *elves: ElfFacts) -> Facts:
    return Facts(one.package, one.paths, one.directories, elves, one.size, one.note)


def test_packages_that_agree_on_a_path_may_share_it() -> None:
    collisions.require_none([facts("a", entry.file("x", "1")), facts("b", entry.file("x", "1"))])


@pytest.mark.parametrize(
    "second",
    [entry.file("x", "2"), entry.file("x", "1", 0o755), entry.symlink("x", "y"), entry.file("x/y", "1")],
)
def test_packages_that_differ_on_a_path_are_named(second: Entry) -> None:
    with pytest.raises(CollisionError, match="owned by two packages") as caught:
        collisions.require_none([facts("first", entry.file("x", "1")), facts("second", second)])
    assert "first" in caught.value.cause
    assert "second" in caught.value.cause


def test_a_folder_and_a_file_collide() -> None:
    with pytest.raises(CollisionError):
        collisions.require_none([facts("a", entry.directory("x", 0o700)), facts("b", entry.file("x", ""))])


def test_a_path_below_a_link_of_another_package_is_refused() -> None:
    with pytest.raises(CollisionError, match="1 paths") as caught:
        collisions.require_none(
            [facts("a", entry.symlink("lib", "usr/lib")), facts("b", entry.file("lib/x", ""))]
        )
    assert "/lib/x of b lies below /lib" in caught.value.cause


def test_the_configured_owner_keeps_a_path_and_the_other_loses_it() -> None:
    both = [facts("a", entry.file("x", "1")), facts("b", entry.file("x", "2"), entry.file("y", ""))]
    assert collisions.losers(both, {"x": "a"}) == {"b": frozenset({"x"})}


def test_a_library_is_found_in_the_system_folder_through_links() -> None:
    held = facts(
        "libx", entry.symlink(f"{LIB}/libx.so.1", "libx.so.1.2"), entry.file(f"{LIB}/libx.so.1.2", "elf")
    )
    wants = with_elves(facts("app"), ElfFacts("opt/app.so", "EM_X86_64", "", ("libx.so.1",), ()))
    libraries.require_all([held, wants], AMD64, {})


def test_a_library_is_found_by_the_search_path_of_its_user() -> None:
    held = facts("other", entry.file("opt/libs/liby.so", "elf"))
    wants = with_elves(
        facts("app"), ElfFacts("opt/app/a.so", "EM_X86_64", "", ("liby.so",), ("$ORIGIN/../libs",))
    )
    libraries.require_all([held, wants], AMD64, {})


def test_what_a_package_ships_itself_is_its_own_business() -> None:
    wants = with_elves(
        facts("app", entry.file("opt/deep/libz.so", "elf")),
        ElfFacts("opt/a.so", "EM_X86_64", "", ("libz.so",), ()),
    )
    libraries.require_all([wants], AMD64, {})


def test_files_for_other_machines_are_not_asked() -> None:
    wants = with_elves(facts("app"), ElfFacts("opt/a.so", "EM_X86_64", "", ("liby.so",), ()))
    libraries.require_all([wants], ARM64, {})


@pytest.mark.parametrize("held", [(), (entry.symlink(f"{LIB}/libq.so.1", "gone"),)])
def test_a_missing_library_names_who_wants_it_and_who_has_it(held: tuple[Entry, ...]) -> None:
    wants = with_elves(facts("greenlet"), ElfFacts("opt/g.so", "EM_X86_64", "", ("libq.so.1",), ()))
    with pytest.raises(MissingLibraryError) as caught:
        libraries.require_all([facts("libs", *held), wants], AMD64, {"libq.so.1": "libq1"})
    assert "libq.so.1 is needed by greenlet (/opt/g.so); Debian's libq1 has it" in caught.value.cause
    assert "add libq1 to constraints/debian.in" in caught.value.remedy


def test_the_full_version_of_a_library_is_in_the_same_package() -> None:
    wants = with_elves(facts("numba"), ElfFacts("opt/n.so", "EM_X86_64", "", ("libgomp.so.1.0.0",), ()))
    with pytest.raises(MissingLibraryError, match="1 shared library is not") as caught:
        libraries.require_all([wants], AMD64, {"libgomp.so.1": "libgomp1"})
    assert "Debian's libgomp1 has it" in caught.value.cause


def test_a_library_that_the_lock_does_not_know_is_told_by_debians_naming() -> None:
    wants = with_elves(facts("numba"), ElfFacts("opt/n.so", "EM_X86_64", "", ("libtbb.so.12",), ()))
    with pytest.raises(MissingLibraryError) as caught:
        libraries.require_all([wants], AMD64, {})
    assert "libtbb12 may, by its name" in caught.value.cause
    assert "try libtbb12 there (apt-file search libtbb.so.12)" in caught.value.remedy


def test_a_library_that_may_be_missing_is_not_asked_for() -> None:
    wants = with_elves(facts("torch"), ElfFacts("opt/t.so", "EM_X86_64", "", ("libcuda.so.1", "libq.so"), ()))
    with pytest.raises(MissingLibraryError) as caught:
        libraries.require_all([wants], AMD64, {}, ("libcuda.so.*",))
    assert "libcuda" not in caught.value.cause
    libraries.require_all([wants], AMD64, {}, ("libcuda.so.*", "libq.so"))


def test_a_file_for_another_processor_is_named_unless_its_path_is_allowed() -> None:
    elf = ElfFacts("opt/x/helper", "EM_X86_64", "", (), ())
    one = [with_elves(facts("helper"), elf)]
    machines.require_one(one, AMD64, ())
    machines.require_one(one, ARM64, ("/opt/*/helper",))
    with pytest.raises(ForeignBinaryError, match="another processor than linux/arm64") as caught:
        machines.require_one(one, ARM64, ("/opt/other/*",))
    assert caught.value.cause == "/opt/x/helper of helper: EM_X86_64"
    assert 'other-machines = ["/opt/x/helper"' in caught.value.remedy
