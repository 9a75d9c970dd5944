"""An OCI layout in a tar, as `docker save` writes it: its documents and blobs, in a folder."""

from __future__ import annotations

import lzma
import re
import shutil
import tarfile
import zlib
from typing import TYPE_CHECKING, cast

from airlock.errors import CorruptError, ImageError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

_WANTED = re.compile(
    r"oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}"
)  # nothing else, wherever it would land
_CHUNK = 1 << 20
# what tarfile and the compressions under it raise for content that makes no sense
_DAMAGED = (
    tarfile.TarError,
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    LookupError,
    RecursionError,
)


def is_archive(path: Path) -> bool:
    return path.is_file() and tarfile.is_tarfile(path)


def unpack(archive: Path, folder: Path) -> Path:
    """Write the layout that a tar holds to `folder`, and return it.

    Raises ImageError where it holds none, CorruptError where it is damaged.
    """
    try:
        with tarfile.open(archive) as opened:
            for member in opened:
                path = member.name.removeprefix("./")
                if member.isreg() and _WANTED.fullmatch(path):
                    _require_dense(member)
                    _write(cast("IO[bytes]", opened.extractfile(member)), folder / path)
            _require_end(opened)
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of the archive's content
        raise CorruptError(
            f"the archive {archive} is damaged", cause=str(error), remedy="write it again: docker save"
        ) from error
    if not (folder / "index.json").is_file():
        raise ImageError(
            f"{archive} holds no OCI layout",
            cause="it has no index.json; Docker before 25 wrote archives without one",
            remedy="save it with Docker 25 or later, or name the folder of an OCI layout",
        )
    return folder


def _require_dense(member: tarfile.TarInfo) -> None:
    if member.issparse():
        raise tarfile.ReadError(f"{member.name} is a sparse file, which says nothing about its size")


def _require_end(opened: tarfile.TarFile) -> None:
    """Refuse what tarfile takes for the end: a header that is none, with more members behind it."""
    file = cast("IO[bytes]", opened.fileobj)
    file.seek(opened.offset)
    while piece := file.read(_CHUNK):
        if piece.strip(b"\0"):
            raise tarfile.ReadError(f"something that is no member follows its last, at {opened.offset:,}")


def _write(source: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, _CHUNK)
