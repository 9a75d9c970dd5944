"""What a Celery worker notes of itself in a small file, and what a health check reads there.

airlock_celery writes it from the worker's main loop; this is the form that both agree on.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airlock_runtime import memory
from airlock_runtime.verdict import Sign

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

LOADER = "airlock_celery"  # the package beside this one
_LIBRARY = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - pathlib costs milliseconds here
INTERVAL = 5.0  # seconds between two beats
HEARTBEAT = "beat of its main loop"
# before the first connection; connected; after a lost one; asked to finish its tasks and stop
CONNECTING, READY, LOST, DRAINING = "connecting", "ready", "lost", "draining"


def name(pid: int) -> str:
    """Return the name of a worker's file."""
    return f"airlock-worker-{pid}"


def let_note(environ: MutableMapping[str, str]) -> None:
    """Let the Celery worker that is to be started note how it is; a loader that was chosen stays."""
    if not environ.get("CELERY_LOADER"):
        environ["CELERY_LOADER"] = f"{LOADER}:Loader"
        environ["PYTHONPATH"] = ":".join([*_path(environ), _LIBRARY])


def forget_loader(environ: MutableMapping[str, str]) -> None:
    """Undo that, for what tasks start: it may have another Python, where the loader is not."""
    environ.pop("CELERY_LOADER", None)
    environ["PYTHONPATH"] = ":".join(folder for folder in _path(environ) if folder != _LIBRARY)
    if not environ["PYTHONPATH"]:
        del environ["PYTHONPATH"]


def _path(environ: Mapping[str, str]) -> list[str]:
    return [folder for folder in environ.get("PYTHONPATH", "").split(":") if folder]


def note(pid: int, started: float, state: str, since: float, beat: float) -> bool:
    """Write what a worker is doing; `started` is its process's start since the machine's."""
    facts = {"started": f"{started:.2f}", "state": state, "since": f"{since:.3f}", "beat": f"{beat:.3f}"}
    return memory.save(name(pid), facts)


def sign(pid: int, started: float, environ: Mapping[str, str] | None) -> Sign:
    """Return what a worker noted; nothing that another process of this number noted.

    `environ` is what it was started with, where that can be read.
    """
    facts = memory.load(name(pid))
    since, beat = memory.number(facts, "since"), memory.number(facts, "beat")
    if memory.number(facts, "started") != round(started, 2):
        if environ is not None and LOADER not in environ.get("CELERY_LOADER", ""):
            return Sign("unproven", HEARTBEAT, reason=f"it notes none: its CELERY_LOADER is not of {LOADER}")
        return Sign("none", HEARTBEAT)
    state = facts.get("state")
    if state == CONNECTING:
        return Sign("none", HEARTBEAT, reason="it has not reached its broker")
    if state == LOST:
        return Sign("outage", "connection to its broker", since, "is lost")
    if state == DRAINING:
        return Sign("draining", HEARTBEAT, since)
    return Sign("beat", HEARTBEAT, beat)
