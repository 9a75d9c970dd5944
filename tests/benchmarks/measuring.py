"""How long a command takes, and how much memory it and its children hold."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_INTERVAL = 0.05  # seconds between two looks at memory


@dataclass(frozen=True)
class Run:
    """A command that has run: wall seconds, and what it printed."""

    seconds: float
    stdout: str
    stderr: str


def timed(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path) -> Run:
    """Run a command and time it. Raises CommandError where it fails."""
    start = time.perf_counter()
    done = process.run(command, env=env, cwd=cwd)
    return Run(time.perf_counter() - start, done.stdout.decode(), done.stderr.decode())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_memory(command: Sequence[str | Path], env: Mapping[str, str]) -> int:
    """Run a command; return the most bytes that it and its children held at a time, as sampled.

    Raises CommandError where it fails.
    """
    running = process.start(command, env=env)
    peak = 0
    finished = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not finished.wait(_INTERVAL):
            peak = max(peak, sum(_resident(one) for one in _tree(running.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, said = running.communicate()
    finished.set()
    watcher.join()
    if running.returncode:
        raise CommandError(f"{command[0]} failed", cause=said.decode(errors="replace"))
    return peak


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # it has ended since
                found += [int(child) for child in path.read_text().split()]
    return found


def _resident(pid: int) -> int:
    """Return the bytes that a process holds, a page that several share divided among them (PSS)."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended since
        return 0
    found = re.search(r"^Pss: +(\d+) kB$", rollup, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
