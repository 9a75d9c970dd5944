from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from airlock.compose.entry import Kind
from airlock.errors import BuildError, UnsafeArchiveError
from airlock.sdists import archive
from archives import member

if TYPE_CHECKING:
    from collections.abc import Callable

PYPROJECT = '[build-system]\nrequires = ["flit_core >=3,<4"]\nbuild-backend = "flit_core.buildapi"\n'


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as written:
        for info, content in members:
            info.size = len(content)
            written.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_the_build_system_is_read_from_pyproject() -> None:
    found = archive.read("demo-1.tar.gz", tar((member("demo-1/pyproject.toml"), PYPROJECT.encode())))
    assert found.system == archive.BuildSystem(("flit_core<4,>=3",), "flit_core.buildapi")


@pytest.mark.parametrize("text", ["", "[project]\nname = 'demo'\n"])
def test_setuptools_builds_what_names_no_build_system(text: str) -> None:
    members = [(member("demo-1/setup.py"), b""), (member("demo-1/pyproject.toml"), text.encode())]
    assert archive.read("demo-1.tar.gz", tar(*members)).system.backend == "setuptools.build_meta:__legacy__"


def test_files_lose_the_archives_folder_and_keep_only_the_executable_bit() -> None:
    content = tar((member("demo-1/a.py", mode=0o664), b"a"), (member("demo-1/bin/run", mode=0o700), b"b"))
    entries = archive.read("demo-1.tar.gz", content).entries
    assert [(one.path, one.mode, one.content) for one in entries] == [
        ("a.py", 0o644, b"a"),
        ("bin/run", 0o755, b"b"),
    ]


def test_a_zip_is_read_like_a_tar() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        written.writestr("demo-1/", "")
        written.writestr("demo-1/pyproject.toml", PYPROJECT)
    found = archive.read("demo-1.zip", stream.getvalue())
    assert [one.path for one in found.entries] == ["pyproject.toml"]
    assert found.system.backend == "flit_core.buildapi"


def test_a_link_between_files_of_the_source_is_kept() -> None:
    link = member("demo-1/README", tarfile.SYMTYPE, target="docs/README")
    (found,) = archive.read("demo-1.tar.gz", tar((link, b""))).entries
    assert (found.kind, found.target) == (Kind.SYMLINK, "docs/README")


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (member("../evil"), "outside its place"),
        (member("/evil"), "outside its place"),
        (member("demo-1/x", tarfile.SYMTYPE, target="../../../evil"), "symlink out of its place"),
        (member("demo-1/x", tarfile.FIFOTYPE), "no file, folder or link"),
        (member("demo-1/x", tarfile.LNKTYPE, target="demo-1/absent"), "not a source distribution"),
        (member("demo-1/x", tarfile.LNKTYPE, target="demo-1/x"), "not a source distribution"),
    ],
)
def test_a_member_that_would_land_elsewhere_is_refused(info: tarfile.TarInfo, said: str) -> None:
    with pytest.raises(UnsafeArchiveError) as refused:
        archive.read("demo-1.tar.gz", tar((info, b"")))
    assert said in str(refused.value)


def test_a_hard_link_to_a_folder_is_refused() -> None:
    folder, link = (
        member("demo-1/docs", tarfile.DIRTYPE),
        member("demo-1/x", tarfile.LNKTYPE, target="demo-1/docs"),
    )
    with pytest.raises(UnsafeArchiveError, match="is not a source distribution"):
        archive.read("demo-1.tar.gz", tar((folder, b""), (link, b"")))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_half_an_archive_is_refused(pack: Callable[[bytes], bytes]) -> None:
    whole = pack(gzip.decompress(tar((member("demo-1/a"), os.urandom(100_000)))))
    with pytest.raises(UnsafeArchiveError, match="is not a source distribution"):
        archive.read("demo-1.tar", whole[: len(whole) // 2])


def test_a_zip_that_cannot_be_read_without_a_password_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        written.writestr("demo-1/setup.py", "")
    content = stream.getvalue()
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(header) + flags
        content = content[:at] + b"\x01" + content[at + 1 :]
    with pytest.raises(UnsafeArchiveError, match="is not a source distribution"):
        archive.read("demo-1.zip", content)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08 not gzip", b"PK\x03\x04"])
@pytest.mark.parametrize("name", ["demo-1.tar.gz", "demo-1.zip"])
def test_what_is_no_archive_is_refused_in_our_own_words(name: str, content: bytes) -> None:
    with pytest.raises(UnsafeArchiveError, match="is not a source distribution"):
        archive.read(name, content)


@pytest.mark.parametrize(
    "text",
    [
        "[build-system]\nrequires = 'setuptools'\n",
        "[build-system]\nbuild-backend = 'x'\n",
        "[build-system\n",
        "[build-system]\nrequires = ['no requirement at all']\n",
        "[build-system]\nrequires = ['x @ file:///etc/passwd']\n",
        "[build-system]\nrequires = ['x @ git+https://example.invalid/x']\n",
        "[build-system]\nrequires = ['--index-url=https://example.invalid']\n",
        "build-system = 3\n",
    ],
)
def test_a_build_system_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(BuildError, match=r"pyproject.toml in demo-1.tar.gz"):
        archive.read("demo-1.tar.gz", tar((member("demo-1/pyproject.toml"), text.encode())))


def test_a_backend_path_out_of_the_source_is_refused() -> None:
    text = '[build-system]\nrequires = []\nbuild-backend = "x"\nbackend-path = ["../.."]\n'
    with pytest.raises(UnsafeArchiveError):
        archive.read("demo-1.tar.gz", tar((member("demo-1/pyproject.toml"), text.encode())))
