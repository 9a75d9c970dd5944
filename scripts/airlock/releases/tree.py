"""What comes into a release: the content of a folder of DAGs, as it is on this disk."""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from airlock import later, writing
from airlock.check import listing
from airlock.errors import PublishError
from airlock.releases.hashed import Signature
from airlock_spec.releases.manifest import MAX_FILES, File

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from airlock.releases.hashed import Hashes

_THREADS = 4
_PIECE = 1 << 20
_TOLD = 10
# Nobody's DAGs; and a repository within the tree has its remote's password in its settings.
LEFT_OUT_NAMES = frozenset({"__pycache__", ".git", ".hg", ".svn"})
LEFT_OUT_SUFFIX = ".pyc"  # bytecode of whatever Python was here


@dataclass(frozen=True)
class Tree:
    """The files of a release below `top`, in order.

    `left_out` are paths that a check of `top` itself would see: those that git ignores, and importable bytecode.
    """

    top: Path
    files: tuple[File, ...]
    left_out: tuple[str, ...]
    signatures: Mapping[str, Signature]

    def require_unchanged(self) -> None:
        """Raise PublishError where a file was written to since it was read, or is new."""
        for found in _walk(self.top, self.left_out, []):
            if found not in self.signatures:
                raise changed(self.top / found)
        for file in self.files:
            path = self.top / file.path
            try:
                same = Signature.of(path.stat()) == self.signatures[file.path]
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
                for piece in self.content(sha256):
                    file.write(piece)

    def content(self, sha256: str) -> Iterator[bytes]:
        """Yield a content by its sha256, in pieces. Raises PublishError where the file has become another."""
        path = self.top / self._paths[sha256]
        digest = hashlib.sha256()
        try:
            with path.open("rb", buffering=0) as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    yield piece
        except OSError as error:
            raise changed(path) from error
        if digest.hexdigest() != sha256:
            raise changed(path)

    @functools.cached_property
    def _paths(self) -> dict[str, str]:
        return {file.sha256: file.path for file in self.files}


def read(top: Path, ignored: Collection[str] = (), hashes: Hashes | None = None) -> Tree:
    """Read all of a folder but bytecode, hidden folders and virtual environments at its top, and what is `ignored`.

    Links to what is inside are followed: a release holds no links. What is known by `hashes` is not read again. Raises
    PublishError with all that cannot be part of a release: links that lead out or nowhere, and what is no file.
    """
    if not top.is_dir():
        raise PublishError(f"there is no folder of DAGs: {top}", remedy="airlock sync --dags FOLDER")
    problems: list[str] = []
    walked = itertools.islice(
        _walk(top, ignored, problems), 2 * MAX_FILES
    )  # to say how many is for the manifest
    paths: list[str] = []
    bytecode: list[str] = []
    for path in sorted(walked):
        (bytecode if path.endswith(LEFT_OUT_SUFFIX) else paths).append(path)
    if problems:
        more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
        raise PublishError(
            f"{top} holds what no release can hold",
            cause="\n".join([*problems[:_TOLD], *more]),
            remedy="remove it, copy what is meant into the folder, or let .gitignore name it",
        )
    slices = [paths[number::_THREADS] for number in range(_THREADS)]
    read_slice = functools.partial(_read, top, hashes)
    found = [one for some in later.each(read_slice, slices, _THREADS) for one in some]
    found.sort(key=lambda one: one[0].path)
    signatures = {file.path: signature for file, signature in found}
    if hashes:
        hashes.keep({file.path: (signature, file.sha256) for file, signature in found})
    return Tree(top, tuple(file for file, _ in found), tuple(sorted({*ignored, *bytecode})), signatures)


def changed(path: Path) -> PublishError:
    return PublishError(
        f"{path} was changed while it was being published",
        cause="what is published must be what was checked",
        remedy="run it again once nothing writes there",
    )


def _walk(top: Path, ignored: Collection[str], problems: list[str]) -> Iterator[str]:
    """Yield the paths of all files, also of importable bytecode; what cannot be is added to the problems."""
    inside = os.path.realpath(top)
    skipped = {*listing.hidden(top), *ignored}
    waiting: list[tuple[str, frozenset[str]]] = [("", frozenset({inside}))]
    while waiting:
        folder, around = waiting.pop()
        with _listed(top / folder) as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if path in skipped or entry.name in LEFT_OUT_NAMES or entry.name.startswith(writing.PREFIX):
                    continue
                if entry.is_symlink() and (fault := _fault_of_link(entry.path, inside, skipped)):
                    problems.append(f"{path}: {fault}")
                elif entry.is_dir():
                    real = os.path.realpath(entry.path)
                    if real not in around:  # a link to a folder around it would have no end
                        waiting.append((f"{path}/", around | {real}))
                elif not entry.is_file():
                    problems.append(f"{path}: it is no file")
                else:
                    yield path


def _listed(folder: Path) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
    try:
        return os.scandir(folder)
    except OSError as error:
        raise PublishError(
            f"{folder} cannot be read", cause=str(error), remedy="give permission, or remove it"
        ) from error


def _fault_of_link(link: str, inside: str, skipped: Collection[str]) -> str:
    target = os.path.realpath(link)
    if not os.path.exists(target):  # noqa: PTH110 - of a string that may lead anywhere
        return "a link that leads nowhere"
    if not f"{target}/".startswith(f"{inside}/"):
        return f"a link that leads out, to {target}"
    below = os.path.relpath(target, inside)
    parts = below.split("/")
    around = ("/".join(parts[:number]) for number in range(1, len(parts) + 1))
    if not LEFT_OUT_NAMES.isdisjoint(parts) or any(path in skipped for path in around):
        return f"a link to what is left out, {below}"
    return ""


def _read(top: Path, hashes: Hashes | None, paths: Sequence[str]) -> list[tuple[File, Signature]]:
    return [_file(top, path, hashes) for path in paths]


def _file(top: Path, path: str, hashes: Hashes | None) -> tuple[File, Signature]:
    place = os.path.join(top, path)  # noqa: PTH118 - for many files
    try:
        if hashes and (sha256 := hashes.known(path, Signature.of(now := os.stat(place)))):  # noqa: PTH116 - as above
            return File(path, sha256, now.st_size, bool(now.st_mode & stat.S_IXUSR)), Signature.of(now)
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
    if Signature.of(before) != Signature.of(after) or size != after.st_size:
        raise changed(Path(place))
    executable = bool(after.st_mode & stat.S_IXUSR)
    return File(path, digest.hexdigest(), size, executable), Signature.of(after)
