"""The supervisor of a parser's system calls: refuses what reaches out, and finds the Python line that led there.

A call that the filter asks about waits until it is answered here (seccomp_unotify(2)). The line is had from the
waiting thread itself: a signal interrupts its call, faulthandler's handler writes its frames down, and the call
begins anew and is asked about a second time.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import signal
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_probe import frames, kernel, processes, reaching
from airlock_probe.reaching import Reach
from airlock_spec.check.facts import Way

if TYPE_CHECKING:
    from airlock_probe.frames import Frames
    from airlock_probe.reaching import Peers

SIGNAL = signal.SIGURG  # nothing happens to a program that has no handler for it
_PATIENCE = 0.05  # seconds that a thread may take to write its frames
_MOST = 1000  # calls that are remembered of one file
PROCESSES = 256  # that one file may start


@dataclass(frozen=True)
class Call:
    """A system call that waits for an answer."""

    id: int
    thread: int
    number: int
    arguments: tuple[int, ...]


@dataclass
class _Pending:
    call: Call
    reach: Reach
    deadline: float
    offset: int  # of the frames that the thread is about to write
    asked_main: bool = False


@dataclass(frozen=True)
class Seen:
    """A refused call, the frames that led to it (text of faulthandler), and the program, where it is a child's."""

    reach: Reach
    frames: str
    program: str


@dataclass
class Watch:
    """What is asked about the processes of one parser: `listener` asks, `written` is where threads write their frames.

    `protected` are processes that must not be ended from there.
    """

    listener: int
    written: Frames
    protected: frozenset[int]
    bundle: str
    batch: int = 0  # the process that imports DAG files, once there is one
    processes: int = 0  # started since the file began
    seen: list[Seen] = field(default_factory=list)
    _pending: dict[int, _Pending] = field(default_factory=dict)
    _held: dict[int, Call] = field(default_factory=dict)
    _peers: Peers = field(default_factory=dict)

    def ready(self) -> None:
        """Take one call, and answer it or remember it."""
        raw = bytearray(kernel.NOTIFICATION_SIZE)
        try:
            fcntl.ioctl(self.listener, kernel.NOTIFICATION, raw)
        except OSError:  # whoever asked is gone
            return
        id_, thread, _flags, number, _arch, _pointer, *arguments = struct.unpack("QIIiIQ6Q", raw)
        call = Call(id_, thread, number, tuple(arguments))
        machine = kernel.machine()
        assert machine is not None
        if number in (machine.clone, machine.fork, machine.vfork):
            self._start(call)
        elif number == machine.kill:
            self._kill(call)
        else:
            self._reach(call)

    def tick(self) -> None:
        """Answer the calls whose thread wrote nothing in time."""
        now = time.monotonic()
        for pending in [one for one in self._pending.values() if one.deadline <= now]:
            self._finish(pending)

    def flush(self) -> None:
        """Tell of what still waits: the file that did it is over."""
        for pending in list(self._pending.values()):
            self._finish(pending, now=True)

    @property
    def waiting(self) -> bool:
        """Whether `tick` is to be called soon."""
        return bool(self._pending)

    def _start(self, call: Call) -> None:
        """Let a process be started; where there are too many, all wait until the supervisor ends them."""
        if self.batch:
            self.processes += 1
        if self.processes <= PROCESSES:
            self._answer(call, 0, proceed=True)
        else:
            self._held[call.thread] = call

    def refuse_start(self) -> None:
        """Refuse the batch's own main thread another process: until then it hears no signal (fork(3) blocks them)."""
        if call := self._held.pop(self.batch, None):
            self._answer(call, -errno.EAGAIN)

    def _kill(self, call: Call) -> None:
        target = struct.unpack("i", struct.pack("I", call.arguments[0] & 0xFFFFFFFF))[0]
        # 0 is the group of the file that is parsed; a supervisor in a namespace of its own may be in a group 0, too
        refused = target == -1 or (target != 0 and self._is_foreign(abs(target)) and call.arguments[1] != 0)
        self._answer(call, -errno.EPERM if refused else 0, proceed=not refused)

    def _is_foreign(self, process: int) -> bool:
        """Whether a process, or the group that it leads, is a parser's or of another parser's file."""
        if process in self.protected:
            return True
        others = {one for parser in processes.own() for one in processes.tree(parser)}
        return process in others.difference(processes.tree(self.batch) if self.batch else ())

    def _reach(self, call: Call) -> None:
        pending = self._pending.pop(call.thread, None)
        if pending is not None and pending.call.number == call.number:
            pending.call = call
            self._pending[call.thread] = pending
            if self.written.since(pending.offset):
                self._finish(pending)
            return
        process = process_of(call.thread)
        try:
            reach = reaching.of(call, process, self._peers)
        except PermissionError:  # it keeps its memory to itself
            reach = Reach(Way.CONNECT, "an unknown address")
        except (OSError, struct.error):  # the process ended, or points nowhere: the kernel will say so
            reach = None
        if reach is None:
            self._answer(call, 0, proceed=True)
        elif reach.target == "":
            self._answer(call, 0)  # as if it had been done: what is sent there says more
        else:
            new = _Pending(call, reach, time.monotonic() + _PATIENCE, self.written.end())
            self._pending[call.thread] = new
            if not kernel.signal_thread(process, call.thread, SIGNAL):
                self._pending.pop(call.thread)

    def _finish(self, pending: _Pending, *, now: bool = False) -> None:
        """Note a call and refuse it, once frames of the user's are known or cannot be had."""
        text = self.written.since(pending.offset)
        if not (now or pending.asked_main or frames.users(frames.parse(text), self.bundle)):
            # a child process, a thread of native code or of a pool: what the main thread does meanwhile
            pending.asked_main = True
            pending.deadline = time.monotonic() + _PATIENCE
            if pending.call.thread != self.batch and kernel.signal_thread(self.batch, self.batch, SIGNAL):
                return
        self._pending.pop(pending.call.thread, None)
        process = process_of(pending.call.thread)
        if len(self.seen) < _MOST:
            self.seen.append(Seen(pending.reach, text, "" if process == self.batch else _program(process)))
        self._answer(pending.call, -pending.reach.errno)

    def _answer(self, call: Call, error: int, *, proceed: bool = False) -> None:
        flags = kernel.CONTINUE if proceed else 0
        with contextlib.suppress(OSError):  # it was interrupted, and is asked about again
            fcntl.ioctl(
                self.listener, kernel.ANSWER, bytearray(struct.pack("QqiI", call.id, 0, error, flags))
            )


def process_of(thread: int) -> int:
    """Return the process that a thread belongs to; the number itself where it is gone."""
    try:
        status = Path(f"/proc/{thread}/status").read_text(encoding="utf-8", errors="replace")
        return int(status.partition("\nTgid:")[2].split()[0])
    except (OSError, IndexError):
        return thread


def _program(process: int) -> str:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()[:300].rstrip(b"\0").split(b"\0")
    except OSError:
        return "a child process"
    return b" ".join(words[:4]).decode(errors="replace") or "a child process"
