"""What a file does while it is imported, seen from inside: by monitoring (PEP 669) and audit events (PEP 578).

Nothing of Airflow is replaced. Each function below that is of interest has its own code object watched, so that
all other code runs at full speed.
"""

from __future__ import annotations

import hashlib
import importlib._bootstrap
import importlib.util
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock_spec.check.facts import Attempt, ImportCost, Place, Read, Source, Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

_TOOL = 4  # of the six that Python has, one that no known tool takes
_SPAWNS = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.exec")
_SHOWN_IMPORTS = 10
_IMPORT = "<frozen importlib._bootstrap>"

_watched: dict[CodeType, Callable[[Observer, FrameType], None]] = {}
_observer: Observer | None = None


def prepare() -> None:
    """Watch what tells of DAGs, tasks, reads, threads and imports."""
    from airflow.models import connection, variable  # noqa: PLC0415 - Airflow's, when it is time
    from airflow.sdk.bases.operator import BaseOperator  # noqa: PLC0415
    from airflow.sdk.definitions.dag import DAG  # noqa: PLC0415
    from airflow.sdk.definitions.mappedoperator import MappedOperator  # noqa: PLC0415
    from airflow.sdk.execution_time import context, supervisor  # noqa: PLC0415
    from airflow.utils import session  # noqa: PLC0415

    for made in (DAG, BaseOperator, MappedOperator):
        _watch(made.__init__, Observer.made)
    for name in ("_get_variable", "_set_variable", "_delete_variable", "_get_variable_keys"):
        _watch(getattr(context, name, None), Observer.variable)
    for name in ("_get_connection", "_async_get_connection"):
        _watch(getattr(context, name, None), Observer.connection)
    _watch(variable.Variable.get, Observer.variable)
    _watch(connection.Connection.get_connection_from_secrets, Observer.connection)
    for function in (
        session.create_session,
        session.create_session_async,
        supervisor.BlockedDBSession.__init__,
    ):
        _watch(function, Observer.database)
    _watch(threading.Thread.start, Observer.thread)
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined] # newer than what the toolchain is checked for
    monitoring.use_tool_id(_TOOL, "airlock")
    monitoring.register_callback(_TOOL, monitoring.events.PY_START, _started)
    monitoring.register_callback(_TOOL, monitoring.events.PY_RETURN, _returned)
    for code in _watched:
        monitoring.set_local_events(_TOOL, code, monitoring.events.PY_START)
    # the one place that every import passes
    importing = importlib._bootstrap._find_and_load.__code__  # type: ignore[attr-defined] # noqa: SLF001
    monitoring.set_local_events(_TOOL, importing, monitoring.events.PY_START | monitoring.events.PY_RETURN)
    _watched[importing] = Observer.importing


def _watch(function: Any, seen: Callable[[Observer, FrameType], None]) -> None:
    function = getattr(function, "__func__", function)
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    if code is not None:
        _watched[code] = seen


def _started(code: CodeType, _offset: int) -> None:
    if _observer is not None and (seen := _watched.get(code)):
        seen(_observer, sys._getframe(1))  # noqa: SLF001 - the frame that starts


def _returned(_code: CodeType, _offset: int, _value: object) -> None:
    if _observer is not None:
        _observer.imported(sys._getframe(1))  # noqa: SLF001 - as above


class Observer:
    """What is known of the file that is being parsed."""

    def __init__(self, bundle: str) -> None:
        self.prefix = bundle.rstrip("/") + "/"
        self.path = ""
        self.attempts: list[Attempt] = []
        self.reads: list[Read] = []
        self.dags: list[Any] = []
        self.processes = 0
        self._opened: set[str] = set()
        self._places: dict[int, tuple[Any, Place]] = {}
        self._threads: list[Any] = []
        self._spawned = Place("")
        self._costs: dict[str, float] = {}
        self._imports: list[tuple[FrameType, str, float]] = []
        self._inner: list[float] = [0.0]

    def begin(self) -> None:
        """Observe from now on, until this process ends."""
        global _observer  # noqa: PLW0603 - callbacks of the interpreter have no other way to know
        _observer = self
        sys.addaudithook(self._audit)

    def file(self, path: str) -> None:
        """Forget what is known, and begin with another file."""
        prefix = self.prefix
        Observer.__init__(self, prefix)
        self.path = path
        self._opened.add(prefix + path)

    # what monitoring calls

    def made(self, frame: FrameType) -> None:
        made = frame.f_locals.get("self")
        if id(made) not in self._places:
            self._places[id(made)] = (made, self._user(frame))
            if hasattr(type(made), "add_task"):  # a DAG, which has no attributes yet
                self.dags.append(made)

    def variable(self, frame: FrameType) -> None:
        self._read(Source.VARIABLE, frame, ("key", "prefix"))

    def connection(self, frame: FrameType) -> None:
        self._read(Source.CONNECTION, frame, ("conn_id",))

    def database(self, frame: FrameType) -> None:
        self._read(Source.DATABASE, frame, ())

    def thread(self, frame: FrameType) -> None:
        thread = frame.f_locals.get("self")
        place = self._user(frame)
        if place.line and not self._is_imported(frame):  # one that the image's own packages start is theirs
            self._threads.append(thread)
            self._places[id(thread)] = (thread, place)

    def importing(self, frame: FrameType) -> None:
        # those that ended by an exception did not return
        while self._imports and not _is_outer(self._imports[-1][0], frame):
            self._left()
        self._imports.append((frame, str(frame.f_locals.get("name")), time.monotonic()))
        self._inner.append(0.0)

    def imported(self, frame: FrameType) -> None:
        while self._imports:
            ended = self._imports[-1][0] is frame
            self._left()
            if ended:
                return

    def _left(self) -> None:
        _, name, start = self._imports.pop()
        took, inner = time.monotonic() - start, self._inner.pop()
        self._costs[name] = self._costs.get(name, 0.0) + took - inner
        self._inner[-1] += took

    # what is asked afterwards

    def place_of(self, made: object) -> Place:
        """Return the user's line that made a DAG, a task or a thread; the file where it is not known."""
        return self._places.get(id(made), (None, Place(self.path)))[1]

    def last_spawn(self) -> Place:
        return self._spawned if self._spawned.path else Place(self.path)

    def threads(self) -> list[Any]:
        return [thread for thread in self._threads if thread.is_alive()]

    def imports(self) -> tuple[ImportCost, ...]:
        """Return the dearest imports, those of a millisecond or more."""
        dearest = sorted(self._costs.items(), key=lambda item: -item[1])[:_SHOWN_IMPORTS]
        return tuple(ImportCost(name, round(seconds, 4)) for name, seconds in dearest if seconds >= 0.001)  # noqa: PLR2004

    def files(self) -> dict[str, str]:
        """Return the sha256 of each file of the bundle that was opened."""
        found = {}
        for path in sorted(self._opened):
            try:
                found[path.removeprefix(self.prefix)] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            except OSError:
                continue
        return found

    # how it is seen

    def _read(self, source: Source, frame: FrameType, names: tuple[str, ...]) -> None:
        name = next((str(frame.f_locals[key]) for key in names if frame.f_locals.get(key) is not None), "")
        place = self._user(frame)
        if any(
            read.place == place and (read.name == name or source is Source.DATABASE) for read in self.reads
        ):
            return  # one function of Airflow calls the other
        self.reads.append(Read(source, name, place))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path = _path(arguments[0])
            if path.startswith(self.prefix):
                self._opened.add(_source(path))
        elif event in _SPAWNS:
            self.processes += 1
            self._spawned = self._user(sys._getframe(1))  # noqa: SLF001 - whoever raised the event
        elif event.startswith("socket."):
            self._socket(event, arguments)

    def _socket(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note what the filter would refuse without a word, for machines where it can ask nobody."""
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            host, port = arguments[1][:2]
            self._attempt(Way.CONNECT, f"{host}:{port}")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and arguments[0]:
            name = arguments[0]
            self._attempt(Way.RESOLVE, name.decode() if isinstance(name, bytes) else str(name))
        elif event in ("socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
            self._attempt(Way.SEND, ":".join(map(str, arguments[1][:2])))

    def _attempt(self, way: Way, target: str) -> None:
        frame = sys._getframe(3)  # noqa: SLF001 - above the audit hook
        code = frame.f_code
        attempt = Attempt(
            way, target, self._user(frame), caller=f"{code.co_filename}:{frame.f_lineno} {code.co_name}"
        )
        if attempt not in self.attempts and len(self.attempts) < 1000:  # noqa: PLR2004
            self.attempts.append(attempt)

    def _is_imported(self, frame: FrameType | None) -> bool:
        """Whether what runs is a module of the image that the user's code only imports."""
        while frame is not None and not frame.f_code.co_filename.startswith(self.prefix):
            if frame.f_code.co_filename == _IMPORT:
                return True
            frame = frame.f_back
        return False

    def _user(self, frame: FrameType | None) -> Place:
        """Return the innermost place that is in the bundle; the file as a whole where there is none."""
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.prefix):
                return Place(frame.f_code.co_filename.removeprefix(self.prefix), frame.f_lineno)
            frame = frame.f_back
        return Place(self.path)


def _is_outer(outer: FrameType, frame: FrameType | None) -> bool:
    while frame is not None:
        if frame is outer:
            return True
        frame = frame.f_back
    return False


def _path(opened: object) -> str:
    """Return the whole path of what is opened; "" for a descriptor."""
    if isinstance(opened, str) and opened.startswith("/"):
        return opened
    if not isinstance(opened, str | bytes | os.PathLike):
        return ""
    try:
        return os.path.abspath(os.fsdecode(opened))  # noqa: PTH100 - links stay
    except OSError:  # the working directory is gone
        return ""


def _source(path: str) -> str:
    """Return the source of a file of bytecode: it is looked at, and need not be opened."""
    if path.endswith(".pyc") and f"{os.sep}__pycache__{os.sep}" in path:
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path
    return path
