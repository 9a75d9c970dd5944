"""Whatever a layer's tar holds is read, or the layer is refused: no member is left out without a word."""

from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING

import pytest

from airlock import contents
from airlock.errors import CorruptError
from airlock.layer_tar import opened
from airlock.unpack import unpack
from layouts import ZSTD, Member, compress, pax_member, tar

if TYPE_CHECKING:
    from pathlib import Path

END = bytes(2 * tarfile.BLOCKSIZE)
FIRST = tar([Member("a", b"1")])[: 2 * tarfile.BLOCKSIZE]  # a header and a block of content
MORE = tar([Member("backdoor", b"1")])
SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "big"}
HOSTILE = {
    "a member behind a block of zeros": FIRST + bytes(tarfile.BLOCKSIZE) + MORE,
    "a member behind the end": FIRST + END + MORE,
    "a member behind zeros alone": END + MORE,
    "a member behind a header that is none": FIRST + b"\1" * tarfile.BLOCKSIZE + MORE,
    "half a header": FIRST + MORE[:100],
    "a sparse file that would never end": (
        pax_member("big", b"0\n".ljust(512, b"\0"), SPARSE | {"GNU.sparse.realsize": str(2**60)}) + END
    ),
    "a sparse map of no numbers": pax_member("big", b"x\n".ljust(512, b"\0"), SPARSE) + END,
    "a sparse map of no numbers, later": FIRST + pax_member("big", b"", {"GNU.sparse.map": "1,x"}) + END,
    "a time that no file can have": pax_member("a", b"", {"mtime": "1e300"}) + END,
    "headers without an end": tar([Member("x", type=tarfile.GNUTYPE_LONGNAME)])[:512] * 2000 + END,
    "an unknown type": tar([Member("x", type=b"Z")]),
}


def layer(folder: Path, content: bytes) -> tuple[Path, str]:
    blob = folder / "blob"
    blob.write_bytes(compress(content))
    return blob, f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_tarfile_would_pass_over_or_stumble_on_is_damage(tmp_path: Path, content: bytes) -> None:
    blob, diff_id = layer(tmp_path, content)

    with pytest.raises(CorruptError, match="is damaged"):
        list(contents.of_layer(blob, ZSTD, diff_id))


@pytest.mark.parametrize("content", [HOSTILE[name] for name in HOSTILE if name != "an unknown type"])
def test_such_a_layer_is_not_unpacked_either(tmp_path: Path, content: bytes) -> None:
    blob, diff_id = layer(tmp_path, content)
    (tmp_path / "layer").mkdir()

    with pytest.raises(CorruptError, match="is damaged"):
        unpack(blob, ZSTD, diff_id, tmp_path / "layer")


@pytest.mark.parametrize("end", [b"", END, bytes(20 * tarfile.BLOCKSIZE), bytes(100)])
def test_zeros_after_the_last_member_are_its_end(tmp_path: Path, end: bytes) -> None:
    blob, diff_id = layer(tmp_path, FIRST + end)

    assert [member.path for member in contents.of_layer(blob, ZSTD, diff_id)] == ["a"]


def test_a_layer_without_members_is_one(tmp_path: Path) -> None:
    blob, diff_id = layer(tmp_path, END)

    assert list(contents.of_layer(blob, ZSTD, diff_id)) == []


def test_the_zeros_at_the_end_belong_to_the_diff_id(tmp_path: Path) -> None:
    blob, _ = layer(tmp_path, FIRST + END)
    other = f"sha256:{hashlib.sha256(FIRST + END + END).hexdigest()}"

    with opened(blob, ZSTD, other) as found, pytest.raises(CorruptError, match="is not what the image"):
        list(found)
