"""Comments in Terraform that ignore findings: `# airlock: ignore[AL7xx] reason`, as in Python.

One that follows code, or is inside a block, is about that block at the top of the file; one that stands alone above
a block, with nothing between them but other comments, is about it too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.verify.terraform import blocks
from airlock_spec.check import ignores
from airlock_spec.check.ignores import Ignore, Misuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.verify.terraform.modules import Modules

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Ignored:
    """A comment of a file, whose path is as in places: relative to the project."""

    path: str
    comment: Ignore | Misuse


def read(modules: Modules) -> list[Ignored]:
    """Return what the comments of all files of a configuration ask for, each file once."""
    paths = sorted({path.resolve() for module in modules.modules for path in blocks.files(module.folder)})
    return [Ignored(modules.shown(path), one) for path in paths for one in of_file(path)]


def of_file(path: Path) -> Iterator[Ignore | Misuse]:
    """Read the comments of one file, which ignore what is found on the lines of a block."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if ignores.MARK not in text:
        return
    found = [block.lines for block in blocks.of_file(path)]
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if comment := _comment(line):
            of = _lines(number, lines, found)
            for one in ignores.read(_as_python(comment, number)):
                yield one if isinstance(one, Misuse) else Ignore(number, of, one.codes, one.reason)


def _comment(line: str) -> str:
    """Return the comment of a line, if it is for us; what is in quotes is none."""
    bare = _STRING.sub(lambda found: "_" * len(found[0]), line)
    starts = [at for mark in ("#", "//", "/*") if (at := bare.find(mark)) >= 0]
    comment = line[min(starts) :] if starts else ""
    return "#" + comment.lstrip("#/* ").removesuffix("*/").rstrip() if ignores.MARK in comment else ""


def _as_python(comment: str, number: int) -> str:
    """Put a comment on a line of Python of the same number, whose grammar of ignores is the same."""
    return "\n" * (number - 1) + f"_ = 0  # {comment.lstrip('# ')}\n"


def _lines(number: int, lines: list[str], found: list[range]) -> range:
    """Return the lines of the block that a comment is in or above; none where it is neither."""
    for block in found:
        if number in block:
            return block
    below = number
    while below < len(lines) and lines[below].lstrip().startswith(("#", "//")):
        below += 1
    return next((block for block in found if block.start == below + 1), range(0))
