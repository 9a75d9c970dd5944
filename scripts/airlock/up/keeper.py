"""The process that stays: it starts the sandboxes, and ends them all when one ends, or it is told to, or is killed.

A sandbox ends with its parent, so whatever ends the keeper ends everything. Nothing in a sandbox is worth a
farewell: its file systems are in memory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.up.folder import Process, UpFolder

if TYPE_CHECKING:
    from airlock.process import Running

SECONDS_TO_DIE = 5.0
_PAUSE = 0.2


def keep(folder: UpFolder) -> int:
    """Run the services that `keeper.json` names until the first ends; return 0 where that was asked for."""
    kept = folder.kept
    assert kept is not None
    folder.keep(replace(kept, keeper=Process.this()))
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: asked.append(received))
    running: dict[str, Running] = {}
    try:
        for service in kept.services:
            log = folder.log(service.name)
            running[service.name] = process.start_kept(service.command, log=log, sockets=service.sockets)
            folder.note_running(
                {name: known for name, one in running.items() if (known := Process.of(one.pid))}
            )
        while not asked and folder.lock.exists():  # a folder that was removed asks, too
            for name, one in running.items():
                if (code := one.poll()) is not None:
                    folder.note_end(name, code)
                    return 1
            time.sleep(_PAUSE)
    finally:
        for one in running.values():
            kill(one.pid)
        for one in running.values():
            one.wait()
        kill_writers(folder.path)
    return 0


def kill(pid: int) -> None:
    """Kill a sandbox by its first process, with which all of its others go, and wait for that.

    Killing the program that made it instead would leave them dying a little longer.
    """
    known = Process.of(pid)
    for inner in _children(pid) or [pid]:
        _kill(inner)
    end = time.monotonic() + SECONDS_TO_DIE
    while known and known.lives and time.monotonic() < end:
        time.sleep(_PAUSE / 10)
    if known and known.lives:
        _kill(pid)


def kill_writers(folder: Path) -> None:
    """Kill whatever still says what it says into a file of this folder, but this process.

    A sandbox that is killed while it is being made may leave its inner half behind: it is not bound to its parent yet.
    """
    for place in Path("/proc").glob("[0-9]*/fd/1"):
        with contextlib.suppress(OSError):  # another user's, or gone
            pid = int(place.parts[2])
            if place.readlink().is_relative_to(folder.absolute()) and pid != os.getpid():
                _kill(pid)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []  # it is gone, or the kernel does not tell: then it is killed itself


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(keep(UpFolder(Path(sys.argv[1]))))
