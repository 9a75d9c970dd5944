"""Entries of an image, written to a folder of this machine, nothing through a link."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Entry, Kind
from airlock.errors import UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write(root: Path, entries: Iterable[Entry]) -> None:
    """Write folders, files and links below `root`; owners are not kept, and all stays readable for the user.

    A file replaces another one; a folder may be there already. Raises UnsafeArchiveError for an entry whose
    way leads through a symlink, or whose place is a symlink.
    """
    root.mkdir(parents=True, exist_ok=True)
    for item in entries:
        path = root / item.path
        through = next((parent for parent in entry.parents(item.path) if (root / parent).is_symlink()), None)
        if through or (path.is_symlink() and item.kind is not Kind.SYMLINK):
            raise UnsafeArchiveError(
                f"a package would write through a link: /{item.path}",
                cause=f"/{through or item.path} is a symlink of another package",
                remedy="do not use these packages; run: airlock lock --upgrade",
            )
        for parent in entry.parents(item.path):
            if not (folder := root / parent).is_dir():
                folder.mkdir()
                folder.chmod(entry.DIRECTORY_MODE)  # whatever this user's umask is
        if item.kind is Kind.DIRECTORY:
            path.mkdir(exist_ok=True)
            path.chmod(item.mode & 0o1777 | 0o700)
            continue
        if os.path.lexists(path):
            path.unlink()
        if item.kind is Kind.FILE:
            path.write_bytes(item.content)
            path.chmod(item.mode & 0o777 | 0o600)
        elif item.kind is Kind.HARDLINK:
            os.link(root / item.target, path, follow_symlinks=False)
        else:
            path.symlink_to(item.target)


def moved(item: Entry, prefix: str) -> Entry:
    """Return an entry as it is seen from the folder `prefix` (with its slash), which must hold it."""
    assert item.path.startswith(prefix), item.path
    target = item.target.removeprefix(prefix) if item.kind is Kind.HARDLINK else item.target
    return replace(item, path=item.path.removeprefix(prefix), target=target)
