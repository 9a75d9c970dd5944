"""Ending what `airlock up` began; nothing of it stays, whoever was killed before."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from airlock.errors import UpError
from airlock.up import containers, keeper
from airlock.up.folder import held

if TYPE_CHECKING:
    from airlock.up.folder import Process, UpFolder

SECONDS = 15.0  # for the keeper to end
_PAUSE = 0.05


def end(folder: UpFolder) -> bool:
    """End the keeper and every sandbox, and remove the folder; return whether there was anything.

    Raises UpError where something does not end.
    """
    if not folder.path.exists():
        return False
    deadline = time.monotonic() + SECONDS
    told: set[tuple[Process, int]] = set()
    while True:
        with held(folder) as lock:
            if lock is not None:
                _end_orphans(folder)
                if (kept := folder.kept) and kept.compose_project:
                    containers.down(kept)
                folder.remove()
                return True
        holder = _holder(folder)
        number = signal.SIGTERM if time.monotonic() < deadline - SECONDS / 2 else signal.SIGKILL
        if holder is None:
            _end_orphans(folder)  # Docker Compose holds the lock of a killed `airlock up`
        elif holder.pid != os.getpid() and (holder, number) not in told:
            told.add((holder, number))  # once: a second one might come when it no longer listens
            _signal(holder, number)
        if time.monotonic() > deadline:
            raise UpError(
                "what is up does not end",
                cause=f"process {holder.pid if holder else 'unknown'} holds {folder.lock}",
                remedy=f"end it, then: airlock down (who holds it: fuser {folder.lock})",
            )
        time.sleep(_PAUSE)


def _holder(folder: UpFolder) -> Process | None:
    """Return who keeps what is up, if that is alive."""
    kept = folder.kept
    return kept.keeper if kept and kept.keeper and kept.keeper.lives else None


def _end_orphans(folder: UpFolder) -> None:
    """End what outlived a killed keeper: sandboxes, which nothing binds to it without setpriv(1); Docker Compose."""
    for one in folder.running.values():
        keeper.kill(one.pid)
    keeper.kill_writers(folder.path)


def _signal(one: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(one.pid, number)
