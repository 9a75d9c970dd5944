"""One path of the image, before it becomes part of a tar."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock.errors import UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable

DIRECTORY_MODE = 0o755
FILE_MODE = 0o644
PROGRAM_MODE = 0o755


class Kind(StrEnum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"


@dataclass(frozen=True)
class Entry:
    """A path relative to the root of the image, without a leading slash; `target` is a link's.

    A symlink's target is written as it is; a hard link's is a path of the same fragment.
    """

    path: str
    kind: Kind = Kind.FILE
    mode: int = FILE_MODE
    uid: int = 0
    gid: int = 0
    content: bytes = b""
    target: str = ""

    @property
    def is_default_directory(self) -> bool:
        """Whether this is what the parent of any path would be made as, so that it says nothing."""
        return self.kind is Kind.DIRECTORY and (self.mode, self.uid, self.gid) == (DIRECTORY_MODE, 0, 0)


def file(path: str, content: bytes | str, mode: int = FILE_MODE) -> Entry:
    data = content.encode() if isinstance(content, str) else content
    return Entry(path, Kind.FILE, mode, content=data)


def symlink(path: str, target: str) -> Entry:
    return Entry(path, Kind.SYMLINK, 0o777, target=target)


def directory(path: str, mode: int = DIRECTORY_MODE, uid: int = 0, gid: int = 0) -> Entry:
    return Entry(path, Kind.DIRECTORY, mode, uid, gid)


def safe_path(path: str, archive: str) -> str:
    """Return a member's path as the image has it, without `./` and a trailing slash.

    Raises UnsafeArchiveError where it is absolute, climbs with `..`, or cannot be written in a tar.
    """
    parts = path.split("/")
    while parts and parts[0] in {".", ""} and not path.startswith("/"):
        parts.pop(0)
    if parts and not parts[-1]:
        parts.pop()
    if path.startswith("/") or any(part in {"", ".", ".."} for part in parts) or "\0" in path:
        raise UnsafeArchiveError(
            f"{archive} has a member that would land outside its place: {path!r}",
            cause="a member's path must be relative and free of `..`",
            remedy="do not use this file; report it to whoever published it",
        )
    return "/".join(parts)


def require_contained(entries: Iterable[Entry], archive: str) -> None:
    """Raise UnsafeArchiveError where a link points above the root, or a path leads through a link."""
    listed = list(entries)
    links = {entry.path for entry in listed if entry.kind is Kind.SYMLINK}
    for entry in listed:
        if entry.kind is Kind.SYMLINK and _climbs_out(entry):
            raise UnsafeArchiveError(
                f"{archive} has a symlink out of its place: {entry.path} -> {entry.target}",
                cause="the target climbs above the root of the image",
                remedy="do not use this file; report it to whoever published it",
            )
        through = next((parent for parent in parents(entry.path) if parent in links), None)
        if through:
            raise UnsafeArchiveError(
                f"{archive} has a member that would land outside its place: {entry.path}",
                cause=f"{through} is a symlink in the same archive",
                remedy="do not use this file; report it to whoever published it",
            )


def _climbs_out(entry: Entry) -> bool:
    depth = 0 if entry.target.startswith("/") else entry.path.count("/")
    for part in entry.target.split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            return True
    return False


def parents(path: str) -> list[str]:
    """List the folders above a path, outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: index + 1]) for index in range(len(parts))]


def join(*parts: str) -> str:
    return posixpath.normpath(posixpath.join(*parts)).lstrip("/")
