"""The store as an archive: the same bytes for the same files, and nothing else is taken from one."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from airlock import store_archive
from airlock.compose.tar import EPOCH
from airlock.errors import AirlockError, CorruptError, UnsafeArchiveError, UnsealedError
from airlock.store import Store, StoreFile
from fake_web import Count, store_file
from stores import filled

if TYPE_CHECKING:
    from pathlib import Path

LONG = "a_wheel_with_a_very_long_name-" + "1." * 40 + "0-cp313-cp313-manylinux_2_28_x86_64.whl"
CONTENTS = {
    "one.whl": b"1" * 1000,
    "two_1%3a2+x~1_amd64.deb": b"22",
    "empty.whl": b"",
    LONG: b"l" * 3_000_000,
}
ONE, *_ = FILES = [store_file(name, content) for name, content in CONTENTS.items()]


@pytest.fixture
def full(tmp_path: Path) -> Store:
    return filled(tmp_path / "full", CONTENTS)


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store(tmp_path / "empty")


@pytest.fixture
def archive(full: Store) -> bytes:
    out = io.BytesIO()
    store_archive.export(FILES, full, out, Count())
    return out.getvalue()


def read(content: bytes, store: Store) -> store_archive.Imported:
    return store_archive.import_(io.BytesIO(content), store, Count())


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for member, content in members:
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def held(store: Store) -> list[str]:
    """Name all that is in a store, temporary files included."""
    folder = store.folder
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_was_exported_is_imported(archive: bytes, full: Store, empty: Store) -> None:
    done = read(archive, empty)
    assert (done.files, done.added, done.bytes) == (4, 4, sum(map(len, CONTENTS.values())))
    assert held(empty) == held(full)
    for file in FILES:
        assert empty.read(file) == CONTENTS[file.filename]


def test_the_same_files_give_the_same_bytes_in_any_order(archive: bytes, full: Store) -> None:
    full.path(ONE).chmod(0o600)
    out = io.BytesIO()
    made = store_archive.export([*reversed(FILES), ONE], full, out, Count())
    assert out.getvalue() == archive
    assert (made.sha256, made.bytes) == (hashlib.sha256(archive).hexdigest(), len(archive))


def test_any_tar_reads_the_archive(archive: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = opened.getmembers()
    assert [one.name for one in members] == sorted(file.name for file in FILES)
    assert {(one.mtime, one.mode, one.uid, one.gid, one.uname) for one in members} == {
        (EPOCH, 0o644, 0, 0, "")
    }


def test_only_the_files_asked_for_are_exported(full: Store, empty: Store) -> None:
    out = io.BytesIO()
    store_archive.export([ONE], full, out, Count())
    assert read(out.getvalue(), empty).files == 1
    assert held(empty) == [ONE.name]


def test_an_altered_file_of_the_store_is_not_exported(full: Store) -> None:
    full.path(ONE).write_bytes(b"2" * 1000)
    with pytest.raises(CorruptError, match=r"one\.whl"):
        store_archive.export([ONE], full, io.BytesIO(), Count())


def test_a_file_that_grew_is_not_exported_beyond_its_size(full: Store) -> None:
    full.path(ONE).write_bytes(b"1" * 999 + b"2" * 2)
    out = io.BytesIO()
    with pytest.raises(CorruptError):
        store_archive.export([ONE], full, out, Count())
    assert len(out.getvalue()) == 512 + 1000


def test_a_file_that_vanished_is_told(full: Store) -> None:
    full.path(ONE).unlink()
    with pytest.raises(UnsealedError, match=r"lost one\.whl"):
        store_archive.export([ONE], full, io.BytesIO(), Count())


def test_what_is_there_is_not_written_again_but_checked(archive: bytes, full: Store) -> None:
    before = full.path(ONE).stat().st_ino
    assert read(archive, full).added == 0
    assert full.path(ONE).stat().st_ino == before
    with pytest.raises(CorruptError):
        read(archive.replace(b"1" * 1000, b"2" * 1000), full)


def test_an_archive_cut_anywhere_is_refused_and_what_came_before_is_kept(archive: bytes, full: Store) -> None:
    for length in [*range(0, 4096, 256), *range(len(archive) - 4096, len(archive), 256)]:
        store = Store(full.folder.parent / f"cut{length}")
        with pytest.raises(CorruptError, match="ends in the middle"):
            read(archive[:length], store)
        assert set(held(store)) <= {file.name for file in FILES} if store.folder.exists() else True
    assert len(held(store)) == 4  # cut in the archive's end alone


def test_an_altered_file_is_refused_and_those_before_it_are_kept(archive: bytes, empty: Store) -> None:
    with pytest.raises(CorruptError, match=r"one\.whl in the archive is not the file that its name promises"):
        read(archive.replace(b"1" * 1000, b"2" * 1000), empty)
    before = sorted(file.name for file in FILES if file.name < ONE.name)
    assert before
    assert held(empty) == before


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../evil",
        "one.whl",
        f"{ONE.sha256}/../evil",
        f"{ONE.sha256}/..",
        f"{ONE.sha256}/.hidden.part",
        f"{ONE.sha256}/a/b",
        f"../{ONE.sha256}/one.whl",
        f"{ONE.sha256.upper()}/one.whl",
        f"{ONE.sha256}/" + "n" * 256,
        f"{ONE.sha256}/a\nb/../c",
    ],
)
def test_a_name_that_no_store_has_is_refused(name: str, empty: Store) -> None:
    with pytest.raises(UnsafeArchiveError, match="that no store has"):
        read(tar((member(name), CONTENTS["one.whl"])), empty)
    assert not empty.folder.exists()


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE],
)
def test_what_is_no_plain_file_is_refused(kind: bytes, empty: Store) -> None:
    with pytest.raises(UnsafeArchiveError, match="that no store has"):
        read(tar((member(ONE.name, kind, "/etc/passwd"), b"")), empty)


def hostile_pax(headers: dict[str, str]) -> bytes:
    info = member(ONE.name)
    info.pax_headers = headers
    return tar((info, CONTENTS["one.whl"]))


@pytest.mark.parametrize(
    "content",
    [
        hostile_pax({"size": "5"}),
        hostile_pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}),
        hostile_pax({"path": "../evil"}),
        hostile_pax({"comment": "x" * 100_000}),
        tar((member(f"{ONE.sha256}/{'n' * 120}.whl"), b""), form=tarfile.GNU_FORMAT),
    ],
)
def test_a_header_that_says_more_than_a_name_is_refused(content: bytes, empty: Store) -> None:
    with pytest.raises(UnsafeArchiveError, match="that no store has"):
        read(content, empty)


def test_a_file_under_a_hash_that_is_not_its_own_is_refused(empty: Store) -> None:
    with pytest.raises(CorruptError, match="its sha256 is"):
        read(tar((member(f"{'0' * 64}/one.whl"), b"evil")), empty)
    assert held(empty) == []


@pytest.mark.parametrize("content", [b"\x28\xb5\x2f\xfd" + b"z" * 600, b"\x1f\x8b" + b"z" * 600])
def test_a_compressed_archive_is_refused_with_a_hint(content: bytes, empty: Store) -> None:
    with pytest.raises(UnsafeArchiveError) as caught:
        read(content, empty)
    assert "decompress" in caught.value.remedy


def test_zeros_may_follow_but_nothing_else(archive: bytes, empty: Store) -> None:
    assert read(archive + bytes(10240), empty).files == 4
    with pytest.raises(UnsafeArchiveError, match="goes on after its end"):
        read(archive + archive, empty)


def test_a_pipe_that_gives_little_at_a_time_is_read(archive: bytes, empty: Store) -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 7777))

    assert store_archive.import_(Trickle(archive), empty, Count()).added == 4


def test_a_damaged_header_gives_no_file_a_wrong_name(archive: bytes, full: Store) -> None:
    refused = 0
    for place in range(0, 512, 5):
        damaged = bytearray(archive)
        damaged[place] ^= 0xFF
        store = Store(full.folder.parent / f"damaged{place}")
        try:
            read(bytes(damaged), store)
        except AirlockError:
            refused += 1
        for name in held(store) if store.folder.exists() else []:
            assert name in {file.name for file in FILES}
            assert name.startswith(hashlib.sha256((store.folder / name).read_bytes()).hexdigest())
    assert refused > 90  # of 103: the others hit what fills the field of the header's checksum


def test_a_name_of_a_store_is_read_back() -> None:
    assert StoreFile.named(ONE.name, ONE.size) == ONE


def test_a_damaged_file_of_the_right_size_is_replaced(archive: bytes, full: Store) -> None:
    full.path(ONE).write_bytes(b"2" * 1000)
    assert read(archive, full).added == 1
    assert full.read(ONE) == b"1" * 1000
