"""Packages are known by what an image holds, and their moves by their versions."""

from __future__ import annotations

import pytest

from airlock.difference.packages import (
    Package,
    Step,
    described,
    is_downgrade,
    is_metadata,
    owned,
    step,
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


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.2.3", "2.0.0", Step.MAJOR),
        ("1.2.3", "1!1.2.3", Step.MAJOR),
        ("1.2.3", "1.3", Step.MINOR),
        ("2025.8.3", "2025.10.5", Step.MINOR),
        ("1.2.3", "1.2.4", Step.PATCH),
        ("1.2", "1.2.1", Step.PATCH),
        ("1.2.3.4", "1.2.3.5", Step.PATCH),
        ("1.0", "1.0.0", Step.OTHER),
        ("1.0rc1", "1.0", Step.OTHER),
        ("1.0+local.1", "1.0+local.2", Step.OTHER),
        ("1.0", "1.0 / 2.0", Step.OTHER),
        ("3.5.1-1+deb13u1", "3.5.1-1+deb13u2", Step.PATCH),
        ("1:9.20.0-1", "1:9.20.4-1", Step.PATCH),
        ("3.4.9+dfsg-1", "3.5.0+dfsg-1", Step.MINOR),
        ("1:1.0-1", "2:1.0-1", Step.MAJOR),
        ("20240203", "20250419", Step.MAJOR),
        ("a-b", "a-c", Step.OTHER),
    ],
)
def test_a_move_is_as_big_as_the_first_number_that_differs(before: str, after: str, expected: Step) -> None:
    assert step(before, after) is expected
    assert step(after, before) is expected


def test_only_a_known_lower_version_is_a_downgrade() -> None:
    assert is_downgrade("1.10", "1.9")
    assert not is_downgrade("1.9", "1.10")
    assert not is_downgrade("b", "a")


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


def test_a_number_too_long_to_be_read_moves_somehow() -> None:
    long = "9" * 5000
    assert step("1", long) is step(long, "1") is Step.OTHER
    assert not is_downgrade(long, "1")


def test_a_package_that_is_there_twice_shows_both_versions() -> None:
    found = [Package("python", "six", "2"), Package("python", "six", "1"), Package("debian", "six", "3")]
    assert versions(found, "python") == {"six": "1 / 2"}
