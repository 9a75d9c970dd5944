"""One parser process and all it starts: what it says, what it may reach, and how long it may take."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airlock_probe import frames, leftovers, processes
from airlock_probe.frames import Frames
from airlock_probe.parser_process import EndedError, ParserProcess
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
        self._start()

    def _start(self) -> None:
        self._parser = ParserProcess(self.seed, self.frames.descriptor)
        processes.own().add(self._parser.number)
        self.ready, self.sealed, self.watch = False, "", None
        self._parser.tell(json_form.plain(self.request))

    def do(self, **command: Any) -> None:
        """Tell the parser what to do next; for `parse`, `files` are taken in their order."""
        if command["do"] == "parse":
            self._command, self.left = command, list(command["files"])
            self._next()
        else:
            self._parser.tell(command)

    def _next(self) -> None:
        """Let the next batch be parsed, or say that all is."""
        if self.left:
            self._parser.tell({**self._command, "files": self.left[: self._command["batch"]]})
        else:
            self.heard(self, {"done": True})

    # listening

    def descriptors(self) -> list[int]:
        listener = [self.watch.listener] if self.watch else []
        return [self._parser.lines, self._parser.prints, *listener]

    def hear(self, ready: set[int]) -> None:
        """Read what is there. Lines come before calls, so that a call is known to be of the file that began."""
        if self._parser.prints in ready:
            self._drain()
        if self._parser.lines in ready:
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

    def _drain(self) -> None:
        most = self.request.limits.output
        for data in self._parser.printed():
            self._printed += len(data)
            self._tail = (self._tail + data)[-_TAIL:]
            if self._printed > most and self.current:
                self._kill(Kind.OUTPUT, f"it printed more than {most >> 20} MiB")
                return

    def _listen(self) -> None:
        try:
            for said in self._parser.said():
                if said is None or not self._may_be(said):
                    self._kill(Kind.CRASH, "the file wrote to a descriptor that is not its own")
                else:
                    self._say(said)
        except EndedError as error:
            self._died(error.code)

    def _may_be(self, said: dict[str, Any]) -> bool:
        """Whether this is what a parser says now: facts are of the file that began."""
        facts = said.get("file", {"path": self.current})
        return isinstance(facts, dict) and facts.get("path") == self.current

    def _seal(self, sealed: str) -> None:
        self.sealed = sealed
        if sealed == "notified":
            own = frozenset({os.getpid(), os.getpgrp(), self._parser.number})
            self.watch = Watch(self._parser.listener(), self.frames, own, self.request.bundle)

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

    def _died(self, code: int) -> None:
        """Tell of the file at which the parser itself ended, and go on with another one."""
        self._close()
        if not self.ready:
            raise ParserError(code, self._tail.decode(errors="replace"))
        self._start()
        self._ended(code)

    def _close(self) -> None:
        processes.end(self._batch)
        self._parser.close()
        if self.watch:
            os.close(self.watch.listener)

    def stop(self) -> None:
        """End the parser and all it started."""
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
