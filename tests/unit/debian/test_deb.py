from __future__ import annotations

import tarfile

import pytest

from airlock.compose.entry import Kind
from airlock.debian import deb
from airlock.debian.deb import Selection
from airlock.errors import UnsafeArchiveError
from archives import make_deb, member

NOTHING = Selection()
DOCS = Selection(("/usr/share/doc/*",), ("/usr/share/doc/*/copyright",))


def paths(content: bytes, selection: Selection = NOTHING) -> list[str]:
    return [item.path for item in deb.read("demo_1_amd64.deb", content, selection).entries]


def test_paths_go_through_the_merged_usr() -> None:
    content = make_deb(
        [(member("./bin/x"), b"1"), (member("./lib/x86_64-linux-gnu/y"), b""), (member("./library/z"), b"")]
    )
    assert paths(content) == ["usr/bin/x", "usr/lib/x86_64-linux-gnu/y", "library/z"]


def test_a_folder_that_is_now_a_link_is_left_to_base_files() -> None:
    content = make_deb([(member("./lib", tarfile.DIRTYPE, mode=0o755), b""), (member("./lib/x"), b"1")])
    assert paths(content) == ["usr/lib/x"]


def test_the_aliases_of_base_files_stay_links() -> None:
    found = deb.read("b.deb", make_deb([(member("./bin", tarfile.SYMTYPE, target="usr/bin"), b"")]), NOTHING)
    assert [(item.path, item.kind, item.target) for item in found.entries] == [
        ("bin", Kind.SYMLINK, "usr/bin")
    ]


def test_documentation_is_left_out_but_licences_stay() -> None:
    content = make_deb(
        [
            (member("./usr/share/doc/demo", tarfile.DIRTYPE, mode=0o755), b""),
            (member("./usr/share/doc/demo/changelog.gz"), b"x"),
            (member("./usr/share/doc/demo/copyright"), b"x"),
        ]
    )
    assert paths(content, DOCS) == ["usr/share/doc/demo/copyright"]


def test_a_hard_link_to_what_is_left_out_becomes_the_file() -> None:
    content = make_deb(
        [
            (member("./usr/share/doc/demo/a"), b"text"),
            (member("./usr/bin/b", tarfile.LNKTYPE, target="./usr/share/doc/demo/a"), b""),
        ]
    )
    (found,) = deb.read("demo.deb", content, DOCS).entries
    assert (found.path, found.kind, found.content) == ("usr/bin/b", Kind.FILE, b"text")


def test_the_control_stanza_is_kept() -> None:
    assert deb.read("demo.deb", make_deb([], package="libx"), NOTHING).control.startswith(
        "Package: libx\nVersion: 1\n"
    )


@pytest.mark.parametrize(
    "bad",
    [
        member("../etc/passwd"),
        member("/etc/passwd"),
        member("./usr/x", tarfile.SYMTYPE, target="../../etc"),
        member("./usr/null", tarfile.CHRTYPE),
        member("./usr/pipe", tarfile.FIFOTYPE),
    ],
)
def test_a_member_outside_its_place_is_refused(bad: tarfile.TarInfo) -> None:
    with pytest.raises(UnsafeArchiveError, match=r"demo_1_amd64\.deb"):
        paths(make_deb([(bad, b"")]))


def test_writing_through_a_link_is_refused() -> None:
    content = make_deb(
        [(member("./usr/a", tarfile.SYMTYPE, target="/etc"), b""), (member("./usr/a/passwd"), b"x")]
    )
    with pytest.raises(UnsafeArchiveError, match="usr/a is a symlink"):
        paths(content)


def test_a_hard_link_to_nothing_is_refused() -> None:
    with pytest.raises(UnsafeArchiveError, match="hard link to nothing"):
        paths(make_deb([(member("./b", tarfile.LNKTYPE, target="./a"), b"")]))


@pytest.mark.parametrize(
    "content", [b"", b"!<arch>\n", b"rubbish" * 50, make_deb([(member("./a"), b"1")])[:-150]]
)
def test_what_is_no_package_is_refused(content: bytes) -> None:
    with pytest.raises(UnsafeArchiveError, match="not a Debian package"):
        paths(content)
