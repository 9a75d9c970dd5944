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
    from airlock.up.folder import UpFolder

SECONDS = 15.0  # for the keeper to end
_PAUSE = 0.05


def end(folder: UpFolder) -> bool:
    """End the keeper and every sandbox, and remove the folder; return whether there was anything.

    Raises UpError where something does not end.
    """
    if not folder.path.exists():
        return False
    deadline = time.monotonic() + SECONDS
    while True:
        with held(folder) as lock:
            if lock is not None:
                _end_orphans(folder)
                if (kept := folder.kept) and kept.compose_project:
                    containers.down(kept)
                folder.remove()
                return True
        _signal(folder, signal.SIGTERM if time.monotonic() < deadline - SECONDS / 2 else signal.SIGKILL)
        if time.monotonic() > deadline:
            kept = folder.kept
            raise UpError(
                "what is up does not end",
                cause=f"process {kept.pid if kept else 'unknown'} holds {folder.lock}",
                remedy=f"end it, then: airlock down (who holds it: fuser {folder.lock})",
            )
        time.sleep(_PAUSE)


def _end_orphans(folder: UpFolder) -> None:
    """End sandboxes that outlived a killed keeper: where setpriv(1) is missing, nothing binds them to it."""
    for one in folder.running.values():
        keeper.kill(one.pid)


def _signal(folder: UpFolder, number: int) -> None:
    kept = folder.kept
    if kept and kept.pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(kept.pid, number)
