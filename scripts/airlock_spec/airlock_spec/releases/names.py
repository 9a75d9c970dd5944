"""Which paths a release may hold: those that mean one and the same file on every machine."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PATH, MAX_PART = 1024, 255  # bytes of UTF-8; the latter is Linux's NAME_MAX
MAX_DEPTH = 64  # names of one path
# What Windows opens as a device, whatever follows the first dot, and spaces before it
# (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\..*)?", re.IGNORECASE)
_NOWHERE = (
    (re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"), "it holds a control character"),
    (re.compile(r"\\"), "it holds a backslash"),
    (re.compile(":"), "it holds a colon, which Windows takes for a drive or a stream"),
)
# Most paths are of these: one look says that nothing is wrong.
_PART = r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|\Z))[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
_PLAIN = re.compile(
    f"(?=.{{1,{MAX_PART}}}\\Z){_PART}(?:/{_PART}){{0,{MAX_DEPTH - 1}}}", re.IGNORECASE | re.ASCII
)


def problem(path: str) -> str:
    """Say what is wrong with a path of a release; "" where nothing is."""
    if _PLAIN.fullmatch(path):
        return ""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "it is no UTF-8"
    if not 0 < size <= MAX_PATH:
        return f"it has {size} bytes, not 1 to {MAX_PATH}"
    faults = (fault for pattern, fault in _NOWHERE if pattern.search(path))
    if fault := next(faults, ""):
        return fault
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        return f"it is {len(parts)} names deep, more than {MAX_DEPTH}"
    return next((fault for part in parts if (fault := _of_part(part))), "")


def _of_part(part: str) -> str:
    if part in ("", ".", ".."):
        return "it does not lead straight down from the top"
    if len(part.encode()) > MAX_PART:
        return f"one of its names has more than {MAX_PART} bytes"
    if part[-1] in " .":
        return "one of its names ends with a space or a dot"
    return "one of its names is a device's on Windows" if _DEVICE.fullmatch(part) else ""


def collisions(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs that are one where case and Unicode's normal forms do not count, or are both file and folder.

    Folders, which end with a slash, are among them. No path may be given twice, and none have a problem.
    """
    known: dict[str, str] = {}
    before = ""
    for path in paths:
        folder = path[: path.rfind("/") + 1]
        # The files of one folder follow each other: its own names are looked at once.
        entries = (path,) if folder == before else (*_folders(path), path)
        before = folder
        for entry in entries:
            there = known.setdefault(fold(entry.rstrip("/")), entry)
            if there != entry:
                yield there, entry


def fold(path: str) -> str:
    """Return what is equal for paths that a file system without case cannot tell apart (Unicode 3.13, D145)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _folders(path: str) -> list[str]:
    """Return the folders that a path is in, from the top down."""
    ends = [number for number, letter in enumerate(path) if letter == "/"]
    return [path[: end + 1] for end in ends]
