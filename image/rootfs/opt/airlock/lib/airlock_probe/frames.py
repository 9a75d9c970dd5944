"""Frames that threads write when they are asked (faulthandler), and where in them the user's own code is."""

from __future__ import annotations

import os
import re

from airlock_spec.check.facts import Place

_FRAME = re.compile(r'^\s*File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
_LIMIT = 1 << 20


class Frames:
    """A file in memory that threads append to, and that is read by position."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("airlock-frames", 0)  # inherited by the parser

    def end(self) -> int:
        size = os.fstat(self.descriptor).st_size
        if size > _LIMIT:
            os.ftruncate(self.descriptor, 0)
            os.lseek(self.descriptor, 0, os.SEEK_SET)
            return 0
        return size

    def since(self, offset: int) -> str:
        return os.pread(self.descriptor, 64 * 1024, offset).decode(errors="replace")

    def close(self) -> None:
        os.close(self.descriptor)


def parse(text: str) -> list[tuple[str, int, str]]:
    """Return (file, line, function) of each frame, the innermost first."""
    return [(path, int(line), name) for path, line, name in _FRAME.findall(text)]


def users(frames: list[tuple[str, int, str]], bundle: str) -> Place | None:
    """Return the innermost place that is in the bundle."""
    prefix = bundle.rstrip("/") + "/"
    for path, line, _ in frames:
        if path.startswith(prefix):
            return Place(path.removeprefix(prefix), line)
    return None
