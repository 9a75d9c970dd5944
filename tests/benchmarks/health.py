"""What health checks cost: airlock-health against what the official image's documentation runs, in one container.

    python -m benchmarks.health >docs/benchmarks/health.md

Wants a Docker Engine, the image (AIRLOCK_TEST_IMAGE, or airlock/airflow) and the lab's (AIRLOCK_TEST_LAB_IMAGE, or
airlock/lab). AIRLOCK_BENCH_CHECKS says how many checks of each are run (100); the peers' take seconds each.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_services import Deployment, Service, deployed
from airlock import process
from airlock.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from subprocess import CompletedProcess

INSIDE = Path(__file__).parents[1] / "integration" / "inside"
IMAGE = os.environ.get("AIRLOCK_TEST_IMAGE", "airlock/airflow:latest")
LAB = os.environ.get("AIRLOCK_TEST_LAB_IMAGE", "airlock/lab:latest")
CHECKS = int(os.environ.get("AIRLOCK_BENCH_CHECKS", "100"))
TARGET = 10  # times cheaper, in processor time

JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
APP = "airflow.providers.celery.executors.celery_executor.app"
HEADER = """\
# Health checks

`PYTHONPATH=tests python -m benchmarks.health`, on {processors} processors: {checks} checks of each, one after the
other, in the container of the component, with Airflow at rest. Processor time is of all checks together; memory is
the peak of the biggest process; the time is the median of one check. The peers are what the compose file of Airflow's
documentation runs.

| component | check | failed | processor | a check | memory | ratio of processor | of memory |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Docker:
    """The docker CLI; it raises CommandError where it fails."""

    program: Path

    def run(
        self, *arguments: str | Path, stdin: bytes | None = None, check: bool = True
    ) -> CompletedProcess[bytes]:
        return process.run([self.program, *arguments], stdin=stdin, check=check)

    def text(self, *arguments: str | Path, stdin: bytes | None = None) -> str:
        return self.run(*arguments, stdin=stdin).stdout.decode().strip()


@dataclass(frozen=True)
class Loaded:
    """The image that is measured."""

    engine: Docker
    reference: str


@dataclass(frozen=True)
class Cost:
    """What a number of checks cost: seconds and bytes."""

    times: int
    failed: int
    processor: float
    median: float
    slowest: float
    peak: int


def cost(service: Service, command: Sequence[str]) -> Cost:
    """Run a check many times in a service's container."""
    run = ("exec", "--interactive", service.name, "/usr/bin/python3", "-IS", "-", str(CHECKS), *command)
    said = service.engine.text(*run, stdin=(INSIDE / "cost_of.py").read_bytes())
    return Cost(**json.loads(said.splitlines()[-1]))


def peers(component: str, hostname: str) -> list[tuple[str, list[str]]]:
    """Return the checks of the documentation, with a name for each."""
    if job := JOBS.get(component):
        command = ["airflow", "jobs", "check", "--job-type", job, "--hostname", hostname]
        return [(f"airflow jobs check --job-type {job}", command)]
    if component == "worker":
        return [
            ("celery inspect ping", ["celery", "--app", APP, "inspect", "ping", "-d", f"celery@{hostname}"])
        ]
    return []  # curl, which the image does not have; see the page on health


def rows(component: str, service: Service) -> list[str]:
    """Measure the checks of one component."""
    hostname = service.engine.text("exec", service.name, "hostname")
    ours = cost(service, ["airlock-health", component])
    found = [row(component, f"airlock-health {component}", ours, None)]
    return found + [
        row(component, name, cost(service, command), ours) for name, command in peers(component, hostname)
    ]


def row(component: str, check: str, found: Cost, ours: Cost | None) -> str:
    ratios = f"{found.processor / ours.processor:.0f} | {found.peak / ours.peak:.1f}" if ours else " | "
    cells = (
        f"{found.failed} of {found.times} | {found.processor:.2f} s | {found.median * 1000:.0f} ms | "
        f"{found.peak / 1e6:.0f} MB | {ratios}"
    )
    return f"| {component} | `{check}` | {cells} |"


def measure(made: Deployment) -> list[str]:
    """Start each component in turn and measure its checks."""
    found: list[str] = []
    for component in (*JOBS, "worker", "api-server"):
        command = ("celery", "worker") if component == "worker" else (component,)
        with made.component(*command) as service:
            service.until("healthy: ")
            found += rows(component, service)
    return found


def main() -> None:
    program = process.find("docker")
    if program is None:
        raise EngineError("there is no docker program", remedy="install one")
    with deployed(Loaded(Docker(program), IMAGE), LAB) as made:
        found = measure(made)
    print(HEADER.format(processors=os.cpu_count(), checks=CHECKS), *found, sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
