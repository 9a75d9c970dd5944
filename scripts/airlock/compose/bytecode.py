"""Bytecode for Python sources, compiled by the image's own interpreter, without a sandbox.

Bytecode does not depend on the processor's architecture: this machine's interpreter compiles for all.
"""

from __future__ import annotations

import contextlib
import hashlib
import posixpath
import queue
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from airlock import process
from airlock.compose import entry
from airlock.compose.entry import Entry, Kind
from airlock.errors import CommandError

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


class Processes:
    """Processes of the image's Python that wait for packages to compile, as many as there are threads that ask.

    `interpreter` is the command that starts it. They end when this is closed or forgotten.
    """

    def __init__(self, interpreter: Sequence[str]) -> None:
        code = _INSIDE.read_text(encoding="utf-8")
        self._command = [*interpreter, "-S", "-B", "-s", "-P", "-c", code]
        self._idle: queue.SimpleQueue[process.Running] = queue.SimpleQueue()
        self.close = weakref.finalize(self, _stop, self._idle)

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Compile the sources of one package. Raises CommandError where the interpreter cannot."""
        if not sources:
            return []
        try:
            served = self._idle.get_nowait()
        except queue.Empty:
            served = process.serve(self._command, env={"PYTHONHASHSEED": "0"}, cwd=Path("/"))
        try:
            codes = _answered(served, sources)
        except BaseException:
            served.kill()
            raise
        self._idle.put(served)
        return codes


def _answered(served: process.Running, sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
    assert served.stdin
    assert served.stdout
    request = [len(sources).to_bytes(8, "big")]
    for path, content in sources:
        name = path.encode()
        request += (len(name).to_bytes(8, "big"), name, len(content).to_bytes(8, "big"), content)
    try:
        served.stdin.write(sum(map(len, request)).to_bytes(8, "big") + b"".join(request))
        served.stdin.flush()
        return [_exactly(served.stdout, int.from_bytes(_exactly(served.stdout, 8), "big")) for _ in sources]
    except (BrokenPipeError, EOFError) as error:
        said = served.communicate()[1].decode(errors="replace").strip()
        raise CommandError(
            f"the image's Python failed with exit code {served.returncode}",
            cause=said[-4000:] or "it ended without a word",
            remedy="make room (memory, processes), then run the same command again",
        ) from error


def _exactly(stream: IO[bytes], size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found


def _stop(idle: queue.SimpleQueue[process.Running]) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            idle.get_nowait().communicate()  # closes its stdin, and waits


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
