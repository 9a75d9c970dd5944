"""A layer's tar, unpacked into a folder of its own without trusting it (OCI image specification, layer.md)."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, Any, cast

import zstandard

from airlock.compose import entry
from airlock.errors import CorruptError, UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
_CHUNK = 1 << 20
_BLOCK = 1 << 16  # tarfile copies what it has buffered for each member: with 1 MiB it takes twice the time
_REMEDY = "do not use this image; compose it again: airlock image"


def unpack(blob: Path, media_type: str, diff_id: str, folder: Path) -> None:
    """Unpack the layer `blob` into the empty folder `folder`; whiteouts become empty files of their names.

    Owners are not kept, set-user-id bits are dropped, and all stays readable for the user.
    Raises UnsafeArchiveError for a member that does not belong into a layer, CorruptError where the
    content is not that of `diff_id` (`sha256:…`).
    """
    with _content(blob, media_type) as content:
        try:
            with tarfile.open(fileobj=cast("IO[bytes]", content), mode="r|", bufsize=_BLOCK) as archive:
                _Layer(folder, blob.name[:12]).write(archive)
            while content.read(_CHUNK):
                pass  # what follows the end of the archive belongs to the diff id, too
        except (tarfile.TarError, zstandard.ZstdError, zlib.error, EOFError, gzip.BadGzipFile) as error:
            raise CorruptError(
                f"the layer {blob} is damaged", cause=str(error), remedy="airlock image"
            ) from error
    if content.digest != diff_id:
        raise CorruptError(
            f"the layer {blob} is not what the image's configuration names",
            cause=f"its diff id is {content.digest}, not {diff_id}",
            remedy="airlock image",
        )


class _Hashed:
    """A stream that hashes what is read from it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        self._sha256.update(data)
        return data

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"


@contextlib.contextmanager
def _content(blob: Path, media_type: str) -> Iterator[_Hashed]:
    with blob.open("rb") as file:
        if media_type.endswith("+zstd"):
            # a layer is many frames, and the reader stops after the first unless told otherwise
            stream = zstandard.ZstdDecompressor().stream_reader(
                file, read_size=_CHUNK, read_across_frames=True
            )
            yield _Hashed(stream)
        elif media_type.endswith("gzip"):
            yield _Hashed(gzip.GzipFile(fileobj=file))
        elif media_type.endswith(".tar"):
            yield _Hashed(file)
        else:
            raise CorruptError(
                f"the layer {blob} has an unknown media type", cause=media_type, remedy="airlock image"
            )


class _Layer:
    """Writes members below `folder`, which nobody else writes to, so that what was written is what is there.

    A member's parents must be folders that this layer made: nothing is ever written through a symlink.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._root = folder
        self._name = f"layer {name}"
        self._types: dict[str, bytes] = {"": tarfile.DIRTYPE}

    def write(self, archive: tarfile.TarFile) -> None:
        folder_modes: dict[Path, int] = {}
        for member in archive:
            path = entry.safe_path(member.name, self._name)
            place = self._root / path
            self._make_way(path, member)
            if member.isdir():
                self._make_folder(path)
                folder_modes[place] = member.mode & 0o1777 | 0o700
            elif member.issym():
                place.symlink_to(member.linkname)
            elif member.islnk():
                os.link(self._link_target(path, member.linkname), place, follow_symlinks=False)
            elif member.isreg():
                _write_file(archive, member, place)
            else:
                raise self._unsafe(path, "devices, pipes and sockets have no place in an image")
            self._types[path] = member.type
        for folder, mode in folder_modes.items():
            folder.chmod(mode)

    def _make_way(self, path: str, member: tarfile.TarInfo) -> None:
        """Make the folders above a path, and its place free unless a folder belongs there and is."""
        for parent in entry.parents(path):
            if self._types.get(parent, tarfile.DIRTYPE) != tarfile.DIRTYPE:
                raise self._unsafe(path, f"{parent} is no folder but a link or a file of the same layer")
            self._make_folder(parent)
        name = path.rpartition("/")[2]
        if name.startswith(WHITEOUT) and name[len(WHITEOUT) :] in {"", ".", ".."}:
            raise self._unsafe(path, "a whiteout must name what it removes")
        there = self._types.get(path)
        if there is not None and member.isdir() != (there == tarfile.DIRTYPE):
            raise self._unsafe(path, "it is both a folder and something else in the same layer")
        if there not in {None, tarfile.DIRTYPE}:
            (self._root / path).unlink()  # a later member of the same name wins, as in tar(1)

    def _make_folder(self, path: str) -> None:
        if path not in self._types:
            (self._root / path).mkdir()
            self._types[path] = tarfile.DIRTYPE

    def _link_target(self, path: str, target: str) -> Path:
        target = entry.safe_path(target, self._name)
        if (
            self._types.get(target) not in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.LNKTYPE}
            or target == path
        ):
            raise self._unsafe(path, f"it is a hard link to {target}, which is no file of the same layer")
        return self._root / target

    def _unsafe(self, path: str, cause: str) -> UnsafeArchiveError:
        return UnsafeArchiveError(f"{self._name} has an unsafe member: {path!r}", cause=cause, remedy=_REMEDY)


def _write_file(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    source = archive.extractfile(member)
    assert source is not None
    with place.open("xb", buffering=0) as file:
        shutil.copyfileobj(source, file, _CHUNK)
        os.fchmod(file.fileno(), member.mode & 0o777 | 0o400)
        os.utime(file.fileno(), (member.mtime, member.mtime))
