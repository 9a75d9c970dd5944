"""What a .deb says: its control stanza, and copyright files of both kinds."""

from __future__ import annotations

import tarfile

import pytest

from airlock.errors import UnsafeArchiveError
from airlock.papers import debian
from airlock.papers.facts import Facts, Licenses
from archives import make_deb, member

FORMAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
CONTROL = (
    "Package: demo\nVersion: 1-1+b2\nArchitecture: amd64\nMaintainer: Me <me@example.org>\n"
    "Description: a demo\n of a package\n"
)


def facts(copyright_: str | bytes = "", control: str = CONTROL, **files: str) -> Facts:
    members = [(member(f"./{path}"), content.encode()) for path, content in files.items()]
    if copyright_:
        content = copyright_ if isinstance(copyright_, bytes) else copyright_.encode()
        members.append((member("./usr/share/doc/demo/copyright"), content))
    return debian.of_deb("demo_1.deb", make_deb(members, control=control))


def test_a_machine_readable_copyright_gives_every_licence_once() -> None:
    text = (
        f"{FORMAT}\nFiles: *\nLicense: GPL-2+ and Expat\n License: not a field\n\n"
        "Files: debian/*\nLicense: GPL-2+\n\nLicense: odd-one\n text\n"
    )
    assert facts(text).licenses == Licenses(("GPL-2.0-or-later", "MIT", "odd-one"), "copyright")


def test_another_copyright_gives_the_common_licences_it_mentions() -> None:
    text = (
        "See /usr/share/common-licenses/GPL-2.\nand /usr/share/common-licenses/Artistic, too\nLicense: no\n"
    )
    assert facts(text).licenses == Licenses(("Artistic", "GPL-2"), "mentioned in copyright")


def test_a_copyright_that_names_no_licence_is_the_one_to_read() -> None:
    assert facts("All rights reserved\n").licenses == Licenses((), "copyright")
    assert facts(b"\xff\xfe\x00License: MIT\n").licenses == Licenses((), "copyright")


def test_a_package_without_a_copyright_file_says_nothing() -> None:
    assert facts().licenses == Licenses((), "")


@pytest.mark.parametrize(
    ("path", "target"),
    [("usr/share/doc/demo", "demo-common"), ("usr/share/doc/demo/copyright", "../demo-common/copyright")],
)
def test_documentation_that_is_a_link_names_the_package_it_is_of(path: str, target: str) -> None:
    link = member(f"./{path}", tarfile.SYMTYPE, target=target)
    found = debian.of_deb("demo_1.deb", make_deb([(link, b"")], control=CONTROL))
    assert found.licensed_as == "demo-common"


def test_the_source_package_is_named_with_its_own_version() -> None:
    assert facts().source == "demo@1-1+b2"
    assert facts(control=f"Source: src\n{CONTROL}").source == "src@1-1+b2"
    assert facts(control=f"Source: src (1-1)\n{CONTROL}").source == "src@1-1"


def test_relations_are_names_alone() -> None:
    fields = (
        "Pre-Depends: libc6 (>= 2.36)\nDepends: python3:any, a [amd64] | b (= 1),\n c\nProvides: v (= 2), w\n"
    )
    found = facts(control=fields + CONTROL)
    assert found.requires == ("libc6", "python3", "a | b", "c")
    assert found.provides == ("v", "w")


def test_the_package_that_names_the_release_tells_it() -> None:
    assert facts(**{"usr/lib/os-release": 'NAME=x\nVERSION_ID="13"\n'}).release == "13"


def test_what_is_no_package_is_refused_by_name() -> None:
    with pytest.raises(UnsafeArchiveError, match=r"demo_1\.deb is not a Debian package"):
        debian.of_deb("demo_1.deb", b"!<arch>\n")
