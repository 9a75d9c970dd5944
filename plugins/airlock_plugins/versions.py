"""The versions that DagRuns are pinned to, each in a real folder, where Airflow looks for them to delete them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from typing import TYPE_CHECKING

from airlock_spec.releases.failures import AbsentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airlock_spec.releases.folder import Folder

_TRIES = 3
_NOT_OURS = shutil.ignore_patterns("__pycache__")


class Versions:
    """`top` holds a folder a version; `tracking` the files that Airflow locks while a task uses one."""

    def __init__(self, folder: Folder, top: Path, tracking: Path) -> None:
        self._folder = folder
        self._top = top
        self._tracking = tracking

    def place(self, version: str) -> Path:
        return self._top / version

    def make(self, version: str, take: Callable[[str], Path]) -> bool:
        """See to it that a version is there; return whether it had to be made. Processes may do so at once.

        `take` returns the folder of the release, whose files are linked. Raises what it raises; then nothing is there.
        """
        place = self.place(version)
        if self._use(place):
            return False
        for _ in range(_TRIES):
            source = take(version)
            with self._folder.lock():
                if self._use(place):
                    return False
                if source.is_dir():  # else it was collected meanwhile
                    self._link(source, place)
                    return True
        raise AbsentError(f"release {version[:12]} goes as soon as it is there")

    def reserve(self, version: str) -> None:
        """Make an empty folder for a version that is elsewhere: Airflow fails where it finds none to delete."""
        if not self._use(self.place(version)):
            self.place(version).mkdir(parents=True, exist_ok=True)

    def collect(self, unused_for: float) -> list[str]:
        """Remove versions that nobody used for so many seconds, and that no task has locked."""
        limit = time.time() - unused_for
        removed = []
        for place in self._there():
            tracked = self._tracking / place.name
            if max(_modified(place), _modified(tracked)) < limit and self._remove(place, tracked):
                removed.append(place.name)
        return sorted(removed)

    def _link(self, source: Path, place: Path) -> None:
        staged = self._folder.staging()
        try:
            shutil.copytree(source, staged, copy_function=_link, ignore=_NOT_OURS, dirs_exist_ok=True)
            os.utime(staged)  # copytree gave it the time of its source
            place.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(place)
        finally:
            shutil.rmtree(staged.parent, ignore_errors=True)

    def _use(self, place: Path) -> bool:
        if not place.is_dir():
            return False
        with contextlib.suppress(OSError):
            os.utime(place)
        return True

    def _there(self) -> Iterator[Path]:
        with contextlib.suppress(FileNotFoundError):
            yield from [path for path in self._top.iterdir() if path.is_dir()]

    def _remove(self, place: Path, tracked: Path) -> bool:
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(tracked.open())
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except FileNotFoundError:
                pass  # Airflow does not know it: no task ever ran on it here
            except BlockingIOError:
                return False
            with self._folder.lock():
                aside = self._folder.staging() / place.name
                place.rename(aside)
                shutil.rmtree(aside.parent, ignore_errors=True)
            tracked.unlink(missing_ok=True)
        return True


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
