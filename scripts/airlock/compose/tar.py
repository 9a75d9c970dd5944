"""Deterministic tar: the same entries give the same bytes, whoever writes them and wherever.

A *cut* is a tar without its end-of-archive blocks, so that cuts can be joined (POSIX.1-2017, pax).
"""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from airlock.compose.entry import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

EPOCH = 315532800  # 1980-01-01T00:00:00Z: the earliest time that zip, and so every tool, can express
END = bytes(2 * tarfile.BLOCKSIZE)
_TYPES = {
    Kind.FILE: tarfile.REGTYPE,
    Kind.DIRECTORY: tarfile.DIRTYPE,
    Kind.SYMLINK: tarfile.SYMTYPE,
    Kind.HARDLINK: tarfile.LNKTYPE,
}


def cut(entries: Iterable[Entry]) -> bytes:
    """Write entries in the order given."""
    blocks: list[bytes] = []
    for entry in entries:
        blocks.append(_header(entry))
        if entry.content:
            blocks += (entry.content, bytes(-len(entry.content) % tarfile.BLOCKSIZE))
    return b"".join(blocks)


def _header(entry: Entry) -> bytes:
    member = tarfile.TarInfo(entry.path)
    member.type = _TYPES[entry.kind]
    member.mode, member.uid, member.gid = entry.mode, entry.uid, entry.gid
    member.mtime = EPOCH
    member.size = len(entry.content)
    member.linkname = entry.target
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
