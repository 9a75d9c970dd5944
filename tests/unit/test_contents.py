"""What an image holds is read path by path, as its layers make it together."""

from __future__ import annotations

import hashlib
import tarfile
import time
from typing import TYPE_CHECKING

import pytest

from airlock import contents
from airlock.compose.entry import Kind
from airlock.errors import CorruptError
from airlock.layout import read_image
from airlock.platforms import AMD64
from layouts import GZIP, ZSTD, Member, folder, hardlink, pax_member, symlink, write_layout
from reading import read_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.layout import LaidOutImage


def image(path: Path, *layers: Sequence[Member], media_type: str = ZSTD) -> LaidOutImage:
    write_layout(path, layers, media_type=media_type)
    return read_image(path, AMD64)


@pytest.mark.parametrize("media_type", [ZSTD, GZIP])
def test_type_mode_owner_content_and_target_are_told(tmp_path: Path, media_type: str) -> None:
    one = [folder("a", 0o750), Member("a/file", b"content", mode=0o600), symlink("a/link", "../x")]
    found = contents.of_image(image(tmp_path, one, media_type=media_type))
    assert list(found) == ["a", "a/file", "a/link"]
    assert (found["a"].kind, found["a"].mode, found["a"].uid) == (Kind.DIRECTORY, 0o750, 50000)
    file = found["a/file"]
    assert (file.kind, file.size, file.sha256) == (Kind.FILE, 7, hashlib.sha256(b"content").hexdigest())
    assert (found["a/link"].kind, found["a/link"].target) == (Kind.SYMLINK, "../x")


def test_times_do_not_make_two_members_differ() -> None:
    first = contents.Member("a", Kind.DIRECTORY, 0o755, 0, 0, mtime=1)
    assert first == contents.Member("a", Kind.DIRECTORY, 0o755, 0, 0, mtime=2)
    assert first != contents.Member("a", Kind.DIRECTORY, 0o755, 0, 1, mtime=1)


def test_a_hard_link_is_the_file_that_it_names(tmp_path: Path) -> None:
    made = image(tmp_path, [Member("a", b"1", mode=0o755), hardlink("b", "a")])
    found = contents.of_image(made)
    assert (found["b"].kind, found["b"].mode, found["b"].sha256) == (Kind.FILE, 0o755, found["a"].sha256)
    assert read_file(made, "b") == b"1"


def test_a_hard_link_to_nothing_is_damage(tmp_path: Path) -> None:
    with pytest.raises(CorruptError, match="damaged"):
        contents.of_image(image(tmp_path, [hardlink("b", "a")]))


def test_later_layers_replace_and_whiteouts_remove(tmp_path: Path) -> None:
    below = [folder("a"), Member("a/one", b"1"), Member("a/two", b"2"), folder("b"), Member("b/x", b"x")]
    above = [Member("a/one", b"new"), Member("a/.wh.two"), Member("b/.wh..wh..opq"), Member("b/y", b"y")]
    made = image(tmp_path, below, above)
    assert sorted(contents.of_image(made)) == ["a", "a/one", "b", "b/y"]
    assert read_file(made, "a/one") == b"new"


def test_a_file_over_a_folder_hides_what_was_in_it(tmp_path: Path) -> None:
    made = image(tmp_path, [folder("a"), Member("a/one", b"1")], [Member("a", b"file")])
    assert list(contents.of_image(made)) == ["a"]


def test_a_file_over_a_folder_leaves_its_neighbours(tmp_path: Path) -> None:
    below, above = [folder("a"), Member("a/one"), Member("ab")], [Member("a"), Member("b/x")]
    assert sorted(contents.of_image(image(tmp_path, below, above))) == ["a", "ab", "b/x"]


def test_many_whiteouts_are_applied_at_once(tmp_path: Path) -> None:
    """One pass for each whiteout took minutes here."""
    files = [contents.Member(f"d/f{number}", Kind.FILE, 0o644, 0, 0) for number in range(40_000)]
    gone = [contents.Member(f"d/.wh.f{number}", Kind.FILE, 0o644, 0, 0) for number in range(1, 40_000)]
    found: dict[str, contents.Member] = {}
    contents.lay_over(found, files)
    start = time.process_time()
    contents.lay_over(found, gone)

    assert list(found) == ["d/f0"]
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("kind", "told"),
    [(tarfile.CHRTYPE, "character 0:0"), (tarfile.BLKTYPE, "block 0:0"), (tarfile.FIFOTYPE, "pipe 0:0")],
)
def test_a_device_is_told_as_what_it_is(tmp_path: Path, kind: bytes, told: str) -> None:
    found = contents.of_image(image(tmp_path, [Member("dev/x", type=kind), Member("a")]))
    assert (found["dev/x"].kind, found["dev/x"].target) == (contents.Foreign.DEVICE, told)
    assert "a" in found


def test_extended_attributes_make_two_members_differ(tmp_path: Path) -> None:
    capability = {"SCHILY.xattr.security.capability": "\1\0\0\2\udcff"}
    user = {"SCHILY.xattr.user.a": "1"}
    found = []
    for number, headers in enumerate(({}, {"comment": "x"}, capability, user, capability | user)):
        write_layout(tmp_path / str(number), [pax_member("ping", b"x", headers) + bytes(1024)])
        found.append(contents.of_image(read_image(tmp_path / str(number), AMD64))["ping"])
    assert found[0] == found[1]
    assert [one.xattrs == "" for one in found] == [True, True, False, False, False]
    assert len({one.xattrs for one in found}) == 4


@pytest.mark.parametrize("media_type", [ZSTD, GZIP])
def test_a_layer_cut_short_is_damage(tmp_path: Path, media_type: str) -> None:
    made = image(tmp_path, [Member("a", bytes(range(256)) * 100)], media_type=media_type)
    blob = made.blob(made.layers[0])
    blob.write_bytes(blob.read_bytes()[:-40])
    with pytest.raises(CorruptError, match="damaged"):
        list(contents.of_layer(blob, media_type))
