"""Processes of a parse: how they end, what they take, and what they tried to reach."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_probe import frames, leftovers
from airlock_spec.check.facts import Attempt, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airlock_probe.watch import Seen

CLOSED = 74  # exit code of a batch that cannot say what it found
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
    return once(found)[:_MOST]


def once(tried: Iterable[Attempt]) -> tuple[Attempt, ...]:
    """Leave out what is said twice, and what is said without a line where another says it with one."""
    found = dict.fromkeys(tried)
    lines = {(one.way, one.target) for one in found if one.place.line}
    return tuple(one for one in found if one.place.line or (one.way, one.target) not in lines)


def ending(code: int) -> str:
    """Say how a process ended by its exit code, which is negative for a signal."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"the parsing process was ended by {signal.Signals(-code).name}"
        return f"the parsing process was ended by signal {-code}"
    if code == CLOSED:
        return "the file closed what the parsing process needs: descriptors that are not its own"
    return f"the parsing process ended itself with exit code {code}"


def tree(process: int) -> list[int]:
    """List a process and all that descend from it."""
    families = leftovers.families()
    found = [process]
    for one in found:  # which grows meanwhile
        found += families.get(one, [])
    return found


def memory(process: int) -> int:
    """Return the bytes that a process and its descendants hold in memory, what they share counted once."""
    total = 0
    for one in tree(process):
        with contextlib.suppress(OSError, IndexError):
            shares = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii", errors="replace")
            total += int(shares.partition("\nPss:")[2].split()[0]) * 1024
    return total


def end(process: int) -> None:
    """End a process and its descendants at once; 0 is none."""
    for one in tree(process) if process else ():
        with contextlib.suppress(OSError):
            os.kill(one, signal.SIGKILL)
