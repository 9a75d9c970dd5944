"""Which paths a release may hold: those that mean one and the same file on every machine."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_PATH, MAX_PART = 1024, 255  # bytes of UTF-8; the latter is Linux's NAME_MAX
# What Windows opens as a device, whatever follows the first dot
# (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def problem(path: str) -> str:
    """Say what is wrong with a path of a release; "" where nothing is."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "it is no UTF-8"
    if not 0 < size <= MAX_PATH:
        return f"it has {size} bytes, not 1 to {MAX_PATH}"
    if _CONTROL.search(path):
        return "it holds a control character"
    if "\\" in path:
        return "it holds a backslash"
    return next((fault for part in path.split("/") if (fault := _of_part(part))), "")


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

    Folders, which end with a slash, are among them. No path may be given twice.
    """
    known: dict[str, str] = {}
    for path in paths:
        for entry in (*_folders(path), path):
            there = known.setdefault(fold(entry.rstrip("/")), entry)
            if there != entry:
                yield there, entry


def fold(path: str) -> str:
    """Return what is equal for paths that a file system without case cannot tell apart."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _folders(path: str) -> list[str]:
    """Return the folders that a path is in, from the top down."""
    ends = [number for number, letter in enumerate(path) if letter == "/"]
    return [path[: end + 1] for end in ends]
