"""Bytecode for Python sources, compiled by the image's own interpreter, without a sandbox.

Bytecode does not depend on the processor's architecture: this machine's interpreter compiles for all.
"""

from __future__ import annotations

import hashlib
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock import process
from airlock.compose import entry
from airlock.compose.entry import Entry, Kind

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

_INSIDE = Path(__file__).with_name("bytecode_inside.py")


class Compiler(Protocol):
    """Turns Python sources, given as (absolute path in the image, content), into the content of .pyc files."""

    @property
    def identity(self) -> str:
        """What determines the bytes, for cache keys."""
        ...

    @property
    def tag(self) -> str:
        """`sys.implementation.cache_tag` of the interpreter, as cpython-313."""
        ...

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes]: ...


def compile_with(interpreter: Sequence[str], sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """Compile sources in a process of their own; `interpreter` is the command that starts the image's Python."""
    if not sources:
        return []
    request = [len(sources).to_bytes(8, "big")]
    for path, content in sources:
        name = path.encode()
        request += (len(name).to_bytes(8, "big"), name, len(content).to_bytes(8, "big"), content)
    command = [*interpreter, "-S", "-B", "-s", "-P", "-c", _INSIDE.read_text(encoding="utf-8")]
    answer = process.run(command, stdin=b"".join(request), env={"PYTHONHASHSEED": "0"}, cwd=Path("/")).stdout
    return list(_contents(answer))


def identity(interpreter_debs: Iterable[str]) -> str:
    """Identify an interpreter by the sha256 of its packages and of what runs in it."""
    parts = [*sorted(interpreter_debs), hashlib.sha256(_INSIDE.read_bytes()).hexdigest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def with_bytecode(entries: Sequence[Entry], compiler: Compiler, folder: re.Pattern[str]) -> list[Entry]:
    """Return the .pyc entries for the .py files among `entries` whose path matches `folder`, in path order."""
    sources = sorted(
        (
            item
            for item in entries
            if item.kind is Kind.FILE and item.path.endswith(".py") and folder.match(item.path)
        ),
        key=lambda item: item.path,
    )
    codes = compiler.compile([(f"/{item.path}", item.content) for item in sources])
    return [
        entry.file(cached_path(item.path, compiler.tag), code)
        for item, code in zip(sources, codes, strict=True)
        if code
    ]


def cached_path(source: str, tag: str) -> str:
    """Return where the import system looks for a source's bytecode (PEP 3147)."""
    folder, name = posixpath.split(source)
    return posixpath.join(folder, "__pycache__", f"{name.removesuffix('.py')}.{tag}.pyc")


def _contents(answer: bytes) -> Iterable[bytes]:
    position = 0
    while position < len(answer):
        length = int.from_bytes(answer[position : position + 8], "big")
        yield answer[position + 8 : position + 8 + length]
        position += 8 + length
