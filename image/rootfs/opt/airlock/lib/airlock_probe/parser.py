"""The process that has Airflow imported, and forks one that parses files each time it is told to.

It is started by `supervised.Supervised`: commands come on stdin, one JSON object a line, and lines of JSON go to
the descriptor that the first argument names. What code prints goes to stdout and stderr.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import queue
import re
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock_probe import filters, kernel, processes
from airlock_probe.watch import SIGNAL
from airlock_spec.check import json_form
from airlock_spec.check.request import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

# What an import of Airflow must neither ask for nor write; the image's own settings stay but for these.
_SETTINGS = {
    "_AIRFLOW_PROCESS_CONTEXT": "client",  # as in the dag-processor's children
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "100",
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACKS": "True",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__SECRETS__BACKEND": "",
    "AIRFLOW__WORKERS__SECRETS_BACKEND": "",
    "AIRFLOW__METRICS__STATSD_ON": "False",
    "AIRFLOW__METRICS__OTEL_ON": "False",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite://",
}
_IMPORTS = re.compile(rb"^(?:from|import)\s+(airflow\.[\w.]+)", re.MULTILINE)
_SPEC = "airlock_spec"
_AS_SET = dict(os.environ)  # without those


@dataclass(frozen=True)
class Channel:
    """Where lines of JSON go."""

    descriptor: int

    def say(self, **values: Any) -> None:
        # a line of its own, whatever a DAG file wrote there
        data = ("\n" + json.dumps(values) + "\n").encode()
        while data:
            data = data[os.write(self.descriptor, data) :]


def main(arguments: Sequence[str]) -> None:
    """Parse as told until stdin ends."""
    channel, frames, door = Channel(int(arguments[0])), int(arguments[1]), int(arguments[2])
    request = json_form.loads(Request, sys.stdin.readline())
    kernel.prctl(kernel.PARENT_DEATH_SIGNAL, 9)
    faulthandler.register(SIGNAL, file=frames, all_threads=False)
    channel.say(sealed=_seal(door))
    _warm(request)
    channel.say(ready=_versions())
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "discover":
            from airlock_probe import discovery, needs  # noqa: PLC0415 - import Airflow

            found = discovery.discover(request)
            common = [json_form.plain(need) for need in needs.common_needs(_AS_SET)]
            channel.say(discovered=json_form.plain(found), common=common)
        elif command["do"] == "import":
            _import(request, command["files"])
        else:
            _parse(request, command, channel, frames)


def _seal(door: int) -> str:
    """Install the best filter that this machine has, and hand its listener to the supervisor.

    A filter holds for the thread that installs it and for what that starts later. The thread that hands the listener
    over is older: the supervisor could not answer its call yet.
    """
    machine = kernel.machine()
    listeners: queue.Queue[int] = queue.Queue()
    with socket.socket(fileno=door) as supervisor:
        messenger = threading.Thread(target=_hand_over, args=(supervisor, listeners))
        messenger.start()
        sealed, listener = "nothing", -1
        if machine is not None:
            with contextlib.suppress(OSError):
                listener, sealed = kernel.install(filters.notifying(machine), listener=True), "notified"
            if listener < 0:
                with contextlib.suppress(OSError):
                    kernel.install(filters.refusing(machine), listener=False)
                    sealed = "refused"
        listeners.put(listener)
        messenger.join()
    return sealed


def _hand_over(supervisor: socket.socket, listeners: queue.Queue[int]) -> None:
    listener = listeners.get()
    if listener >= 0:
        socket.send_fds(supervisor, [b"listener"], [listener])
        os.close(listener)


def _warm(request: Request) -> None:
    """Import Airflow as the dag-processor does, and take the database from it, as that does in its children."""
    os.environ.update(_SETTINGS)
    seconds = os.environ.get("AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT", "")
    if not seconds or float(seconds) > request.limits.seconds:
        os.environ["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = str(request.limits.seconds)
    from airflow.sdk.execution_time.supervisor import block_orm_access  # noqa: PLC0415 - as late as it can be

    from airlock_probe import batch, discovery, needs  # noqa: F401, PLC0415 - import Airflow

    _give_way()
    block_orm_access()
    batch.prepare(request)


def _give_way() -> None:
    """Let DAGs find the airlock_spec of the image, or none, as in production: a copy that was sent in comes first.

    The probe imported all that it needs of it by now.
    """
    own = Path(__file__).parents[1]
    if (own / _SPEC).is_dir():
        sys.path[:] = [place for place in sys.path if place != str(own)]
        for name in [name for name in sys.modules if name == _SPEC or name.startswith(f"{_SPEC}.")]:
            del sys.modules[name]


def _versions() -> dict[str, str]:
    import airflow  # noqa: PLC0415 - as above

    return {"airflow": airflow.__version__, "python": sys.version.split()[0]}


def _import(request: Request, files: Sequence[str]) -> None:
    """Import what the files import of Airflow and its providers, once for all batches, as the dag-processor does."""
    names = set()
    for path in files:
        with contextlib.suppress(OSError):
            names.update(_IMPORTS.findall(Path(f"{request.bundle}/{path}").read_bytes()))
    for name in sorted(names):
        with contextlib.suppress(Exception):  # the file that wants it will say so, in its own line
            importlib.import_module(name.decode())


def _parse(request: Request, command: dict[str, Any], channel: Channel, frames: int) -> None:
    """Fork a process that parses the files of a command, wait for it, and say how it ended."""
    from airlock_probe import batch  # noqa: PLC0415 - imports Airflow

    gc.collect()
    gc.freeze()
    process = os.fork()
    if process == 0:
        with contextlib.suppress(OSError):
            batch.run(request, {**command, "frames": frames}, channel)
        os._exit(processes.CLOSED)
    channel.say(batch=process)
    _, status = os.waitpid(process, 0)
    gc.unfreeze()
    channel.say(ended=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1:])
