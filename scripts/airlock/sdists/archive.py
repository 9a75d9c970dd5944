"""A source distribution taken apart: its files, and which backend builds it (PEP 517, 518 and 625)."""

from __future__ import annotations

import io
import lzma
import tarfile
import tomllib
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from airlock.compose import entry
from airlock.compose.entry import Entry, Kind
from airlock.errors import BuildError, UnsafeArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MALFORMED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,  # an encrypted member, a compression of its own, links that lead round in a circle
)


@dataclass(frozen=True)
class BuildSystem:
    """What pyproject.toml says of building, or what stands for it where there is none (PEP 517)."""

    requires: tuple[str, ...] = ("setuptools", "wheel")
    backend: str = "setuptools.build_meta:__legacy__"
    backend_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceArchive:
    """The files below the archive's one folder, and its build system."""

    entries: tuple[Entry, ...]
    system: BuildSystem


def read(filename: str, content: bytes) -> SourceArchive:
    """Read a .tar.gz, .tar.bz2, .tar.xz or .zip without running anything of it.

    Raises UnsafeArchiveError where it is malformed or a member would land outside its place, and BuildError
    where its pyproject.toml cannot be used.
    """
    try:
        members = list(_members(filename, content))
    except _MALFORMED as error:
        raise UnsafeArchiveError(
            f"{filename} is not a source distribution",
            cause=f"{type(error).__name__}: {error}",
            remedy="do not use this file; report it to whoever published it",
        ) from error
    entry.require_contained(members, filename)
    files = {item.path: item.content for item in members if item.kind is Kind.FILE}
    return SourceArchive(tuple(members), _build_system(filename, files.get("pyproject.toml", b"")))


def _members(filename: str, content: bytes) -> Iterable[Entry]:
    if filename.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                path = _below_top(info.filename, filename)
                if path and not info.is_dir():
                    yield entry.file(path, archive.read(info), _mode(info.external_attr >> 16))
        return
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as tar:
        for member in tar:
            path = _below_top(member.name, filename)
            if not path or member.isdir():
                continue
            if member.issym():
                yield entry.symlink(path, member.linkname)
            elif member.isreg() or member.islnk():
                stream = tar.extractfile(member)
                if stream is None:
                    raise ValueError(f"{member.name} is a link to no file")
                yield entry.file(path, stream.read(), _mode(member.mode))
            else:
                raise ValueError(f"{member.name} is no file, folder or link")


def _below_top(path: str, filename: str) -> str:
    """Leave out the folder `name-version` that all members are in."""
    return entry.safe_path(path, filename).partition("/")[2]


def _mode(mode: int) -> int:
    return entry.PROGRAM_MODE if mode & 0o100 else entry.FILE_MODE


def requirement(text: str) -> str:
    """Return a build requirement as it is given to uv, in canonical spelling.

    Raises ValueError where it is anything but a requirement of an index's package: an option, a URL, a path.
    """
    parsed = Requirement(text)
    if parsed.url:
        raise ValueError(
            f"{parsed.name} is required from a URL or path; airlock takes wheels from indexes only"
        )
    return str(parsed)


def _build_system(filename: str, pyproject: bytes) -> BuildSystem:
    try:
        table: dict[str, Any] = tomllib.loads(pyproject.decode()).get("build-system", {})
        if not table:
            return BuildSystem()
        if not isinstance(table["requires"], list):
            raise TypeError("requires must be a list")  # noqa: TRY301
        default = BuildSystem()
        system = BuildSystem(
            tuple(requirement(text) for text in table["requires"]),
            str(table.get("build-backend", default.backend)),
            tuple(str(path) for path in table.get("backend-path", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # InvalidRequirement is a ValueError
        raise BuildError(
            f"the pyproject.toml in {filename} cannot be used",
            cause=f"{type(error).__name__}: {error}",
            remedy="use another version of the package, or build its wheel once and serve it from an index of your own",
        ) from error
    for path in system.backend_path:
        entry.safe_path(f"{path.rstrip('/') or '.'}/x".removeprefix("./"), filename)
    return system
