"""One parser process and all it starts: what it says, what it may reach, and how long it may take."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airlock_probe import frames, leftovers, processes
from airlock_probe.frames import Frames
from airlock_probe.watch import PROCESSES, SIGNAL, Watch
from airlock_spec.check import json_form
from airlock_spec.check.facts import Attempt, File, Kind, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock_spec.check.request import Request

GRACE = 5.0  # seconds beyond Airflow's own timeout, for serialization and whatever does not hear it
_CALLS = 100  # that are answered before the clock is looked at
_PATIENCE = 0.5  # seconds that a process may take to write its frames before it is ended
_TAIL = 4000  # characters kept of what was printed
_LINE = 1 << 28  # bytes that a parser may say in one line
_READS = 1000  # of what it says, before the clock is looked at


class Supervised:
    """A parser, its pipes, and the file that it is at.

    `heard` is called with each line that it says, but for those about its own life.
    """

    def __init__(
        self, request: Request, seed: int, heard: Callable[[Supervised, dict[str, Any]], None]
    ) -> None:
        self.request = request
        self.seed = seed
        self.heard = heard
        self.frames = Frames()
        self.watch: Watch | None = None
        self.sealed = ""
        self.ready = False
        self.current = ""  # the file that is parsed
        self.left: list[str] = []  # of the command, the current one included
        self._command: dict[str, Any] = {}
        self._batch = 0
        self._since = 0.0
        self._offset = 0
        self._killed: Problem | None = None
        self._printed = 0
        self._tail = b""
        self._line = bytearray()
        self._start()

    def _start(self) -> None:
        lines, says = os.pipe()
        printed, prints = os.pipe()
        self._door, door = socket.socketpair()
        handed = (says, self.frames.descriptor, door.fileno())
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "airlock_probe.parser", *map(str, handed)],
            env={**os.environ, "PYTHONHASHSEED": str(self.seed), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=prints,
            stderr=prints,
            pass_fds=handed,
        )
        processes.own().add(self._process.pid)
        door.close()
        os.close(says)
        os.close(prints)
        self._lines, self._prints = lines, printed
        for descriptor in (lines, printed):
            os.set_blocking(descriptor, False)
        self.ready, self.sealed, self.watch = False, "", None
        self._write(json_form.plain(self.request))

    def do(self, **command: Any) -> None:
        """Tell the parser what to do next; for `parse`, `files` are taken in their order."""
        if command["do"] == "parse":
            self._command, self.left = command, list(command["files"])
            self._next()
        else:
            self._write(command)

    def _next(self) -> None:
        """Let the next batch be parsed, or say that all is."""
        if self.left:
            self._write({**self._command, "files": self.left[: self._command["batch"]]})
        else:
            self.heard(self, {"done": True})

    def _write(self, value: Any) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended: that is seen where it is listened to
            self._process.stdin.write((json.dumps(value) + "\n").encode())
            self._process.stdin.flush()

    # listening

    def descriptors(self) -> list[int]:
        listener = [self.watch.listener] if self.watch else []
        return [self._lines, self._prints, *listener]

    def hear(self, ready: set[int]) -> None:
        """Read what is there. Lines come before calls, so that a call is known to be of the file that began."""
        if self._prints in ready:
            self._drain()
        if self._lines in ready:
            self._listen()
        if self.watch and self.watch.listener in ready:
            self._attend(self.watch)

    def _attend(self, watch: Watch) -> None:
        """Answer calls, but not for ever: processes without end may ask without end."""
        for _ in range(_CALLS):
            if watch.processes > PROCESSES:
                self._kill(Kind.LEFTOVER, f"it started more than {PROCESSES} processes while it was imported")
                return
            if not select.select([watch.listener], [], [], 0)[0] or _hung_up(watch.listener):
                return
            self._listen()
            watch.ready()

    def _seal(self, sealed: str) -> None:
        """Take the listener, which the parser has handed over before it said that it is sealed."""
        self.sealed = sealed
        if sealed == "notified":
            _, descriptors, _, _ = socket.recv_fds(self._door, 16, 1)
            own = frozenset({os.getpid(), os.getpgrp(), self._process.pid})
            self.watch = Watch(descriptors[0], self.frames, own, self.request.bundle)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._prints, 1 << 16):
                self._printed += len(data)
                self._tail = (self._tail + data)[-_TAIL:]
                if self._printed > self.request.limits.output and self.current:
                    self._kill(Kind.OUTPUT, f"it printed more than {self.request.limits.output >> 20} MiB")
                    return

    def _listen(self) -> None:
        try:
            for _ in range(_READS):
                data = os.read(self._lines, 1 << 20)
                if not data:
                    self._died()
                    return
                self._line += data
                if b"\n" in data:
                    *lines, self._line = self._line.split(b"\n")
                    for line in filter(None, lines):
                        self._take(line)
                elif len(self._line) > _LINE:
                    self._garbled()
        except BlockingIOError:
            return

    def _take(self, line: bytearray) -> None:
        try:
            said = json.loads(line)
            expected = "file" not in said or said["file"]["path"] == self.current
        except (ValueError, TypeError, KeyError):
            expected = False
        if expected:
            self._say(said)
        else:
            self._garbled()

    def _garbled(self) -> None:
        """End a file that writes where only the parser does."""
        self._line.clear()
        self._kill(Kind.CRASH, "the file wrote to a descriptor that is not its own")

    def _say(self, said: dict[str, Any]) -> None:
        if "sealed" in said:
            self._seal(said["sealed"])
        elif "batch" in said:
            self._batch = said["batch"]
            if self.watch:
                self.watch.batch = self._batch
        elif "begin" in said:
            if not self._killed:  # or else it is not to blame: another process will parse it
                self._begin(said["begin"], said["frames"])
        elif "file" in said:
            self._end(said)
        elif "ended" in said:
            self._ended(said["ended"])
        else:
            self.ready = self.ready or "ready" in said
            self.heard(self, said)

    # one file

    def _begin(self, path: str, written: int) -> None:
        self.current, self._since = path, time.monotonic()
        self._printed, self._tail = 0, b""
        self._offset = written if written <= self.frames.end() else 0  # what was written may be gone
        if self.watch:
            self.watch.seen.clear()
            self.watch.processes = 0

    def _end(self, said: dict[str, Any]) -> None:
        self._drain()
        facts = json_form.structured(File, said["file"])
        if self._killed:  # too late to keep it from ending
            facts = replace(facts, problems=(*facts.problems, self._killed))
        self._tell(facts, said)

    def _tell(self, facts: File, said: dict[str, Any]) -> None:
        attempts = (
            (*facts.attempts, *self._attempts(facts.path))
            if self.watch is None
            else self._attempts(facts.path)
        )
        self.left.remove(facts.path)
        self.current = ""
        self.heard(self, said | {"file": replace(facts, attempts=attempts)})

    def _attempts(self, path: str) -> tuple[Attempt, ...]:
        if self.watch is None:
            return ()
        self.watch.flush()
        return processes.attempts(self.watch.seen, path, self.request.bundle)

    def _ended(self, code: int) -> None:
        """Go on after a batch: all is done, or a file ended it, or it wants a fresh process for the rest."""
        self._batch = 0
        if self.watch:
            self.watch.batch = self.watch.processes = 0
        if self.current:
            self._drain()
            self._tell(self._broken(code), {"digests": {}, "forms": {}, "files": None})
        self._killed = None
        self._reap()
        self._next()

    def _broken(self, code: int) -> File:
        took = round(time.monotonic() - self._since, 4)
        problem = self._killed or Problem(Kind.CRASH, processes.ending(code), Place(self.current))
        told = frames.parse(self.frames.since(self._offset))
        place = frames.users(told, self.request.bundle) or problem.place
        printed = self._tail.decode(errors="replace").strip()
        detail = "\n".join(filter(None, [problem.detail, printed]))
        return File(self.current, took, problems=(Problem(problem.kind, problem.message, place, detail),))

    def _reap(self) -> None:
        """End what a batch left behind it: such orphans are this process's children now."""
        while others := [one for one in leftovers.children(os.getpid()) if one not in processes.own()]:
            for process in others:
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)

    # what ends a file

    def tick(self) -> None:
        """Look at the clock and, where processes were started, at the memory of all of them."""
        if self.watch:
            self.watch.tick()
        if not self.current or not self._batch:
            return
        limits = self.request.limits
        if time.monotonic() - self._since > limits.seconds + GRACE:
            self._kill(
                Kind.TIMEOUT,
                f"it did not end within {limits.seconds:g} s, and did not hear Airflow's timeout",
            )
        elif self.watch and self.watch.processes and processes.memory(self._batch) > 2 * limits.memory:
            self._kill(Kind.MEMORY, f"its processes took more than {limits.memory >> 20} MiB")

    @property
    def hurried(self) -> bool:
        """Whether `tick` is to be called within milliseconds."""
        return bool(self.watch and self.watch.waiting)

    def _kill(self, kind: Kind, message: str) -> None:
        if self._killed or not self._batch:
            return
        self._killed = Problem(kind, message, Place(self.current))
        self._offset = self.frames.end()
        with contextlib.suppress(OSError):
            os.kill(self._batch, SIGNAL)  # its main thread writes its frames
            end = time.monotonic() + _PATIENCE
            while not self.frames.since(self._offset) and time.monotonic() < end:
                self._refuse_start()
        processes.end(self._batch)

    def _refuse_start(self) -> None:
        """Wait a moment for a call, and let a main thread that wants to fork go on without."""
        listeners = [self.watch.listener] if self.watch else []
        if select.select(listeners, [], [], 0.005)[0] and self.watch:
            self.watch.ready()
        if self.watch:
            self.watch.refuse_start()

    def _died(self) -> None:
        """Tell of the file at which the parser itself ended, and go on with another one."""
        code = self._process.wait()
        self._close()
        processes.end(self._batch)
        if not self.ready:
            raise ParserError(code, self._tail.decode(errors="replace"))
        self._start()
        self._ended(code)

    def _close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        for descriptor in (self._lines, self._prints, *([self.watch.listener] if self.watch else [])):
            os.close(descriptor)
        self._door.close()

    def stop(self) -> None:
        """End the parser and all it started."""
        processes.end(self._batch)
        self._process.kill()
        self._process.wait()
        self._close()
        self.frames.close()


class ParserError(Exception):
    """Airflow cannot be imported, so that no file can be parsed. `said` is what was printed."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"Airflow cannot be imported: {code}")
        self.code = code
        self.said = said


def _hung_up(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(0))
