"""The story of `airlock up` and `airlock down`, in either of the two ways."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airlock.errors import UpError
from airlock.up import containers, ending
from airlock.up.containers import Containers
from airlock.up.embedded import Embedded
from airlock.up.folder import Kept, Process, UpFolder, held
from airlock.up.result import Up, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.cli import Session

__all__ = ["Wanted", "down", "start", "stay"]
_PAUSE = 0.2


def folder_of(session: Session) -> UpFolder:
    return UpFolder(session.project.absolute() / "build" / "up")


def start(session: Session, wanted: Wanted) -> Up:
    """Bring Airflow up, and wait until it is healthy; what was begun is ended where that fails.

    Raises UpError, and what composing the images raises.
    """
    session.config  # noqa: B018 - a project that is none leaves no folder behind
    folder = folder_of(session)
    attempt = (Containers if wanted.docker else Embedded)(session, folder, wanted)
    ours = False
    try:
        with held(folder) as descriptor:
            lock = _require_alone(folder, descriptor)
            ours = True
            folder.clear()
            folder.keep(Kept(Process.this(), wanted.url))  # `airlock down` knows whom to end, from now on
            with _followed(folder, on=wanted.foreground and not wanted.docker):
                attempt.begin(lock)
        with _followed(folder, on=wanted.foreground and not wanted.docker):
            seconds = attempt.wait()
    except BaseException:
        if ours:
            ending.end(folder)
        raise
    return Up(wanted, folder, seconds)


def stay(up: Up) -> None:
    """Show what Airflow says until Ctrl-C or its end, then take it down."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        kept = up.folder.kept
        if kept and kept.compose_project:
            containers.logs(kept)
        else:
            with _followed(up.folder, on=True):
                while up.folder.ended is None and up.folder.path.exists():
                    time.sleep(_PAUSE)
    except KeyboardInterrupt:
        pass
    finally:
        ended = up.folder.ended
        ending.end(up.folder)
    if ended:
        raise UpError(f"{ended[0]} ended with exit code {ended[1]}", remedy="airlock up")


def down(session: Session) -> bool:
    """End what is up; return whether there was anything. Raises UpError where something does not end."""
    session.config  # noqa: B018 - a project that is none has nothing up
    ended = ending.end(folder_of(session))
    # afterwards: sandboxes end, too, where the engine is away
    lost = containers.forgotten(session.project.absolute())
    if lost:
        containers.down(lost)
    return ended or lost is not None


@contextmanager
def _followed(folder: UpFolder, *, on: bool) -> Iterator[None]:
    """Show, while the block runs, what Airflow's log comes to hold."""
    done = threading.Event()
    follower = threading.Thread(target=_follow, args=(folder, done), daemon=True)
    if on:
        follower.start()
    try:
        yield
    finally:
        done.set()
        if on:
            follower.join()


def _follow(folder: UpFolder, done: threading.Event) -> None:
    while not folder.log("airflow").exists():
        if done.wait(_PAUSE):
            return
    with folder.log("airflow").open("rb") as log:
        while True:
            while piece := log.read(1 << 16):
                sys.stderr.buffer.write(piece)
                sys.stderr.flush()
            if done.wait(_PAUSE):
                return


def _require_alone(folder: UpFolder, lock: int | None) -> int:
    """Return the lock. Raises UpError where somebody else has it, or what is up has no keeper: containers."""
    kept = folder.kept
    if lock is not None and not (kept and kept.compose_project):
        return lock
    where = f" at {kept.url}" if kept and kept.url else ""
    by = (
        f"containers of {kept.compose_project}"
        if kept and kept.compose_project
        else f"process {kept.keeper.pid if kept and kept.keeper else '?'}"
    )
    raise UpError(
        f"Airflow is up{where}, or about to be",
        cause=f"{by}; its folder is {folder.path}",
        remedy="airlock down",
    )
