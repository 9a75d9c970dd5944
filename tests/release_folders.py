"""What is in a folder, as tests of releases compare it."""

from __future__ import annotations

import os
from pathlib import Path


def found(top: Path) -> dict[str, tuple[bytes, int]]:
    """Return the contents and the modes of all files below, by their paths."""
    there = {}
    for parent, _, names in os.walk(top):
        for name in names:
            path = Path(parent, name)
            there[path.relative_to(top).as_posix()] = path.read_bytes(), path.lstat().st_mode & 0o7777
    return there


def contents(top: Path) -> dict[str, bytes]:
    return {path: data for path, (data, _) in found(top).items()}
