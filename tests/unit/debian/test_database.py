"""dpkg's database, as dpkg itself and scanners read it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.compose import entry
from airlock.compose.entry import Entry, Kind
from airlock.debian import database
from airlock.debian.deb import Deb

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTROL = (
    "Package: {name}\nSource: src\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@b>\nDescription: x\n"
)
PROGRAM = entry.file("usr/bin/tool", b"content")


def texts(entries: Iterable[Entry]) -> dict[str, str]:
    return {item.path.removeprefix("var/lib/dpkg/"): item.content.decode() for item in entries}


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_status_says_of_every_package_that_it_is_installed() -> None:
    debs = {name: Deb(CONTROL.format(name=name), ()) for name in ("b", "a")}
    stanzas = texts(database.status(debs))["status"].split("\n\n")

    assert [stanza.splitlines()[:3] for stanza in stanzas] == [
        [f"Package: {name}", "Status: install ok installed", "Source: src"] for name in ("a", "b")
    ]


def test_a_package_s_list_has_its_files_and_all_folders_above_them() -> None:
    entries = [PROGRAM, entry.symlink("usr/bin/alias", "tool"), entry.directory("var/tool")]
    found = texts(database.lists(CONTROL.format(name="demo"), entries))

    assert found["info/demo.list"].splitlines() == [
        "/.",
        "/usr",
        "/usr/bin",
        "/usr/bin/alias",
        "/usr/bin/tool",
        "/var",
        "/var/tool",
    ]


def test_sums_are_of_files_alone_and_a_hard_link_has_its_file_s() -> None:
    link = Entry("usr/bin/other", Kind.HARDLINK, target="usr/bin/tool")
    found = texts(
        database.lists(CONTROL.format(name="demo"), [PROGRAM, link, entry.symlink("usr/bin/alias", "tool")])
    )

    assert found["info/demo.md5sums"] == (
        f"{md5(b'content')}  usr/bin/other\n{md5(b'content')}  usr/bin/tool\n"
    )


def test_a_package_without_files_has_no_sums() -> None:
    assert texts(database.lists(CONTROL.format(name="demo"), [])) == {"info/demo.list": "/.\n"}


def test_what_can_be_installed_for_several_architectures_has_its_own_in_the_name() -> None:
    control = CONTROL.format(name="libdemo1") + "Multi-Arch: same\n"
    assert set(texts(database.lists(control, [PROGRAM]))) == {
        "info/libdemo1:amd64.list",
        "info/libdemo1:amd64.md5sums",
    }


def test_dpkg_itself_reads_the_database(tmp_path: Path) -> None:
    if process.find("dpkg-query") is None:
        pytest.skip("there is no dpkg-query: this machine is no Debian")
    control = CONTROL.format(name="demo")
    for item in [*database.status({"demo": Deb(control, ())}), *database.lists(control, [PROGRAM])]:
        path = tmp_path / Path(item.path).relative_to("var/lib/dpkg")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(item.content)
    query = ["dpkg-query", f"--admindir={tmp_path}"]

    assert process.run([*query, "-W"]).stdout == b"demo\t1\n"
    assert process.run([*query, "-S", "/usr/bin/tool"]).stdout == b"demo: /usr/bin/tool\n"
