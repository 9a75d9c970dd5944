"""The two programs of the lab that run in the image, and what they say: the tests of the ADR, and every DAG."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import layout
from airlock.errors import LabError
from airlock.lab import starting
from airlock.lab.starting import Outcome, Wanted
from airlock.platforms import native
from airlock.terminal import aligned
from airlock.up import images
from airlock_spec.lab import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session

ADR, OURS = "ADR-001", "airlock"
LOGS = "s3://airlock-lab-logs/tasks"
_WITHOUT = ("sqs", "ssm", "ecs")  # one of them has no endpoint, and is called all the same
_INTERRUPTED = 128 + signal.SIGINT  # as the sandbox says it
_PLACE = "/run/airlock/program.py"


@dataclass(frozen=True)
class Answered:
    """A test, whose it is, its endpoint ("": of none), whether it holds, and what was said."""

    test: str
    whose: str
    service: str
    holds: bool
    seconds: float
    said: str


@dataclass(frozen=True)
class Ran:
    """A DAG, or a file that holds none; the state that it came to in so many seconds; the task that failed, and why."""

    dag: str
    state: str
    seconds: float
    task: str
    said: str


def adr(session: Session, services: tuple[str, ...], *, patient: bool) -> tuple[list[Answered], Outcome]:
    """Run the tests. Raises LabError, and what `starting.run` raises.

    With `patient`, a call without an endpoint is also made with botocore's defaults, and waited for: minutes.
    """
    service = next((one for one in _WITHOUT if one not in services), "")
    asked = {"region": REGION, "account": ACCOUNT, "service": service, "patient": patient}
    outcome = _run(session, "adr", asked, Wanted(services, (), captured=True))
    return [Answered(**one) for one in _lines(outcome)], outcome


def dags(
    session: Session, services: tuple[str, ...], names: Sequence[str], seconds: float
) -> tuple[list[Ran], Outcome]:
    """Run DAGs, all where none is named, each for so many seconds at most. Raises as `adr` does."""
    image = layout.read_image(session.config.layout, native())
    asked = {
        "dags": list(names),
        "files": sum(map(_holds_dag, (session.project / "dags").rglob("*.py"))),
        "entrypoint": list(image.settings.get("Entrypoint") or ()),
        "seconds": seconds,
    }
    env = {"AIRFLOW__LOGGING__REMOTE_LOGGING": "True", "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": LOGS}
    outcome = _run(session, "dags", asked, Wanted(services, (), env=env, captured=True, outside=True))
    return [Ran(**one) for one in _lines(outcome)], outcome


def failing(tests: Sequence[Answered], services: Sequence[str]) -> list[Answered]:
    """Return what ought to hold and does not: the ADR's tests, and ours but those of endpoints that are not there."""

    def ought(one: Answered) -> bool:
        return one.whose == ADR or (one.whose == OURS and one.service in ("", *services))

    return [one for one in tests if not one.holds and ought(one)]


def text_of_tests(tests: Sequence[Answered], services: Sequence[str]) -> str:
    """Return a table for people."""
    rows = [["test", "of", "endpoint", "verdict", "seconds", ""]]
    for one in tests:
        endpoint = one.service if one.service in services or not one.service else f"no {one.service}"
        verdict = "holds" if one.holds else "does not hold"
        rows.append([one.test, one.whose, endpoint, verdict, f"{one.seconds:.2f}", one.said])
    return "\n".join(aligned(rows, {4}))


def text_of_dags(ran: Sequence[Ran]) -> str:
    """Return a table for people, and below it what failed."""
    rows = [["DAG", "state", "seconds"], *([one.dag, one.state, f"{one.seconds:.1f}"] for one in ran)]
    failed = [
        f"{one.dag}{one.task and ', '}{one.task}: {one.said or 'its log says nothing of it'}"
        for one in ran
        if one.task or one.said
    ]
    return "\n".join([*aligned(rows, {2}), *(["", *failed] if failed else [])])


def _holds_dag(file: Path) -> bool:
    """Whether Airflow looks for DAGs in a file: it must have both words (`core.dag_discovery_safe_mode`)."""
    content = file.read_bytes().lower()
    return b"dag" in content and b"airflow" in content


def _run(session: Session, name: str, asked: dict[str, Any], wanted: Wanted) -> Outcome:
    program = images.lab_project(session.project.absolute()) / "inside" / f"{name}.py"
    command = ("python", "-I", _PLACE, json.dumps(asked))
    binds = ((str(Path(program).absolute()), _PLACE),)
    made = Wanted(
        wanted.services, command, wanted.env, binds, outside=wanted.outside, captured=wanted.captured
    )
    outcome = starting.run(session, made)
    if outcome.code == _INTERRUPTED:
        raise KeyboardInterrupt
    if outcome.code:
        raise LabError(
            f"the program of `airlock lab {name}` ended with exit code {outcome.code}",
            cause="what it said is above",
            remedy="airlock lab run -- airflow version  (which says whether the image runs)",
        )
    return outcome


def _lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outcome.said.splitlines() if line.startswith("{")]
