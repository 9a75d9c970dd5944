"""A layer is unpacked as it is, and nothing of it lands elsewhere."""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from typing import TYPE_CHECKING

import pytest

from airlock.errors import CorruptError, UnsafeArchiveError
from airlock.unpack import unpack
from layouts import GZIP, TIME, ZSTD, Member, compress, folder, hardlink, symlink, tar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def unpacked(where: Path, members: Sequence[Member], media_type: str = ZSTD) -> Path:
    """Unpack a layer of these members into `where`/layer."""
    content = tar(members)
    blob = where / "blob"
    blob.write_bytes(compress(content, media_type))
    (where / "layer").mkdir()
    unpack(blob, media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", where / "layer")
    return where / "layer"


@pytest.mark.parametrize("media_type", [ZSTD, GZIP, "application/vnd.oci.image.layer.v1.tar"])
def test_every_frame_of_a_layer_is_unpacked(tmp_path: Path, media_type: str) -> None:
    big = os.urandom(300_000)
    if media_type.endswith(".tar"):
        content = tar([Member("big", big), Member("last", b"end")])
        (tmp_path / "blob").write_bytes(content)
        layer = tmp_path / "layer"
        layer.mkdir()
        unpack(tmp_path / "blob", media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", layer)
    else:
        layer = unpacked(tmp_path, [Member("big", big), Member("last", b"end")], media_type)

    assert (layer / "big").read_bytes() == big
    assert (layer / "last").read_bytes() == b"end"


def test_modes_and_times_are_kept_but_for_set_user_id(tmp_path: Path) -> None:
    members = [
        folder("tmp", 0o1777), folder("sealed", 0o500), Member("sealed/x", mode=0o4755), Member("wide", mode=0o666),
        Member("none", mode=0o000),
    ]  # fmt: skip
    layer = unpacked(tmp_path, members)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in layer.rglob("*")}
    assert modes == {"tmp": 0o1777, "sealed": 0o700, "x": 0o755, "wide": 0o666, "none": 0o400}
    assert (layer / "wide").stat().st_mtime == TIME


def test_symlinks_are_kept_as_they_are(tmp_path: Path) -> None:
    layer = unpacked(
        tmp_path, [symlink("a", "/usr/bin/python3"), symlink("b", "../../outside"), symlink("c", "b")]
    )

    assert [str((layer / name).readlink()) for name in "abc"] == ["/usr/bin/python3", "../../outside", "b"]


def test_hard_links_within_the_layer_are_hard_links(tmp_path: Path) -> None:
    layer = unpacked(
        tmp_path, [Member("d/one", b"1"), hardlink("d/two", "d/one"), hardlink("three", "d/two")]
    )

    assert (layer / "d/one").stat().st_nlink == 3
    assert (layer / "three").read_bytes() == b"1"


def test_a_later_member_of_a_name_wins(tmp_path: Path) -> None:
    layer = unpacked(
        tmp_path, [symlink("x", "/etc/passwd"), Member("x", b"file"), folder("d"), folder("d", 0o711)]
    )

    assert (layer / "x").read_bytes() == b"file"
    assert not (layer / "x").is_symlink()
    assert stat.S_IMODE((layer / "d").stat().st_mode) == 0o711


HOSTILE = {
    "climbs": [Member("../x")],
    "climbs-within": [Member("a/../../x")],
    "absolute": [Member("/x")],
    "through-a-symlink-up": [symlink("a", ".."), Member("a/x")],
    "through-an-absolute-symlink": [symlink("a", "/var"), Member("a/x")],
    "through-a-symlink-to-a-folder": [folder("d"), symlink("a", "d"), folder("a/b")],
    "a-folder-over-a-symlink": [symlink("a", ".."), folder("a"), Member("a/x")],
    "through-a-file": [Member("a"), Member("a/x")],
    "over-a-folder": [folder("a"), Member("a")],
    "hard-link-out": [hardlink("a", "../blob")],
    "hard-link-to-an-absolute-path": [hardlink("a", "/etc/passwd")],
    "hard-link-to-a-symlink": [symlink("s", "/etc/passwd"), hardlink("a", "s")],
    "hard-link-to-nothing": [hardlink("a", "b")],
    "hard-link-to-itself": [Member("a"), hardlink("a", "a")],
    "character-device": [Member("a", type=tarfile.CHRTYPE)],
    "block-device": [Member("a", type=tarfile.BLKTYPE)],
    "pipe": [Member("a", type=tarfile.FIFOTYPE)],
    "whiteout-of-the-parent": [Member(".wh...")],
    "whiteout-of-the-folder": [Member("d/.wh..")],
    "whiteout-of-nothing": [Member(".wh.")],
    "the-root-as-a-file": [Member("./", type=tarfile.SYMTYPE, target="/var")],
}  # fmt: skip


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_member_is_refused_and_nothing_lands_outside(tmp_path: Path, members: list[Member]) -> None:
    (tmp_path / "here").mkdir()

    with pytest.raises(UnsafeArchiveError):
        unpacked(tmp_path / "here", members)

    assert {path.name for path in tmp_path.rglob("*")} <= {"here", "blob", "layer", "a", "d", "s", "b"}
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["blob", "layer"]


def test_a_layer_that_is_not_that_of_its_diff_id_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(compress(tar([Member("a")])))
    (tmp_path / "layer").mkdir()

    with pytest.raises(CorruptError, match="not what the image's configuration names"):
        unpack(tmp_path / "blob", ZSTD, f"sha256:{'0' * 64}", tmp_path / "layer")


@pytest.mark.parametrize("media_type", [ZSTD, GZIP])
@pytest.mark.parametrize("damage", ["cut", "flipped", "no-archive"])
def test_a_damaged_layer_is_refused(tmp_path: Path, media_type: str, damage: str) -> None:
    content = tar([Member("a", os.urandom(20_000))])
    blob = compress(content, media_type)
    blob = {
        "cut": blob[: len(blob) // 2],
        "flipped": blob[:9000] + bytes(100) + blob[9100:],
        "no-archive": compress(b"x" * 2000, media_type),
    }[damage]
    (tmp_path / "blob").write_bytes(blob)
    (tmp_path / "layer").mkdir()

    with pytest.raises(CorruptError):
        unpack(
            tmp_path / "blob", media_type, f"sha256:{hashlib.sha256(content).hexdigest()}", tmp_path / "layer"
        )
