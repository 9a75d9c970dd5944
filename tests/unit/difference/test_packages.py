"""Packages are known by what an image holds, and their moves by their versions."""

from __future__ import annotations

from airlock.difference.packages import (
    Package,
    described,
    is_metadata,
    owned,
    versions,
)

SITE = "opt/venv/lib/python3.13/site-packages"
STATUS = """\
Package: libc6
Status: install ok installed
Version: 2.41-12
Description: a library
 Version: not a field

Package: gone
Status: deinstall ok config-files
Version: 1
"""


def test_a_distribution_is_named_by_its_metadata() -> None:
    path = f"{SITE}/Some_Name-1.0.dist-info/METADATA"
    text = b"Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0\n\nName: of the description\n"

    assert described(path, text) == [Package("python", "some-name", "1.0")]


def test_only_what_dpkg_has_installed_is_a_package() -> None:
    assert described("var/lib/dpkg/status", STATUS.encode()) == [Package("debian", "libc6", "2.41-12")]
    one = b"Package: tzdata\nVersion: 2025b\n"
    assert described("var/lib/dpkg/status.d/tzdata", one) == [Package("debian", "tzdata", "2025b")]


def test_what_a_package_vendors_is_no_package_of_the_image() -> None:
    assert is_metadata(f"{SITE}/six-1.0.dist-info/METADATA")
    assert is_metadata("usr/lib/python3/dist-packages/six-1.0.dist-info/RECORD")
    assert not is_metadata(f"{SITE}/setuptools/_vendor/six-1.0.dist-info/METADATA")
    assert not is_metadata("var/lib/dpkg/status.d/tzdata.md5sums")
    assert not is_metadata("var/lib/dpkg/status-old")


def test_files_are_of_the_package_that_lists_them() -> None:
    record = b'six.py,sha256=x,1\n../../../bin/six,,\n"a,b.py",,\nsix-1.0.dist-info/RECORD,,\n'
    owner, paths = owned(f"{SITE}/six-1.0.dist-info/RECORD", record)
    assert owner == ("python", "six")
    assert paths == [
        f"{SITE}/six.py",
        "opt/venv/bin/six",
        f"{SITE}/a,b.py",
        f"{SITE}/six-1.0.dist-info/RECORD",
    ]
    assert owned("var/lib/dpkg/info/libc6:amd64.list", b"/usr/lib/libc.so.6\n") == (
        ("debian", "libc6"),
        ["usr/lib/libc.so.6"],
    )


def test_a_record_that_csv_refuses_owns_nothing() -> None:
    record = b"a" * 200_000 + b",,\nsix.py,,\n"
    assert owned(f"{SITE}/six-1.0.dist-info/RECORD", record) == (("python", "six"), [])


def test_a_package_that_is_there_twice_shows_both_versions() -> None:
    found = [Package("python", "six", "2"), Package("python", "six", "1"), Package("debian", "six", "3")]
    assert versions(found, "python") == {"six": "1 / 2"}
