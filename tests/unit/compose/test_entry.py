from __future__ import annotations

import pytest

from airlock.compose import entry
from airlock.errors import UnsafeArchiveError


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\0b", "..", "./../x"]
)
def test_a_member_outside_its_place_is_refused(path: str) -> None:
    with pytest.raises(UnsafeArchiveError, match="demo"):
        entry.safe_path(path, "demo.whl")


@pytest.mark.parametrize(
    ("path", "safe"), [("./usr/", "usr"), ("usr/bin/x", "usr/bin/x"), ("./", ""), ("a..b", "a..b")]
)
def test_a_plain_member_keeps_its_path(path: str, safe: str) -> None:
    assert entry.safe_path(path, "demo") == safe


@pytest.mark.parametrize("target", ["../../x", "../" * 9 + "etc/passwd", "/../x", "b/../../../x"])
def test_a_link_above_the_root_is_refused(target: str) -> None:
    with pytest.raises(UnsafeArchiveError, match="symlink out of its place"):
        entry.require_contained([entry.symlink("usr/link", target)], "demo")


@pytest.mark.parametrize("target", ["../bin/x", "/usr/bin/x", "x", "../usr/../bin"])
def test_a_link_within_the_image_is_kept(target: str) -> None:
    entry.require_contained([entry.symlink("usr/link", target)], "demo")


def test_a_path_through_a_link_of_the_same_archive_is_refused() -> None:
    with pytest.raises(UnsafeArchiveError, match="usr/link is a symlink"):
        entry.require_contained(
            [entry.symlink("usr/link", "/etc"), entry.file("usr/link/passwd", "x")], "demo"
        )


def test_parents_go_from_the_outside_in() -> None:
    assert entry.parents("a/b/c") == ["a", "a/b"]
