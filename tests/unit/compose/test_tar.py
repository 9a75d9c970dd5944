from __future__ import annotations

import io
import tarfile

from airlock.compose import entry, tar
from airlock.compose.entry import Entry, Kind


def members(content: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content + tar.END)) as archive:
        return archive.getmembers()


def test_a_cut_holds_the_entries_in_their_order() -> None:
    content = tar.cut(
        [
            entry.directory("opt", 0o750, 5, 6),
            entry.file("opt/a", "hello", 0o755),
            entry.symlink("b", "opt/a"),
        ]
    )
    found = members(content)
    assert [item.name for item in found] == ["opt", "opt/a", "b"]
    assert (found[0].mode, found[0].uid, found[0].gid) == (0o750, 5, 6)
    assert (found[1].size, found[1].mode, found[1].mtime) == (5, 0o755, tar.EPOCH)
    assert (found[2].type, found[2].linkname) == (tarfile.SYMTYPE, "opt/a")


def test_no_name_of_this_machine_is_in_a_cut() -> None:
    (found,) = members(tar.cut([entry.file("a", "")]))
    assert (found.uname, found.gname, found.uid, found.gid) == ("", "", 0, 0)


def test_joined_cuts_are_one_archive() -> None:
    first, second = tar.cut([entry.file("a", "1" * 700)]), tar.cut([entry.file("b", "2")])
    assert [item.name for item in members(first + second)] == ["a", "b"]


def test_long_and_foreign_names_survive() -> None:
    path = "x/" * 150 + "höhe.py"
    assert [item.name for item in members(tar.cut([entry.file(path, "")]))] == [path]


def test_a_hard_link_names_its_file() -> None:
    found = members(tar.cut([entry.file("a", "1"), Entry("b", Kind.HARDLINK, target="a")]))
    assert found[1].islnk()
    assert found[1].linkname == "a"
