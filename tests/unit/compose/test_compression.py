"""Frames join, read back, and depend on nothing of this machine."""

from __future__ import annotations

import gzip
import hashlib
import random

import pytest
import zstandard

from airlock.compose.compression import Compression, Gzip, Zstd, chosen, problem

CONTENT = bytes(random.Random(1).choices(b"abcdefgh \n", k=300_000))  # noqa: S311 - any bytes do
BOTH = pytest.mark.parametrize("compression", [Zstd(), Gzip()], ids=["zstd", "gzip"])


@BOTH
def test_a_frame_reads_back(compression: Compression) -> None:
    for content in (b"", b"x", CONTENT):
        assert compression.read(compression.frame(content)) == content


def test_joined_frames_are_one_stream_to_others() -> None:
    zstd = b"".join(map(Zstd().frame, (CONTENT, b"end")))
    assert (
        zstandard.ZstdDecompressor().stream_reader(zstd, read_across_frames=True).read() == CONTENT + b"end"
    )
    assert gzip.decompress(b"".join(map(Gzip().frame, (CONTENT, b"end")))) == CONTENT + b"end"


def test_a_gzip_member_names_no_time_no_file_and_no_system() -> None:
    header = Gzip().frame(CONTENT)[:10]
    assert header[3:8] == bytes(5)  # flags, mtime (RFC 1952, section 2.3.1)
    assert header[9] == 255  # operating system: unknown


def test_gzip_writes_the_same_bytes_as_ever() -> None:
    """A change here changes every gzip layer: the version of libdeflate must be in the cache key."""
    expected = {"deflate 0.9.0 level 6": GZIP_OF_CONTENT}
    digest = hashlib.sha256(Gzip().frame(CONTENT)).hexdigest()
    assert expected.get(Gzip().identity, digest) == digest
    assert Gzip().identity in expected, "a new libdeflate: write its digest here"


def test_media_types_are_the_specifications() -> None:
    assert Zstd().media_type == "application/vnd.oci.image.layer.v1.tar+zstd"
    assert Gzip().media_type == "application/vnd.oci.image.layer.v1.tar+gzip"


def test_the_level_is_the_librarys_own_unless_one_is_asked_for() -> None:
    assert chosen("zstd", None) == Zstd(3)
    assert chosen("gzip", 9) == Gzip(9)
    assert Gzip(9).identity != Gzip(6).identity


@pytest.mark.parametrize(
    ("name", "level", "wrong"), [("xz", None, "not 'xz'"), ("gzip", 13, "1 to 12"), ("zstd", 0, "1 to 22")]
)
def test_what_cannot_be_chosen_is_told(name: str, level: int | None, wrong: str) -> None:
    assert wrong in problem(name, level)


GZIP_OF_CONTENT = "ad0b572555d831c2ee4fdddd1a05d9732d3766e35c4cec0bca2cdccf5caed6cd"
