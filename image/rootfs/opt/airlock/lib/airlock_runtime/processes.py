"""The processes of this container, as /proc shows them (proc(5))."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

PROC = "/proc"
_TICK = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One process."""

    pid: int
    parent: int
    state: str  # R runs, S sleeps, D waits for a device, T is stopped, t traced, Z has ended
    started: float  # seconds since the machine's start
    words: tuple[str, ...]  # its command line, or its title

    @property
    def stopped(self) -> bool:
        return self.state in {"T", "t"}

    @property
    def ended(self) -> bool:
        return self.state in {"Z", "X"}


def since_boot() -> float:
    """Return the seconds since the machine's start, in which /proc gives the start of a process."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def read(pid: int, proc: str = PROC) -> Process | None:
    """Return a process, or None where there is none."""
    try:
        with open(f"{proc}/{pid}/stat", "rb") as file:  # noqa: PTH123 - pathlib costs milliseconds here
            fields = file.read().rpartition(b")")[2].split()
        with open(f"{proc}/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            command = file.read()
    except OSError:  # it ended while we looked
        return None
    words = command.replace(b"\0", b" ").decode(errors="replace").split()
    return Process(pid, int(fields[1]), fields[0].decode(), int(fields[19]) / _TICK, tuple(words))


def every(proc: str = PROC) -> list[Process]:
    """Return all processes, the oldest first."""
    found = [read(int(name), proc) for name in os.listdir(proc) if name.isdigit()]  # noqa: PTH208
    return sorted((one for one in found if one), key=lambda one: (one.started, one.pid))


def main_thread_seconds(pid: int, proc: str = PROC) -> float:
    """Return the processor time that the first thread of a process used or waited for; 0.0 where it has ended.

    The loops of Airflow's components run in it. Other threads, as of a metrics exporter, go on while it is
    dead-locked. Where many share a processor, one that works may get hardly any of it, and waits.
    """
    try:
        with open(f"{proc}/{pid}/task/{pid}/schedstat", "rb") as file:  # noqa: PTH123
            used, waited, _ = file.read().split()
    except (OSError, ValueError):  # not every kernel has it
        return _seconds(f"{proc}/{pid}/task/{pid}/stat")
    return (int(used) + int(waited)) / 1e9


def family_seconds(root: int, among: Iterable[Process], proc: str = PROC) -> float:
    """Return the processor time that a process and all below it have used."""
    family = {root}
    for one in among:  # the oldest first: a parent comes before its children
        if one.parent in family:
            family.add(one.pid)
    return sum(_seconds(f"{proc}/{pid}/stat") for pid in family)


def environment(pid: int, proc: str = PROC) -> dict[str, str] | None:
    """Return the variables that a process was started with.

    None where they cannot be read, or the process wrote its title over them (setproctitle does).
    """
    try:
        with open(f"{proc}/{pid}/environ", "rb") as file:  # noqa: PTH123
            pairs = [os.fsdecode(pair).partition("=") for pair in file.read().split(b"\0")]
    except OSError:
        return None
    found = {name: value for name, sign, value in pairs if sign}
    return found if "PATH" in found else None


def _seconds(path: str) -> float:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK
