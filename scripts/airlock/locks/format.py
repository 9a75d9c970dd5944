"""What every lock file has in common: a header of `# key: value` lines, and a body that pip or apt could read.

The first header line carries the sha256 of all that follows it, so that a lock edited by hand is noticed
when it is read, before anything is built from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import LockError

if TYPE_CHECKING:
    from pathlib import Path

FIRST_LINE = "# Written by `airlock lock`; do not edit. Format 1, content sha256:"


@dataclass(frozen=True)
class Document:
    """A lock file taken apart: `fields` keeps the header's order and may repeat a key."""

    fields: tuple[tuple[str, str], ...]
    body: str

    def all(self, key: str) -> tuple[str, ...]:
        return tuple(value for name, value in self.fields if name == key)

    def one(self, key: str) -> str:
        values = self.all(key)
        if len(values) != 1:
            raise ValueError(f"{len(values)} header lines `{key}`, want 1")
        return values[0]


def render(document: Document) -> str:
    header = "".join(f"# {key}: {value}\n" for key, value in document.fields)
    rest = f"{header}\n{document.body}"
    return f"{FIRST_LINE}{hashlib.sha256(rest.encode()).hexdigest()}\n{rest}"


def read(path: Path) -> Document:
    """Read a lock file.

    Raises LockError where it is missing, of another format, or not as `airlock lock` wrote it.
    """
    again = "airlock lock"
    try:
        content = path.read_bytes()  # as text, other ends of lines would pass for those that were written
        first, _, rest = content.decode().partition("\n")
    except FileNotFoundError as error:
        raise LockError(f"{path} is missing", remedy=again) from error
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"{path} cannot be read", cause=str(error), remedy=again) from error
    if not first.startswith(FIRST_LINE):
        raise LockError(
            f"{path} is not a lock that this version reads", cause=f"it begins {first[:80]!r}", remedy=again
        )
    if hashlib.sha256(rest.encode()).hexdigest() != first.removeprefix(FIRST_LINE):
        raise LockError(
            f"{path} was edited by hand",
            cause="its lines end in CRLF: git config core.autocrlf changed it"
            if b"\r\n" in content
            else "its content does not match the digest in its first line",
            remedy=f"undo the edit (git checkout -- {path.name}), or change the intent and run: {again}",
        )
    header, _, body = rest.partition("\n\n")
    pairs = (line.removeprefix("# ").partition(": ") for line in header.splitlines())
    return Document(tuple((key, value) for key, _, value in pairs), body)
