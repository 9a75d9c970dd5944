"""Makes the folder of a release: files that an earlier release has are linked, the others are fetched."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Protocol

from airlock_spec.releases.failures import AbsentError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from airlock_spec.releases.folder import Folder
    from airlock_spec.releases.manifest import File, Manifest

_THREADS = 8
_NO_LINK = {errno.EMLINK, errno.EXDEV, errno.EPERM, errno.ENOTSUP}  # EFS allows 177 links of a file


class Source(Protocol):
    """Whoever has the contents of a release."""

    def fetch(
        self, wanted: Mapping[str, int], opened: Callable[[str], AbstractContextManager[BinaryIO]]
    ) -> None:
        """Write these contents, by sha256 and size, to where `opened` says; called from several threads."""


def take(folder: Folder, manifest: Manifest, source: Source) -> bool:
    """See to it that a release is in the folder, whole and verified; return whether it had to be made.

    Raises what the source raises, and OSError; then the folder is as it was. The caller holds the folder's lock.
    """
    if folder.holds(manifest.id):
        return False
    staged = folder.staging()
    try:
        stage(staged, manifest, source, folder)
        folder.add(manifest, staged)
    except BaseException:
        shutil.rmtree(staged.parent, ignore_errors=True)
        raise
    return True


def stage(staged: Path, manifest: Manifest, source: Source, earlier: Folder | None = None) -> None:
    """Fill an empty folder with the files of a release; modification times of changed files are now."""
    make_folders(staged, manifest.files)
    there = _there(earlier, manifest)
    first: dict[str, File] = {}  # by sha256: the file that its content is written to
    others: list[File] = []
    for file in manifest.files:
        if file.sha256 in there or file.sha256 in first:
            others.append(file)
        else:
            first[file.sha256] = file

    @contextlib.contextmanager
    def opened(sha256: str) -> Iterator[BinaryIO]:
        file = first[sha256]
        path = staged / file.path
        with path.open("xb") as opened_file:
            os.fchmod(opened_file.fileno(), _mode(file))
            yield opened_file

    source.fetch({sha256: file.size for sha256, file in first.items()}, opened)
    for sha256, file in first.items():
        there[sha256] = (staged / file.path, file)
    _in_threads(lambda file: _link(*there[file.sha256], staged / file.path, file), others)


def make_folders(top: Path, files: Iterable[File]) -> None:
    for folder in sorted({file.path.rpartition("/")[0] for file in files}):
        (top / folder).mkdir(parents=True, exist_ok=True)


def damaged(folder: Folder, manifest: Manifest) -> list[str]:
    """Return the paths of a release in the folder that are not as its manifest says, or that it does not have."""
    top = folder.place(manifest.id)
    wrong: list[str] = []

    def look(file: File) -> None:
        try:
            with (top / file.path).open("rb") as opened:
                good = hashlib.file_digest(opened, "sha256").hexdigest() == file.sha256
        except OSError:
            good = False
        if not good:
            wrong.append(file.path)

    _in_threads(look, manifest.files)
    known = {file.path for file in manifest.files}
    return sorted([*wrong, *(path for path in _paths(top) if path not in known)])


def _paths(top: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(top):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        prefix = os.path.relpath(parent, top)
        yield from (name if prefix == "." else f"{prefix}/{name}" for name in names)


def _there(earlier: Folder | None, manifest: Manifest) -> dict[str, tuple[Path, File]]:
    """Return by sha256 the files that the release that serves, or else the newest, has in common with this one."""
    if earlier is None:
        return {}
    try:
        used = earlier.releases()
        known = earlier.current() or max(used, key=lambda release: used[release], default="")
        before = earlier.manifest(known) if known else None
    except (AbsentError, RefusedError):
        return {}
    if before is None:
        return {}
    wanted = manifest.blobs
    top = earlier.place(known)
    return {file.sha256: (top / file.path, file) for file in before.files if file.sha256 in wanted}


def _link(source: Path, known: File, target: Path, file: File) -> None:
    """Make a file of the same content as another: a link, where one is possible."""
    if known.executable == file.executable:
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
        else:
            return
    shutil.copyfile(source, target)
    target.chmod(_mode(file))


def _mode(file: File) -> int:
    """Nobody is to change a release: its content is shared by links."""
    return 0o555 if file.executable else 0o444


def _in_threads(work: Callable[[File], None], files: Sequence[File]) -> None:
    """Do it for each, several at once: over a network file system most of the time is spent waiting."""

    def each_of(some: Sequence[File]) -> None:
        for file in some:
            work(file)

    with ThreadPoolExecutor(_THREADS, "files") as pool:
        for _ in pool.map(each_of, [files[number::_THREADS] for number in range(_THREADS)]):
            pass
