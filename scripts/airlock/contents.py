"""What an image holds, path by path, read from its layers without unpacking them."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock import layer_tar
from airlock.compose import entry
from airlock.compose.entry import Kind
from airlock.errors import CorruptError
from airlock.unpack import OPAQUE, WHITEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from airlock.layer_tar import LayerTar
    from airlock.layout import LaidOutImage

_CHUNK = 1 << 20
_KINDS = {tarfile.DIRTYPE: Kind.DIRECTORY, tarfile.SYMTYPE: Kind.SYMLINK, tarfile.LNKTYPE: Kind.HARDLINK}
_DEVICES = {tarfile.CHRTYPE: "character", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "pipe"}
_XATTR = "SCHILY.xattr."  # of a pax header, as Docker and BuildKit write extended attributes


class Foreign(StrEnum):
    """What an image of another builder may hold, and airlock neither composes nor unpacks."""

    DEVICE = "device"


@dataclass(frozen=True)
class Member:
    """A path, without a leading slash; equal for equal type, mode, owner, extended attributes and content.

    `size` (bytes) and `sha256` are those of a file's content, `target` is a symlink's, or which device it is.
    A hard link is given as the file that it is. `xattrs` is a sha256 of the extended attributes, "" where
    there are none. `mtime` is in seconds since 1970.
    """

    path: str
    kind: Kind | Foreign
    mode: int
    uid: int
    gid: int
    size: int = 0
    sha256: str = ""
    target: str = ""
    xattrs: str = ""
    mtime: float = field(default=0, compare=False)


def of_layer(blob: Path, media_type: str, diff_id: str = "") -> Iterator[Member]:
    """Yield the members of a layer in the order of its tar, whiteouts under their own names.

    Raises CorruptError where the layer is damaged, or not the one of its diff id.
    """
    return (member for member, _ in with_contents(blob, media_type, diff_id, lambda _: False))


def with_contents(
    blob: Path, media_type: str, diff_id: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[Member, bytes | None]]:
    """Yield as `of_layer` does, and the contents of the files whose paths are wanted."""
    files: dict[str, Member] = {}
    with layer_tar.opened(blob, media_type, diff_id) as layer:
        for info in layer:
            member = _member(info)
            content = None
            if member.kind is Kind.HARDLINK:
                member = _linked(member, files, blob)
            elif member.kind is Kind.FILE:
                content = layer.content(info).read() if wanted(member.path) else None
                sha256 = _sha256(layer, info) if content is None else hashlib.sha256(content).hexdigest()
                member = replace(member, size=info.size, sha256=sha256)
            if member.kind is Kind.FILE:
                files[member.path] = member
            yield member, content


def of_image(image: LaidOutImage) -> dict[str, Member]:
    """Return what the image's layers make when they are laid over each other (layer.md, whiteouts applied)."""
    found: dict[str, Member] = {}
    for layer, diff_id in zip(image.layers, image.diff_ids, strict=True):
        lay_over(found, of_layer(image.blob(layer), layer.media_type, diff_id))
    return found


def lay_over(found: dict[str, Member], layer: Iterable[Member]) -> None:
    """Change `found` as the layer changes what lies below it."""
    listed = list(layer)
    hidden: set[str] = set()  # with all that is below them
    emptied: set[str] = set()
    for member in listed:
        folder, _, name = member.path.rpartition("/")
        there = found.get(member.path)
        if name == OPAQUE:
            emptied.add(folder)
        elif name.startswith(WHITEOUT):
            hidden.add(f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/"))
        elif there and there.kind is Kind.DIRECTORY and member.kind is not Kind.DIRECTORY:
            emptied.add(member.path)
    cleared = hidden | emptied
    for path in [path for path in found if path in hidden or _is_below(path, cleared)] if cleared else ():
        del found[path]
    for member in listed:
        if not member.path.rpartition("/")[2].startswith(WHITEOUT):
            found[member.path] = member


def _is_below(path: str, folders: Collection[str]) -> bool:
    return any(parent in folders for parent in ("", *entry.parents(path)))


def read_member(blob: Path, media_type: str, path: str) -> bytes | None:
    """Return the content of one file of a layer, None where the layer has no such file."""
    target = path
    found = None
    with layer_tar.opened(blob, media_type) as layer:
        for info in layer:
            if _path(info.name) == path and info.islnk():
                target = _path(info.linkname)
            elif _path(info.name) == path and info.isreg():
                found = layer.content(info).read()
    return found if target == path else read_member(blob, media_type, target)


def _member(info: tarfile.TarInfo) -> Member:
    """Return a member without its content; `target` of a hard link is the path that it names."""
    kind: Kind | Foreign = _KINDS.get(info.type, Kind.FILE)
    target = ""
    if kind is not Kind.FILE:
        target = _path(info.linkname) if kind is Kind.HARDLINK else info.linkname
    elif info.isdev():
        kind, target = Foreign.DEVICE, f"{_DEVICES[info.type]} {info.devmajor}:{info.devminor}"
    elif not info.isreg():
        raise tarfile.ReadError(f"{info.name} is of an unknown type: {info.type!r}")
    return Member(
        _path(info.name), kind, info.mode, info.uid, info.gid,
        target=target, xattrs=_xattrs(info), mtime=info.mtime,
    )  # fmt: skip


def _xattrs(info: tarfile.TarInfo) -> str:
    records = sorted(f"{name}={value}" for name, value in info.pax_headers.items() if name.startswith(_XATTR))
    lengths = "".join(f"{len(record)} {record}" for record in records)  # a value may hold anything
    return hashlib.sha256(lengths.encode(errors="surrogateescape")).hexdigest() if records else ""


def _sha256(layer: LayerTar, info: tarfile.TarInfo) -> str:
    digest = hashlib.sha256()
    source = layer.content(info)
    while piece := source.read(_CHUNK):
        digest.update(piece)
    return digest.hexdigest()


def _linked(link: Member, files: Mapping[str, Member], blob: Path) -> Member:
    """Return a hard link as the file that it is. Raises CorruptError where it names none before it."""
    if link.target not in files:
        raise CorruptError(
            f"the layer {blob} is damaged",
            cause=f"{link.path} is a hard link to {link.target}, which is no file of the same layer",
            remedy="airlock image",
        )
    return replace(files[link.target], path=link.path)


def _path(name: str) -> str:
    return name.removeprefix("./").strip("/")
