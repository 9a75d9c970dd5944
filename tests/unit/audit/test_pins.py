"""Advisories know a Debian package by its source, and a release of Debian by its number."""

from __future__ import annotations

from airlock.audit import pins
from airlock.audit.pins import Pin
from airlock.locks.debian import DebianLock, LockedDeb
from airlock.locks.toolchain import ToolchainLock
from airlock.platforms import AMD64, ARM64


def deb(package: str, version: str, path: str, platform: str = "linux/amd64") -> LockedDeb:
    return LockedDeb(package, version, platform, "amd64", "debian", path, 1, "0" * 64)


DEBS = (
    deb("libc6", "2.41-12", "pool/main/g/glibc/libc6_2.41-12_amd64.deb"),
    deb("libc-bin", "2.41-12", "pool/main/g/glibc/libc-bin_2.41-12_amd64.deb"),
    deb(
        "libpq5", "17.6-0+deb13u1+b1", "pool/updates/main/p/postgresql-17/libpq5_17.6-0+deb13u1+b1_amd64.deb"
    ),
    deb("zlib1g", "1:1.3-1", "pool/main/z/zlib/zlib1g_1.3-1_arm64.deb", "linux/arm64"),
)


def lock(suite: str) -> DebianLock:
    return DebianLock(suite, ("linux/amd64", "linux/arm64"), (), (), (), DEBS)


def test_debs_of_one_source_are_one_pin() -> None:
    assert pins.of_debian(lock("trixie"), [AMD64]) == [
        Pin("Debian:13", "glibc", "2.41-12"),
        Pin("Debian:13", "postgresql-17", "17.6-0+deb13u1"),
    ]
    assert [one.packages for one in pins.of_debian(lock("trixie"), [AMD64])] == [
        ("libc-bin", "libc6"),
        ("libpq5",),
    ]
    assert Pin("Debian:13", "zlib", "1:1.3-1") in pins.of_debian(lock("trixie"), [AMD64, ARM64])


def test_of_a_suite_without_a_number_nothing_is_asked() -> None:
    assert pins.of_debian(lock("sid"), [AMD64]) == []


def test_a_deb_outside_a_pool_stands_for_itself() -> None:
    assert pins.source(deb("mine", "1", "dists/mine_1_amd64.deb")) == "mine"


def test_each_version_of_a_tool_is_asked_about() -> None:
    body = 'a==1 ; python_full_version < "3.12" \\\n    --hash=sha256:0\na==2 \\\n    --hash=sha256:0\n'
    assert pins.of_toolchain(ToolchainLock("3.11", "", (), body)) == [
        Pin("PyPI", "a", "1"),
        Pin("PyPI", "a", "2"),
    ]
