"""Talk for people, on stderr; stdout carries results alone. Rich is imported only when it draws."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airlock_spec import wording
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

counted = wording.counted
shortened = wording.shortened
NAMES_FIT = 130  # columns; on a narrower terminal names would squeeze the figures into two lines


class Progress(Protocol):
    """Counts work done: `advance` from any thread, with the name of what was just done."""

    def advance(self, amount: int, what: str = "") -> None: ...


@dataclass(frozen=True)
class Column:
    """A table's column; numbers are set flush right."""

    title: str
    right: bool = False


@dataclass(frozen=True)
class Terminal:
    """Where people read; `quiet` leaves out all but errors."""

    quiet: bool = False

    def say(self, text: str = "") -> None:
        """Print lines, which cannot command a terminal, whoever wrote what they repeat."""
        if not self.quiet:
            sys.stderr.write(printable(text, keep="\n\t") + "\n")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print aligned columns."""
        if self.quiet:
            return
        right = {index for index, column in enumerate(columns) if column.right}
        for line in aligned([[column.title for column in columns], *rows], right):
            self.say(line)

    @contextlib.contextmanager
    def progress(self, title: str, total: int, *, unit_bytes: bool = False) -> Iterator[Progress]:
        """Show a bar (with bytes and rate for `unit_bytes`) on a terminal; elsewhere one line at start and end."""
        if self.quiet or not sys.stderr.isatty():
            self.say(f"{title} …")
            yield _Silent()
            return
        from rich import progress  # noqa: PLC0415 - costs 0.1 s, and most commands draw no bar
        from rich.console import Console  # noqa: PLC0415

        counts: list[progress.ProgressColumn] = [progress.MofNCompleteColumn()]
        if unit_bytes:
            counts = [progress.DownloadColumn(), progress.TransferSpeedColumn()]
        console = Console(stderr=True)
        names = [progress.TextColumn("{task.fields[what]}")] if console.width >= NAMES_FIT else []
        bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            *counts,
            progress.TimeRemainingColumn(),
            *names,
            console=console,
            transient=True,
        )
        with bar:
            yield _Bar(bar, bar.add_task(title, total=total, what=""))


class _Silent:
    def advance(self, amount: int, what: str = "") -> None:
        pass


class _Bar:
    def __init__(self, bar: object, task: object) -> None:
        self._bar, self._task = bar, task

    def advance(self, amount: int, what: str = "") -> None:
        self._bar.update(self._task, advance=amount, what=what[:40])  # type: ignore[attr-defined]


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return rows of cells as lines of a table that cannot command a terminal; columns of `right` are flush right."""
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in clean
    ]


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
