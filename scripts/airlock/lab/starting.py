"""The story of `airlock lab`: what runs in the network, and what came of it.

The stage (stage.py) is started in new namespaces of this user, and ends with this process, even where that is killed:
one end of a socket is here, and when it closes the stage ends, and all of the lab with it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import socket
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from airlock import errors, layout, process
from airlock.errors import LabError
from airlock.farm import prepare_for_running
from airlock.lab.plan import Plan, Tree
from airlock.lab.report import Report
from airlock.lab.wire import Tools
from airlock.platforms import native
from airlock.tree import Trees
from airlock.up import images
from airlock_spec.endpoints import ADR_001
from airlock_spec.lab import REGION
from airlock_spec.paths import AIRFLOW_HOME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from airlock.cli import Session
    from airlock.layout import LaidOutImage

_TASKS = 9  # the descriptor of the tasks' network namespace, as a shell can name it
_FREE = 10  # the first that is none of a shell's


@dataclass(frozen=True)
class Wanted:
    """A command, and the network that it is to run in."""

    services: tuple[str, ...]  # that have an endpoint
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    binds: tuple[tuple[str, str], ...] = ()
    host: bool = False  # a command of this machine, not of the image
    outside: bool = False  # whether what answers the outbox runs
    captured: bool = False  # whether what it says on stdout is wanted here


@dataclass(frozen=True)
class Outcome:
    """The command's exit code, what it said where that was wanted, what was tried, and seconds until it was up."""

    code: int
    said: str
    report: Report
    seconds: float


def services(
    configured: Sequence[str] | None, added: Sequence[str] = (), taken: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the endpoints of the network: those configured, or the ADR's, with some and without others."""
    had = [one.service for one in ADR_001] if configured is None else configured
    return tuple(one for one in dict.fromkeys((*had, *added)) if one not in taken)


def run(session: Session, wanted: Wanted) -> Outcome:
    """Run a command in the lab to its end.

    Raises LabError where the network cannot be made, SandboxError, and what composing the lab's image raises.
    """
    tools = Tools.found()
    project = session.project.absolute()
    lab = images.composed(session, images.lab_config(project), offline=False)
    own = None if wanted.host else layout.read_image(session.config.layout, native())
    with ExitStack() as stack:
        trees = Trees(session.places.trees, session.terminal)

        def unpacked(image: LaidOutImage) -> Tree:
            tree = stack.enter_context(trees.use(image))
            prepare_for_running(tree)  # an older one may have no place for the names' server
            return Tree(str(image.layout.absolute()), str(tree))

        plan = Plan(
            folder=str(_folder(session)),
            region=REGION,
            services=wanted.services,
            lab=unpacked(lab),
            image=unpacked(own) if own else None,
            command=wanted.command,
            env=wanted.env,
            binds=(*_dags(project), *wanted.binds),
            owner=(os.getuid(), os.getgid()),
            outside=wanted.outside,
        )
        return _staged(tools, plan, captured=wanted.captured)


def _staged(tools: Tools, plan: Plan, *, captured: bool) -> Outcome:
    began = time.monotonic()
    ours, theirs = socket.socketpair()
    number = fcntl.fcntl(theirs, fcntl.F_DUPFD, _FREE)
    theirs.close()
    try:
        running = process.attend(_command(tools, number), inherited=(number,), captured=captured)
    finally:
        os.close(number)
    try:
        with ours, ours.makefile("r", encoding="utf-8") as heard:
            with suppress(ConnectionError):  # it ended already: what it does not say tells that
                ours.sendall(plan.text().encode() + b"\n")
            _said(heard)
            seconds = time.monotonic() - began
            with _interrupted_by_nobody():
                text = running.stdout.read().decode(errors="replace") if running.stdout else ""
                last = _said(heard)
    finally:
        running.wait()  # it ends when the socket is closed, at the latest
    return Outcome(last["code"], text, Report.of(last["report"]), seconds)


def _command(tools: Tools, line: int) -> list[str | Path]:
    """Return what makes the namespaces: the tasks' network first, then the one that is AWS, where the stage is."""
    stage = [
        str(tools.unshare),
        "--net",
        "--",
        sys.executable,
        "-P",
        "-m",
        "airlock.lab.stage",
        str(_TASKS),
        str(line),
    ]
    # the stage takes interrupts as its own when it listens to them
    script = f"trap '' INT; exec {_TASKS}</proc/self/ns/net; exec {shlex.join(stage)}"
    apart = (
        "--user",
        "--map-root-user",
        "--net",
        "--mount",
        "--pid",
        "--mount-proc",
        "--fork",
        "--kill-child",
    )
    return [tools.unshare, *apart, "--", "/bin/sh", "-c", script]


def _said(heard: IO[str]) -> dict[str, Any]:
    """Read what the stage says. Raises the error that it says, LabError where it ended without a word."""
    line = ""
    with suppress(ConnectionError):  # it ended before it read what it was told
        line = heard.readline()
    if not line:
        raise LabError(
            "the network of the lab could not be made, or was ended",
            cause="the process in its namespaces ended; what it said is above",
            remedy="airlock run -- true  (which says what forbids namespaces here, where something does)",
        )
    found: dict[str, Any] = json.loads(line)
    if kind := found.get("kind"):
        raise getattr(errors, kind, LabError)(found["fact"], cause=found["cause"], remedy=found["remedy"])
    return found


@contextmanager
def _interrupted_by_nobody() -> Iterator[None]:
    """Leave Ctrl-C to the command, whose end is the end of all."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not ignored: that would be inherited
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _folder(session: Session) -> Path:
    folder = session.places.root / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _dags(project: Path) -> list[tuple[str, str]]:
    dags = project / "dags"
    return [(str(dags), f"{AIRFLOW_HOME}/dags")] if dags.is_dir() else []
