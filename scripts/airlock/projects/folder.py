"""A stranger's folder: what is read of it is a file inside it, of a plain kind, not huge, and text."""

from __future__ import annotations

import codecs
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock.errors import InitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_BYTES = 4_000_000  # of one file; lists that people write are a thousandth of it
# UTF-32 first: its mark begins with UTF-16's
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class UnreadableError(Exception):
    """A file of a stranger's project cannot be read; the text says why, for people."""


@dataclass(frozen=True)
class Line:
    """Where something is written: `source` is relative to the project, `number` from 1; 0 means the whole of it."""

    source: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.number}" if self.number else self.source


@dataclass(frozen=True)
class Folder:
    """The project's folder; `root` is absolute and without symlinks."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> Folder:
        """Return the folder at a path, whether it is there or not. Raises InitError for a loop of symlinks."""
        try:
            return cls(path.resolve())
        except (OSError, RuntimeError) as error:
            raise InitError(
                f"{path} is no folder", cause=_reason(error), remedy="name another one: airlock init FOLDER"
            ) from error

    def has(self, name: str) -> bool:
        """Whether something has this name, even if it can be read as little as a loop of symlinks."""
        return os.path.lexists(self.root / name)

    def name_of(self, path: str, beside: str = "") -> str:
        """Return a path as it is written in the file `beside`, relative to the project.

        Raises UnreadableError where it leads outside, or is no file.
        """
        place = self.root / Path(beside).parent / path
        try:
            if not place.resolve().is_relative_to(self.root):
                raise UnreadableError("it lies outside the project's folder")
            found = place.resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of symlinks, before 3.13
            raise UnreadableError(_reason(error)) from error
        return found.relative_to(self.root).as_posix()

    def lines(self, name: str) -> list[Line]:
        """Return the lines of a file, whichever way they end; raises UnreadableError."""
        text = self.text(name)
        return [Line(name, number, line) for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1)]

    def text(self, name: str) -> str:
        """Return a file's text: UTF-8, or what its byte order mark says. Raises UnreadableError."""
        path = self.root / self.name_of(name)
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableError("it is not a file")
            if found.st_size > MOST_BYTES:
                raise UnreadableError(f"it has {found.st_size / 1e6:.1f} MB, which no list of names has")
            content = path.read_bytes()
        except OSError as error:
            raise UnreadableError(_reason(error)) from error
        encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableError(f"it is not {encoding.upper()} text: save it as UTF-8") from error
        if "\0" in text:
            raise UnreadableError("it is no text, or UTF-16 without a byte order mark: save it as UTF-8")
        return text


def logical_lines(lines: Iterable[Line]) -> Iterator[Line]:
    """Join what a backslash continues, under the number of its first line; a comment continues nowhere."""
    parts: list[str] = []
    first = Line("", 0, "")
    for line in lines:
        first = first if parts else line
        comment = line.text.lstrip().startswith("#")
        if line.text.endswith("\\") and not comment:
            parts.append(line.text.removesuffix("\\"))
            continue
        yield Line(first.source, first.number, "".join([*parts, " " * comment + line.text]))
        parts = []
    if parts:
        yield Line(first.source, first.number, "".join(parts))


def _reason(error: Exception) -> str:
    if isinstance(error, RuntimeError):
        return "Too many levels of symbolic links"
    return getattr(error, "strerror", None) or str(error)
