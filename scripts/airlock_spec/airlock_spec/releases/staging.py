"""Makes the folder of a release: files that an earlier release has are linked, the others are fetched."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
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
_TRIED = 64  # files after which it is known whether this file system is a quick one
_QUICK = 0.000_25  # seconds for one: a link takes 0.00002 on a local disk, a request to EFS 0.001 or more
_NO_LINK = {errno.EMLINK, errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS}  # EFS allows 177 of a file


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
    top = str(staged)
    gone = _link_all(top, there, [file for file in manifest.files if file.sha256 in there])
    first: dict[str, File] = {}  # by sha256: the file that its content is written to
    missing = [*(file for file in manifest.files if file.sha256 not in there), *gone]
    others = [file for file in missing if first.setdefault(file.sha256, file) is not file]

    @contextlib.contextmanager
    def opened(sha256: str) -> Iterator[BinaryIO]:
        file = first[sha256]
        with open(f"{top}/{file.path}", "xb") as opened_file:  # noqa: PTH123 - ten thousands of Paths take their time
            os.fchmod(opened_file.fileno(), _mode(file))
            yield opened_file

    source.fetch({sha256: file.size for sha256, file in first.items()}, opened)
    made = {sha256: (f"{top}/{file.path}", file) for sha256, file in first.items()}
    if lost := _link_all(top, made, others):
        raise FileNotFoundError(errno.ENOENT, "what was fetched is not there any more", lost[0].path)


def _link_all(top: str, there: Mapping[str, tuple[str, File]], files: Sequence[File]) -> list[File]:
    """Make files of contents that are there; return those whose content is not, as somebody removed it."""
    gone: list[File] = []

    def link(file: File) -> None:
        try:
            _link(*there[file.sha256], f"{top}/{file.path}", file)
        except (FileNotFoundError, IsADirectoryError):
            gone.append(file)

    for_each(link, files)
    return gone


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

    for_each(look, manifest.files)
    known = {file.path for file in manifest.files}
    return sorted([*wrong, *(path for path in _paths(top) if path not in known)])


def _paths(top: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(top):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        prefix = os.path.relpath(parent, top)
        links = (name for name in folders if os.path.islink(os.path.join(parent, name)))  # noqa: PTH114, PTH118 - as above
        yield from (name if prefix == "." else f"{prefix}/{name}" for name in (*names, *links))


def _there(earlier: Folder | None, manifest: Manifest) -> dict[str, tuple[str, File]]:
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
    top = str(earlier.place(known))
    return {file.sha256: (f"{top}/{file.path}", file) for file in before.files if file.sha256 in wanted}


def _link(source: str, known: File, target: str, file: File) -> None:
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
    os.chmod(target, _mode(file))  # noqa: PTH101 - as above


def _mode(file: File) -> int:
    """Nobody is to change a release: its content is shared by links."""
    return 0o555 if file.executable else 0o444


def for_each(work: Callable[[File], None], files: Sequence[File]) -> None:
    """Do it for each, one after another where that is quick: threads would wait for each other on a local disk.

    Over a network file system most of the time is spent waiting: there several are at it at once.
    """
    tried, rest = files[:_TRIED], files[_TRIED:]
    before = time.monotonic()
    for file in tried:
        work(file)
    if not rest:
        return
    if time.monotonic() - before < _QUICK * len(tried):
        for file in rest:
            work(file)
        return

    def each_of(some: Sequence[File]) -> None:
        for file in some:
            work(file)

    with ThreadPoolExecutor(_THREADS, "files") as pool:
        for _ in pool.map(each_of, [rest[number::_THREADS] for number in range(_THREADS)]):
            pass
