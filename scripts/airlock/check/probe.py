"""Talks with the probe: a request on its stdin, progress and facts on its stdout."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

from airlock import process
from airlock.errors import CheckError, CommandError
from airlock_spec.check import json_form
from airlock_spec.check.facts import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airlock.check.bundle import Bundle
    from airlock.check.starts import Start, Way
    from airlock.process import Running
    from airlock.terminal import Progress, Terminal
    from airlock_spec.check.request import Request

_SHOWN = 4000  # characters of what a probe that failed said
_STDERR = 1 << 20  # bytes of it that are kept
# Silence that ends it, in s: Airflow's own import on a busy machine, and a file that is tried several times.
_SILENCE, _TRIES = 300.0, 10


class _SilentError(Exception):
    """The probe ended before it said anything: it may never have been started."""


def ask(ways: Iterable[Way], bundle: Bundle, request_at: Callable[[str], Request], terminal: Terminal) -> Run:
    """Run the probe the first way that works here; return its facts.

    The probe itself is started at once: only where it ends without a word it is asked whether that way works at
    all. Raises CheckError where the probe fails, or no way works.
    """
    said: list[str] = []
    for way in ways:
        if not way.namespace and (reason := way.why_not(bundle)):
            said.append(reason)
            continue
        if said and not way.namespace:
            terminal.say(
                "no sandbox can be made here: DAGs are parsed with a filter on system calls alone "
                f"({said[0].splitlines()[0]})"
            )
        with way.start(bundle) as start:
            try:
                return _talk(start, request_at(start.bundle), terminal)
            except _SilentError as error:
                reason = way.why_not(bundle)
                if not reason:
                    raise _failure(str(error)) from None
                said.append(reason)
    raise CheckError(
        "DAGs cannot be parsed on this machine",
        cause="\n".join(said),
        remedy="airlock image --load, then in a container: airlock check --image REF",
    )


def _talk(start: Start, request: Request, terminal: Terminal) -> Run:
    try:
        running = process.serve(start.command, env=start.env)
    except CommandError as error:
        raise _SilentError(error.cause) from error
    said = bytearray()
    reader = threading.Thread(target=_drain, args=(running, said), daemon=True)
    reader.start()
    run: Run | None = None
    heard = False
    silence = _Silence(running, _SILENCE + _TRIES * request.limits.seconds)
    try:
        _tell(running, start.before + json_form.dumps(request).encode() + b"\n")
        with contextlib.ExitStack() as stack:
            count = _Count(terminal, stack)
            for message in _messages(running):
                heard = True
                silence.begin()
                if "progress" in message:
                    count.to(*message["progress"])
                elif "error" in message:
                    raise _failure(str(message["error"]))
                elif "run" in message:
                    run = json_form.structured(Run, message["run"])
        running.wait()
    except (ValueError, TypeError) as error:
        raise _failure(f"what it answers cannot be read: {error}") from error
    finally:
        silence.end()
        _end(running)
        reader.join(timeout=5)
    text = said.decode(errors="replace").strip()[-_SHOWN:] or f"exit code {running.returncode}"
    if run is not None:
        return run
    if silence.too_long:
        raise _failure(f"it said nothing for {silence.seconds:.0f} s, and was ended\n{text}")
    if not heard:
        raise _SilentError(text)
    raise _failure(text)


def _failure(cause: str) -> CheckError:
    return CheckError(
        "the probe, which parses DAGs in the image, failed",
        cause=cause,
        remedy="airlock run -- airflow version, to see whether Airflow itself starts",
    )


def _tell(running: Running, content: bytes) -> None:
    assert running.stdin
    with contextlib.suppress(BrokenPipeError):  # what it says instead of listening is the better message
        running.stdin.write(content)
        running.stdin.close()


def _messages(running: Running) -> Iterator[dict[str, Any]]:
    """Yield each line of JSON. Raises ValueError for any other."""
    assert running.stdout
    for line in running.stdout:
        message = json.loads(line)
        if not isinstance(message, dict):
            raise TypeError(line[:200].decode(errors="replace"))
        yield message


def _drain(running: Running, said: bytearray) -> None:
    """Read what it says on stderr, so that it never waits for us; the end is kept."""
    assert running.stderr
    while piece := running.stderr.read1(1 << 16):  # type: ignore[attr-defined]
        said += piece
        del said[:-_STDERR]


def _end(running: Running) -> None:
    """End what still runs, as after Ctrl-C."""
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(timeout=5)
        except process.TimeoutExpired:
            running.kill()
            running.wait()


class _Silence:
    """Ends a program that says nothing for so long that it never will."""

    def __init__(self, running: Running, seconds: float) -> None:
        self._running, self.seconds = running, seconds
        self.too_long = False
        self._timer: threading.Timer | None = None
        self.begin()

    def begin(self) -> None:
        self.end()
        self._timer = threading.Timer(self.seconds, self._over)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _over(self) -> None:
        self.too_long = True
        self._running.kill()


class _Count:
    """Progress, once the probe has told how much there is to do."""

    def __init__(self, terminal: Terminal, stack: contextlib.ExitStack) -> None:
        self._terminal, self._stack = terminal, stack
        self._bar: Progress | None = None
        self._done = 0

    def to(self, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = self._stack.enter_context(self._terminal.progress("parsing DAG files", total))
        self._bar.advance(done - self._done)
        self._done = done
