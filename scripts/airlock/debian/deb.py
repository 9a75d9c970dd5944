"""A .deb taken apart: its control stanza and the paths it unpacks, through the merged /usr (deb(5))."""

from __future__ import annotations

import fnmatch
import io
import lzma
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose import entry
from airlock.compose.entry import Entry, Kind
from airlock.errors import UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable

# base-files makes these links; packages built before the merge still ship files below them
_MERGED = re.compile(r"^(bin|sbin|lib|lib32|lib64|libx32)(?=/)")
_REPORT = "do not use this file; report it to whoever published it"


@dataclass(frozen=True)
class Deb:
    control: str  # the control stanza, as the package has it
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Selection:
    """Which paths to leave out: shell patterns over absolute paths; `keep` wins over `leave_out`."""

    leave_out: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def holds(self, item: Entry) -> bool:
        path = f"/{item.path}"
        if item.kind is not Kind.DIRECTORY and any(
            fnmatch.fnmatchcase(path, pattern) for pattern in self.keep
        ):
            return True  # a folder that is left out comes back as the parent of what is kept
        return not any(fnmatch.fnmatchcase(path, pattern) for pattern in self.leave_out)


def read(filename: str, content: bytes, selection: Selection, *, files: bool = True) -> Deb:
    """Read a package without running anything of it; without its `files`, its control stanza alone.

    Raises UnsafeArchiveError where it is malformed, or a member would land outside its place.
    """
    from debian.arfile import ArError  # noqa: PLC0415 - slow to import, and seldom needed: packages are cached
    from debian.debfile import DebError, DebFile  # noqa: PLC0415

    try:
        archive = DebFile(fileobj=io.BytesIO(content))
        control = archive.control.get_content("control", encoding="utf-8")
        found: list[Entry] = []
        if files:
            with archive.data.tgz() as data:
                found = list(_entries(data, filename))
    except (DebError, ArError, tarfile.TarError, lzma.LZMAError, OSError, ValueError, EOFError) as error:
        raise UnsafeArchiveError(
            f"{filename} is not a Debian package", cause=str(error), remedy=_REPORT
        ) from error
    entry.require_contained(found, filename)
    return Deb(str(control).strip() + "\n", tuple(_selected(found, selection)))


def _entries(data: tarfile.TarFile, filename: str) -> Iterable[Entry]:
    files: set[str] = set()
    for member in data:
        path = _MERGED.sub(r"usr/\1", entry.safe_path(member.name, filename))
        if not path or (member.isdir() and _MERGED.match(f"{path}/")):
            continue  # the root, or the folder that is now one of base-files' links
        if member.isreg():
            stream = data.extractfile(member)
            assert stream is not None
            files.add(path)
            yield Entry(path, Kind.FILE, member.mode, member.uid, member.gid, stream.read())
        elif member.isdir():
            yield Entry(path, Kind.DIRECTORY, member.mode, member.uid, member.gid)
        elif member.issym():
            yield entry.symlink(path, member.linkname)
        elif member.islnk():
            target = _MERGED.sub(r"usr/\1", entry.safe_path(member.linkname, filename))
            if target not in files:
                raise UnsafeArchiveError(
                    f"{filename} has a hard link to nothing: {path} -> {target}", remedy=_REPORT
                )
            yield Entry(path, Kind.HARDLINK, member.mode, member.uid, member.gid, target=target)
        else:
            raise UnsafeArchiveError(
                f"{filename} has a member that is no file, folder or link: {path}",
                cause="devices, pipes and sockets have no place in an image",
                remedy=_REPORT,
            )


def _selected(found: list[Entry], selection: Selection) -> Iterable[Entry]:
    files = {item.path: item for item in found if item.kind is Kind.FILE}
    for item in found:
        if not selection.holds(item):
            continue
        if item.kind is Kind.HARDLINK and not selection.holds(files[item.target]):
            yield Entry(item.path, Kind.FILE, item.mode, item.uid, item.gid, files[item.target].content)
        else:
            yield item
