"""A parser process and its pipes: what it is told, what it says, what it prints, and its listener."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = 1 << 28  # bytes that a parser may say in one line
_READS = 1000  # of one pipe, before anything else is looked at
_SAID, _PRINTED = 1 << 20, 1 << 16  # bytes that are read at a time


class EndedError(Exception):
    """The parser is gone; `code` is its exit code, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the parser ended with {code}")
        self.code = code


class ParserProcess:
    """Starts a parser with a hash seed; threads of it write their frames to the descriptor `frames`."""

    def __init__(self, seed: int, frames: int) -> None:
        self.lines, says = os.pipe()
        self.prints, prints = os.pipe()
        self._door, door = socket.socketpair()
        handed = (says, frames, door.fileno())
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "airlock_probe.parser", *map(str, handed)],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=prints,
            stderr=prints,
            pass_fds=handed,
        )
        door.close()
        os.close(says)
        os.close(prints)
        for descriptor in (self.lines, self.prints):
            os.set_blocking(descriptor, False)
        self._line = bytearray()

    @property
    def number(self) -> int:
        return self._process.pid

    def tell(self, value: Any) -> None:
        """Send it one line of JSON."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended: that is seen where it is listened to
            self._process.stdin.write((json.dumps(value) + "\n").encode())
            self._process.stdin.flush()

    def said(self) -> Iterator[dict[str, Any] | None]:
        """Yield what it has said by now, None for what it cannot have said. Raises EndedError."""
        for _ in range(_READS):
            try:
                data = os.read(self.lines, _SAID)
            except BlockingIOError:
                return
            if not data:
                raise EndedError(self._process.wait())
            self._line += data
            if len(self._line) > _LINE:
                self._line.clear()
                yield None
            elif b"\n" in data:
                *lines, self._line = self._line.split(b"\n")
                yield from map(_object, filter(None, lines))

    def printed(self) -> Iterator[bytes]:
        """Yield what it, or what it started, has printed by now."""
        for _ in range(_READS):
            try:
                data = os.read(self.prints, _PRINTED)
            except BlockingIOError:
                return
            if not data:
                return
            yield data

    def listener(self) -> int:
        """Take the listener of its filter, which it has handed over before it said that it is sealed."""
        _, descriptors, _, _ = socket.recv_fds(self._door, 16, 1)
        return descriptors[0]

    def close(self) -> None:
        """End it, and close its pipes."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        os.close(self.lines)
        os.close(self.prints)
        self._door.close()


def _object(line: bytearray) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
