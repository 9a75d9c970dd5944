"""What health checks cost: airlock-health against what the official image's documentation runs, in one container.

    make bench-health >docs/benchmarks/health.md

Wants a Docker Engine, the image (AIRLOCK_TEST_IMAGE, or airlock/airflow) and the lab's (AIRLOCK_TEST_LAB_IMAGE, or
airlock/lab). AIRLOCK_BENCH_CHECKS says how many checks of ours are run (100), AIRLOCK_BENCH_PEERS how many of the
others (20): they take seconds each.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_services import Deployment, Service, deployed
from airlock import process
from airlock.errors import EngineError
from containers import Engine, Image

if TYPE_CHECKING:
    from collections.abc import Sequence

IMAGE = os.environ.get("AIRLOCK_TEST_IMAGE", "airlock/airflow:latest")
LAB = os.environ.get("AIRLOCK_TEST_LAB_IMAGE", "airlock/lab:latest")
CHECKS = int(os.environ.get("AIRLOCK_BENCH_CHECKS", "100"))
PEERS = int(os.environ.get("AIRLOCK_BENCH_PEERS", "20"))

JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
APP = "airflow.providers.celery.executors.celery_executor.app"
HEADER = """\
# Health checks

`make bench-health`, on {processors} processors, with Airflow at rest: one check after the
other, in the container of the component. The processor time and the time of a check are means and medians; memory is
the peak of the biggest process. The peers are what the compose file of Airflow's documentation runs; its check of the
API server is curl, which is not in the image.

| component | check | checks | failed | processor | time | memory | ratio of processor | of memory |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True)
class Cost:
    """What a number of checks cost: seconds and bytes."""

    times: int
    failed: int
    processor: float
    median: float
    peak: int


def cost(service: Service, command: Sequence[str], times: int) -> Cost:
    """Run a check many times in a service's container."""
    found = service.cost(*command, times=times)
    return Cost(times, int(found["failed"]), found["processor"], found["median"], int(found["peak"]))


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
    hostname = service.engine.text("exec", service.name, "uname", "-n")
    ours = cost(service, ["airlock-health", component], CHECKS)
    others = [(name, cost(service, command, PEERS)) for name, command in peers(component, hostname)]
    return [
        row(component, name, found, ours) for name, found in ((f"airlock-health {component}", ours), *others)
    ]


def row(component: str, check: str, found: Cost, ours: Cost) -> str:
    """Return a line of the table."""
    processor = found.processor / found.times
    ratio = processor / (ours.processor / ours.times)
    cells = (
        str(found.times),
        str(found.failed),
        f"{processor * 1000:.0f} ms",
        f"{found.median * 1000:.0f} ms",
        f"{found.peak / 1e6:.0f} MB",
        f"{ratio:.0f}",
        f"{found.peak / ours.peak:.1f}",
    )
    return f"| {component} | `{check}` | {' | '.join(cells)} |"


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
    with deployed(Image(Engine(program), IMAGE), LAB) as made:
        found = measure(made)
    print(HEADER.format(processors=os.cpu_count()), *found, sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
