"""A document carried by a log: in marked lines, which whoever reads finds among others, in whatever they are wrapped.

A log driver cuts lines of more than 16 kB, and other lines come between.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "airlock-verify"
WIDTH = 8000  # characters of a part, which are ASCII: JSON's
_LINE = re.compile(rf"{MARK} (\d+)/(\d+) ([0-9a-f]{{8}}) (.*)$")


def lines(document: str) -> list[str]:
    """Return a document of one line of ASCII as marked lines, each with its number and the document's checksum."""
    parts = [document[start : start + WIDTH] for start in range(0, len(document), WIDTH)]
    return [
        f"{MARK} {number}/{len(parts)} {_sum(document)} {part}" for number, part in enumerate(parts, start=1)
    ]


def document(lines: Iterable[str]) -> str:
    """Return the last document that is there as a whole, "" where none is."""
    parts: dict[tuple[str, str], dict[int, str]] = {}
    whole = ""
    for line in lines:
        found = _LINE.search(line)
        if found is None:
            continue
        number, count, checksum, part = found.groups()
        held = parts.setdefault((count, checksum), {})
        held[int(number)] = part
        text = "".join(held[one] for one in sorted(held))
        if len(held) == int(count) and _sum(text) == checksum:
            whole = text
    return whole


def _sum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
