"""Asks the probe, in a process of its own, as `airlock check` does from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_spec.check import json_form
from airlock_spec.check.environment import without_asking
from airlock_spec.check.facts import Run
from airlock_spec.wording import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock_spec.check.request import Request

LIBRARY = Path(__file__).parent.parent
_PROBE = ("-P", "-m", "airlock_probe")


class Failure(Exception):  # noqa: N818 - it is told, not caught as a fault
    """The probe did not answer."""


def ask(request: Request, own: Mapping[str, str], probe: tuple[str, ...] = _PROBE) -> Run:
    """Return the facts that a request asks for; `own` are variables for the parsing processes.

    Raises Failure where the probe fails: Airflow cannot be imported, or its configuration is wrong.
    """
    environ = without_asking(os.environ.items(), own)
    # What the image set stays behind it: DAGs may import from there.
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(LIBRARY), environ.get("PYTHONPATH", ""))))
    said = ""
    with subprocess.Popen(
        [sys.executable, *probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json_form.dumps(request).encode())
            process.stdin.close()
        except BrokenPipeError:  # what it says instead of listening is the better message
            pass
        for line in process.stdout:
            try:
                message = json.loads(line)
                if "run" in message:
                    return json_form.structured(Run, message["run"])
                if "progress" in message:
                    _progress(*message["progress"])
                said = str(message.get("error", said))
            except (ValueError, TypeError, AttributeError) as error:
                said = f"its answer cannot be read: {error}"
    raise Failure(
        "the probe, which parses DAGs, failed\n"
        f"  because: {printable(said or f'exit code {process.returncode}')}\n"
        "  next:    airflow version, to see whether Airflow itself starts here"
    )


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done}/{total}" + ("\r\x1b[K" if done == total else ""))
        sys.stderr.flush()
