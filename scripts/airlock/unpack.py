"""A layer's tar, unpacked into a folder of its own without trusting it (OCI image specification, layer.md)."""

from __future__ import annotations

import os
import shutil
import tarfile
from typing import TYPE_CHECKING

from airlock import layer_tar
from airlock.compose import entry
from airlock.errors import UnsafeArchiveError

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.layer_tar import LayerTar

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
_CHUNK = 1 << 20
_REMEDY = "do not use this image; compose it again: airlock image"


def unpack(blob: Path, media_type: str, diff_id: str, folder: Path) -> None:
    """Unpack the layer `blob` into the empty folder `folder`; whiteouts become empty files of their names.

    Owners are not kept, set-user-id bits are dropped, and all stays readable for the user.
    Raises UnsafeArchiveError for a member that does not belong into a layer, CorruptError where it is
    damaged or not the layer of `diff_id` (`sha256:…`).
    """
    with layer_tar.opened(blob, media_type, diff_id) as layer:
        _Layer(folder, blob.name[:12]).write(layer)


class _Layer:
    """Writes members below `folder`, which nobody else writes to, so that what was written is what is there.

    A member's parents must be folders that this layer made: nothing is ever written through a symlink.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._root = folder
        self._name = f"layer {name}"
        self._types: dict[str, bytes] = {"": tarfile.DIRTYPE}

    def write(self, layer: LayerTar) -> None:
        folder_modes: dict[Path, int] = {}
        for member in layer:
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
                _write_file(layer, member, place)
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


def _write_file(layer: LayerTar, member: tarfile.TarInfo, place: Path) -> None:
    with place.open("xb", buffering=0) as file:
        shutil.copyfileobj(layer.content(member), file, _CHUNK)
        os.fchmod(file.fileno(), member.mode & 0o777 | 0o400)
        os.utime(file.fileno(), (member.mtime, member.mtime))
