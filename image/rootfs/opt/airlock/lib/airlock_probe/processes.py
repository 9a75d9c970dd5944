"""Processes of a parse: how they end, what they take, and what they tried to reach."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_probe import frames, leftovers
from airlock_probe.watch import PROCESSES
from airlock_spec.check.facts import Attempt, File, Kind, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock_probe.watch import Seen, Watch

_PAGE = resource.getpagesize()
_MOST = 100  # attempts that are told of one file
_parsers: set[int] = set()


def own() -> set[int]:
    """Return the parsers, which are not to be reaped as orphans."""
    return _parsers


def attempts(seen: Sequence[Seen], path: str, bundle: str) -> tuple[Attempt, ...]:
    """Tell each way out once for each line that took it."""
    found: dict[Attempt, None] = {}
    for one in seen:
        told = frames.parse(one.frames)
        place = frames.users(told, bundle) or Place(path)
        caller = "{}:{} {}".format(*told[0]) if told and not told[0][0].startswith(bundle) else ""
        found.setdefault(Attempt(one.reach.way, one.reach.target, place, one.program, caller))
    return tuple(found)[:_MOST]


def with_attempts(facts: File, tried: tuple[Attempt, ...], watch: Watch | None) -> File:
    """Add what the supervisor saw of a file to what it saw itself."""
    if watch and watch.processes > PROCESSES and not any(one.kind is Kind.LEFTOVER for one in facts.problems):
        message = f"it started more than {PROCESSES} processes while it was imported"
        facts = replace(facts, problems=(*facts.problems, Problem(Kind.LEFTOVER, message, Place(facts.path))))
    return replace(facts, attempts=tried)


def ending(code: int) -> str:
    """Say how a process ended by its exit code, which is negative for a signal."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"the parsing process was ended by {signal.Signals(-code).name}"
        return f"the parsing process was ended by signal {-code}"
    return f"the parsing process ended itself with exit code {code}"


def tree(process: int) -> list[int]:
    """List a process and all that descend from it."""
    found, new = [process], [process]
    while new:
        new = [child for parent in new for child in leftovers.children(parent)]
        found += new
    return found


def memory(process: int) -> int:
    """Return the bytes that a process and its descendants hold in memory."""
    total = 0
    for one in tree(process):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    return total


def end(process: int) -> None:
    """End a process and its descendants at once; 0 is none."""
    for one in tree(process) if process else ():
        with contextlib.suppress(OSError):
            os.kill(one, signal.SIGKILL)
