"""What comes into a release: the content of a folder of DAGs, as it is on this disk."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from airlock import later
from airlock.check import listing
from airlock.errors import PublishError
from airlock_spec.releases.manifest import File

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

_THREADS = 4
_PIECE = 1 << 20
_TOLD = 10
LEFT_OUT_FOLDERS = frozenset({"__pycache__"})
LEFT_OUT_SUFFIX = ".pyc"  # bytecode of whatever Python was here


@dataclass(frozen=True)
class _Signature:
    """What changes when a file is written to (stat(2))."""

    modified: int  # nanoseconds
    changed: int
    size: int
    inode: int


@dataclass(frozen=True)
class Tree:
    """The files of a release below `top`, in order; `left_out` are paths that git ignores."""

    top: Path
    files: tuple[File, ...]
    left_out: tuple[str, ...]
    signatures: Mapping[str, _Signature]

    def require_unchanged(self) -> None:
        """Raise PublishError where a file was written to since it was read."""
        for file in self.files:
            path = self.top / file.path
            try:
                same = _signature(path.stat()) == self.signatures[file.path]
            except OSError:
                same = False
            if not same:
                raise changed(path)

    def fetch(
        self, wanted: Mapping[str, int], opened: Callable[[str], AbstractContextManager[BinaryIO]]
    ) -> None:
        """Write these contents to where `opened` says, as `airlock_spec.releases.staging.Source` has it."""
        for sha256 in wanted:
            with opened(sha256) as file:
                file.write(self.content(sha256))

    def content(self, sha256: str) -> bytes:
        """Return a content by its sha256. Raises PublishError where the file has become another."""
        path = self.top / self._paths[sha256]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise changed(path) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise changed(path)
        return data

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {file.sha256: file.path for file in self.files}


def read(top: Path, ignored: Collection[str] = ()) -> Tree:
    """Read all of a folder but bytecode, hidden folders and virtual environments at its top, and what is `ignored`.

    Links to what is inside are followed: a release holds no links. Raises PublishError with all that cannot be
    part of a release: links that lead out or nowhere, and what is no file.
    """
    if not top.is_dir():
        raise PublishError(f"there is no folder of DAGs: {top}", remedy="airlock sync --dags FOLDER")
    left_out = set(ignored)
    problems: list[str] = []
    paths = sorted(_walk(top, left_out, problems))
    if problems:
        more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
        raise PublishError(
            f"{top} holds what no release can hold",
            cause="\n".join([*problems[:_TOLD], *more]),
            remedy="remove it, copy what is meant into the folder, or let .gitignore name it",
        )
    slices = [paths[number::_THREADS] for number in range(_THREADS)]
    found = [one for some in later.each(lambda some: _read(top, some), slices, _THREADS) for one in some]
    found.sort(key=lambda one: one[0].path)
    signatures = {file.path: signature for file, signature in found}
    return Tree(top, tuple(file for file, _ in found), tuple(sorted(left_out)), signatures)


def changed(path: Path) -> PublishError:
    return PublishError(
        f"{path} was changed while it was being published",
        cause="what is published must be what was checked",
        remedy="run it again once nothing writes there",
    )


def _walk(top: Path, ignored: Collection[str], problems: list[str]) -> Iterator[str]:
    """Yield the paths of all files; what cannot be is added to the problems."""
    inside = os.path.realpath(top)
    skipped = {*listing.hidden(top), *ignored}
    waiting: list[tuple[str, frozenset[str]]] = [("", frozenset({inside}))]
    while waiting:
        folder, around = waiting.pop()
        with os.scandir(top / folder) as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if path in skipped or entry.name in LEFT_OUT_FOLDERS:
                    continue
                if entry.is_symlink() and (fault := _fault_of_link(entry.path, inside)):
                    problems.append(f"{path}: {fault}")
                elif entry.is_dir():
                    real = os.path.realpath(entry.path)
                    if real not in around:  # a link to a folder around it would have no end
                        waiting.append((f"{path}/", around | {real}))
                elif not entry.is_file():
                    problems.append(f"{path}: it is no file")
                elif not entry.name.endswith(LEFT_OUT_SUFFIX):
                    yield path


def _fault_of_link(link: str, inside: str) -> str:
    target = os.path.realpath(link)
    if not os.path.exists(target):  # noqa: PTH110 - of a string that may lead anywhere
        return "a link that leads nowhere"
    return "" if f"{target}/".startswith(f"{inside}/") else f"a link that leads out, to {target}"


def _read(top: Path, paths: Sequence[str]) -> list[tuple[File, _Signature]]:
    return [_file(top, path) for path in paths]


def _file(top: Path, path: str) -> tuple[File, _Signature]:
    place = os.path.join(top, path)  # noqa: PTH118 - for many files
    try:
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123 - for many files
            before = os.fstat(file.fileno())
            digest, size = hashlib.sha256(), 0
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
            after = os.fstat(file.fileno())
    except OSError as error:
        raise PublishError(
            f"{place} cannot be read", cause=str(error), remedy="give permission, or remove it"
        ) from error
    if _signature(before) != _signature(after) or size != after.st_size:
        raise changed(Path(place))
    executable = bool(after.st_mode & stat.S_IXUSR)
    return File(path, digest.hexdigest(), size, executable), _signature(after)


def _signature(found: os.stat_result) -> _Signature:
    return _Signature(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
