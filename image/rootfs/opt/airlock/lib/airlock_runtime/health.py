"""airlock-health: whether a component of Airflow is healthy, without importing Airflow.

    airlock-health [COMPONENT] [--json]

COMPONENT is scheduler, dag-processor, triggerer, api-server, worker (or `celery worker`), or standalone.
Without it, process 1's command line says what this container runs.

Exit code 0: healthy. 1: anything else, and the line begins with `starting` or `unhealthy`. Never 2.

For ECS: "healthCheck": {"command": ["CMD", "airlock-health", "scheduler"]}

How long something may last, in seconds (300 each):
  AIRLOCK_HEALTH_STARTING  from a component's start to its first sign of life
  AIRLOCK_HEALTH_BUSY      without a sign of life, while it uses the processor
  AIRLOCK_HEALTH_OUTAGE    without its database or broker, which a new container could not mend
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from airlock_runtime import components, processes
from airlock_runtime.check import Check, Finding
from airlock_runtime.deadline import within
from airlock_runtime.verdict import HEALTHY, UNHEALTHY, Bounds, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock_runtime.components import Component
    from airlock_runtime.processes import Process

DEADLINE = (
    8.0  # seconds; what hangs outside is given up after three, the rest is for a processor that many share
)
PREFIX = "AIRLOCK_HEALTH_"


class UsageError(Exception):
    """The command or its settings are wrong."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Check, say it, and end this process, whatever a thread still waits for."""
    try:
        code = run(arguments)
    except UsageError as error:
        print(f"{UNHEALTHY}: {error}")  # noqa: T201 - the result
        code = 1
    sys.stdout.flush()
    os._exit(code)


def run(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Do what the arguments ask for and return the exit code. Raises UsageError."""
    options = {word for word in arguments if word.startswith("-")}
    words = [word for word in arguments if word not in options]
    if options & {"-h", "--help"}:
        print((__doc__ or "").strip())  # noqa: T201
        return 0
    if options - {"--json"}:
        raise UsageError(f"there is no option {min(options - {'--json'})}: see airlock-health --help")
    limits = bounds(environ)
    try:
        findings = within(DEADLINE, lambda: check(words, limits, environ, processes.every()))
    except TimeoutError as error:
        findings = [Finding(" ".join(words), Verdict(UNHEALTHY, f"nothing could be found out: {error}"))]
    print(as_json(findings) if "--json" in options else as_line(findings))  # noqa: T201
    return 0 if all(one.verdict.status == HEALTHY for one in findings) else 1


def check(
    words: Sequence[str], limits: Bounds, environ: Mapping[str, str], everything: Sequence[Process]
) -> list[Finding]:
    """Check the components that are meant among all processes, the oldest first. Raises UsageError."""
    init = next((one for one in everything if one.pid == 1), None)
    runs = components.asked_for(init.words) if init else None
    running = components.running(everything)
    wanted = component(words, runs, list(running))
    group = components.EMBEDDED if wanted is components.STANDALONE else (wanted,)
    meant = components.EMBEDDED if runs is components.STANDALONE else ()
    if runs and wanted is not runs and wanted not in {*meant, *running}:
        return [
            Finding(wanted.name, Verdict(UNHEALTHY, f"this container runs {runs.name}, not {wanted.name}"))
        ]
    checking = Check(everything, init, environ, limits)
    return [checking.find(one, running.get(one)) for one in group]


def component(words: Sequence[str], runs: Component | None, running: Sequence[Component]) -> Component:
    """Return the component that is meant. Raises UsageError."""
    names = ", ".join(one.name for one in components.ALL)
    if words:
        named = components.named(words)
        if named is None:
            raise UsageError(f"there is no component {' '.join(words)}: {names}")
        return named
    found = runs or (running[0] if len(running) == 1 else None)
    if found is None:
        raise UsageError(f"process 1 does not tell what this container runs; name it: {names}")
    return found


def bounds(environ: Mapping[str, str]) -> Bounds:
    """Return how long something may last. Raises UsageError for what is no number of seconds."""
    given = {}
    for name in Bounds._fields:
        text = environ.get(f"{PREFIX}{name.upper()}", "")
        if text:
            try:
                given[name] = float(text)
            except ValueError as error:
                raise UsageError(f"{PREFIX}{name.upper()} must be seconds, as 300, not {text!r}") from error
    return Bounds(**given)


def as_line(findings: Sequence[Finding]) -> str:
    """Say it in one line that begins with the worst state."""
    order = [HEALTHY, "starting", UNHEALTHY]
    worst = max((one.verdict.status for one in findings), key=order.index)
    if len(findings) == 1:
        return str(findings[0].verdict)
    said = (one.verdict for one in findings)
    return f"{worst}: " + "; ".join(
        one.reason if one.status == worst else f"({one})"
        for one in sorted(said, key=lambda v: v.status != worst)
    )


def as_json(findings: Sequence[Finding]) -> str:
    """Say it as a JSON list, one object for each component."""
    import json  # noqa: PLC0415 - an import that most checks need not pay for

    return json.dumps(
        [
            {
                "component": one.component,
                "status": one.verdict.status,
                "reason": one.verdict.reason,
                "pid": one.pid,
                "last": one.last,
            }
            for one in findings
        ]
    )
