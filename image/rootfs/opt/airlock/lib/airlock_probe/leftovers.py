"""Threads and processes that a file started and that go on after it was parsed."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_probe import kernel
from airlock_spec.check.facts import Kind, Problem

if TYPE_CHECKING:
    from airlock_probe.observing import Observer

_GRACE = 0.2  # seconds that threads have to end by themselves
_HELPERS = ("from multiprocessing.resource_tracker import", "from multiprocessing.forkserver import")


def adopt() -> None:
    """Make orphans of this process its children, so that none is lost."""
    kernel.prctl(kernel.CHILD_SUBREAPER, 1)


def find(observer: Observer) -> tuple[tuple[Problem, ...], bool]:
    """Describe what is left, and end the processes of it. Threads end with this process.

    Also tell whether processes were ended that Python starts for itself: its modules do not know.
    """
    found = []
    started = observer.threads()
    for thread in started:
        thread.join(_GRACE / len(started))
        if thread.is_alive():
            message = f"thread {thread.name} goes on after the file was imported"
            found.append(Problem(Kind.LEFTOVER, message, observer.place_of(thread)))
    ended = _end_children()
    names = [" ".join(words[:3]) for words in ended if not words[-1].startswith(_HELPERS)]
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 - what fits on a line
        message = f"{len(names)} process(es) go on after the file was imported: {', '.join(names[:3])}{more}"
        found.append(Problem(Kind.LEFTOVER, message, observer.last_spawn()))
    return tuple(found), len(names) < len(ended)


def _end_children() -> list[list[str]]:
    """Reap children that have ended, end the others, and return the words of these's commands."""
    ended: list[list[str]] = []
    while True:
        try:
            reaped, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if reaped:
            continue
        for process in children(os.getpid()):
            ended.append(_words(process))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)


def children(parent: int) -> list[int]:
    """List the processes whose parent is `parent`."""
    return families().get(parent, [])


def families() -> dict[int, list[int]]:
    """Return the children of each process that there is."""
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - this is asked often, of hundreds of processes
        if name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                about = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
                found.setdefault(int(about[1]), []).append(int(name))
    return found


def _words(process: int) -> list[str]:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()[:200].rstrip(b"\0").split(b"\0")
    except OSError:
        words = []
    return [os.fsdecode(word) for word in words if word] or [f"process {process}"]
