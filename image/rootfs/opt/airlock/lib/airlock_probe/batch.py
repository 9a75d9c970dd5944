"""The process that parses files, one after another, until one of them leaves something behind."""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock_probe import leftovers, observing, parsing
from airlock_probe.restoring import State
from airlock_spec.check import json_form
from airlock_spec.check.facts import Kind

if TYPE_CHECKING:
    from airlock_probe.parser import Channel
    from airlock_spec.check.request import Request

_exit = os._exit  # a file may replace the other one
DONE, AGAIN = 0, 75  # how it ends: all files parsed; a fresh process is wanted for the rest
_FILE_SIZE = 1 << 30
_ARENA_MAX = -8  # mallopt(3)


def prepare(request: Request) -> None:
    """Import everything that every batch needs, before any is forked."""
    if request.bundle not in sys.path:
        sys.path.append(request.bundle)
    parsing.prepare()
    observing.prepare()


def run(request: Request, command: dict[str, Any], channel: Channel) -> None:
    """Parse the command's files in this forked process; it ends here."""
    os.setsid()
    _limit(request.limits.memory)
    leftovers.adopt()
    gc.set_threshold(20_000, 50, 100)  # what was imported is frozen: there is little to find
    # each thread would reserve memory for an arena of its own, and be counted for what it never takes
    ctypes.CDLL(None).mallopt(_ARENA_MAX, 2)
    faulthandler.enable(file=command["frames"], all_threads=False)
    observer = observing.Observer(request.bundle)
    observer.begin()
    own = os.getpid()
    for path in command["files"]:
        state = State.taken(request.bundle)
        # the supervisor may hear of it when frames of a crash are written already
        channel.say(begin=path, frames=os.fstat(command["frames"]).st_size)
        observer.file(path)
        start = time.monotonic()
        outcome = parsing.parse(path, request, observer, first=command["first"], full=command["full"])
        if os.getpid() != own:  # the file forked, and this is the other one
            _exit(DONE)
        left, disturbed = leftovers.find(observer)
        interrupted = any(problem.kind is Kind.TIMEOUT for problem in outcome.problems)
        facts = outcome.facts(observer, () if interrupted else left, time.monotonic() - start)
        # a file that reads by other programs may depend on anything
        known = observer.files() if not left and not observer.processes else None
        channel.say(
            file=json_form.plain(facts),
            digests={dag_id: form.digest for dag_id, form in outcome.forms.items()},
            forms={dag_id: json.loads(form.text) for dag_id, form in outcome.forms.items()}
            if command["full"]
            else {},
            files=known,
        )
        if left or disturbed or not state.restored():
            _exit(AGAIN)
    _exit(DONE)


def _limit(memory: int) -> None:
    """Bound what this process, and each one it starts, may take."""
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_AS, taken + memory),
        (resource.RLIMIT_FSIZE, _FILE_SIZE),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(
            kind, (value, value) if most == resource.RLIM_INFINITY or value < most else (most, most)
        )
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
