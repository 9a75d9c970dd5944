"""The versions that DagRuns are pinned to, each in a folder of its own, for as long as somebody uses it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
import weakref
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from airlock_spec.releases.failures import AbsentError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock_spec.releases.folder import Folder

_TRIES = 3
_NOT_OURS = shutil.ignore_patterns("__pycache__")
_PINNED = "pinned"


class Versions:
    """`airflows` is where Airflow deletes versions; `tracking` has the files that it locks while a task uses one.

    It deletes file by file, and where it is killed meanwhile a half stays: so what it may delete is an empty folder,
    and the version is elsewhere. It locks a version only once it has read the DAG: whoever makes or finds a version
    here holds that lock from then on, for as long as this object lives.
    """

    def __init__(self, folder: Folder, airflows: Path, tracking: Path) -> None:
        self._folder = folder
        self._airflows = airflows
        self._tracking = tracking

    def place(self, version: str) -> Path:
        return self._folder.root / _PINNED / version

    def make(self, version: str, take: Callable[[str], Path]) -> bool:
        """See to it that a version is there; return whether it had to be made. Processes may do so at once.

        `take` returns the folder of the release, whose files are linked. Raises what it raises; then nothing is there.
        """
        place, made = self.place(version), False
        for _ in range(_TRIES):
            if place.is_dir():
                with contextlib.suppress(OSError):
                    os.utime(place)
                self.reserve(version)
                if place.is_dir():  # else it was deleted before we held it
                    return made
            source = take(version)
            with self._folder.lock():
                if not place.is_dir() and source.is_dir():  # else it was collected meanwhile
                    self._link(source, place)
                    made = True
        raise AbsentError(f"release {version[:12]} goes as soon as it is there")

    def reserve(self, version: str) -> None:
        """Hold a version, with an empty folder for Airflow to delete: it fails for good where it finds none.

        Where that cannot be had (a full disk, a folder of another user) a task runs all the same, as Airflow's own do.
        """
        empty = self._airflows / version
        with contextlib.suppress(OSError):
            empty.mkdir(
                parents=True, exist_ok=True
            )  # first: there is to be no file that Airflow locks without it
            held = self._lock(version, fcntl.LOCK_SH)
            weakref.finalize(self, held.close)
            empty.mkdir(exist_ok=True)  # it may have been deleted until we had the lock
            held.truncate(0)
            held.write(datetime.now(UTC).isoformat())  # as Airflow writes it, which goes by it
            held.flush()

    def collect(self, unused_for: float) -> list[str]:
        """Remove versions that nobody used for so many seconds, and that no task has locked."""
        limit = time.time() - unused_for
        parents = (self._folder.root / _PINNED, self._airflows, self._tracking)
        there = {path.name for parent in parents if parent.is_dir() for path in parent.iterdir()}
        return [
            version
            for version in sorted(there)
            if max(_modified(parent / version) for parent in parents) < limit and self._remove(version, limit)
        ]

    def _link(self, source: Path, place: Path) -> None:
        staged = self._folder.staging()
        try:
            shutil.copytree(source, staged, copy_function=_link, ignore=_NOT_OURS, dirs_exist_ok=True)
            os.utime(staged)  # copytree gave it the time of its source
            place.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(place)
        finally:
            shutil.rmtree(staged.parent, ignore_errors=True)

    def _lock(self, version: str, how: int) -> IO[str]:
        """Return the file that Airflow, too, locks for a version. Raises OSError."""
        tracked = self._tracking / version
        tracked.parent.mkdir(parents=True, exist_ok=True)
        while True:
            file = tracked.open("a")
            try:
                fcntl.flock(file, how)
                if _has_name(file, tracked):
                    return file
            except BaseException:
                file.close()
                raise
            file.close()  # who had the lock deleted the file

    def _remove(self, version: str, limit: float) -> bool:
        try:
            file = self._lock(version, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        place, airflows = self.place(version), self._airflows / version
        with file, self._folder.lock():
            if place.is_dir():
                if _modified(place) >= limit:  # it was used before we had the lock
                    return False
                aside = self._folder.staging() / version
                place.rename(aside)
                shutil.rmtree(aside.parent, ignore_errors=True)
            (self._tracking / version).unlink(missing_ok=True)
            shutil.rmtree(airflows, ignore_errors=True)
        return True


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _has_name(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
