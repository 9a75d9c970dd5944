"""Reports of `airlock-verify`, from logs, files and pipes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.errors import ProbeError
from airlock_spec.reach import carried, observed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock_spec.reach.observed import Observed

STDIN = "-"


def read(source: str) -> Observed:
    """Read the report in a file, or on stdin for `-`: JSON, or a log that carries it. Raises ProbeError."""
    where = "stdin" if source == STDIN else source
    try:
        text = sys.stdin.read() if source == STDIN else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ProbeError(
            f"{where} cannot be read", cause=said or "", remedy="airlock-verify --json >FILE, in a task"
        ) from error
    # What a shell of ECS Exec says comes before and after.
    document = carried_by(text.splitlines()) or text[text.find("{") : text.rfind("}") + 1]
    return parsed(document, where)


def carried_by(lines: Iterable[str]) -> str:
    """Return the report that marked lines carry, "" where it is not there as a whole."""
    return carried.document(lines)


def parsed(document: str, where: str) -> Observed:
    """Return what a report says. Raises ProbeError."""
    try:
        return observed.parse(document)
    except ValueError as error:
        raise ProbeError(
            f"{where} holds no report of what a task sees",
            cause=str(error),
            remedy="airlock-verify --json >FILE, in a task; its image and this airlock should be of one version",
        ) from error
