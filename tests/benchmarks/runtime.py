"""`make bench-runtime`: how soon the services are there, what looking at their health costs, what they hold idle.

Against a peer that differs in nothing but its runtime (official.py), both on the same database in the same run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import AirlockError
from airlock.places import places
from benchmarks import docker as docker_engine
from benchmarks.builders import LOAD, Composer, name_of
from benchmarks.docker import docker
from benchmarks.official import OfficialLike
from benchmarks.results import REPOSITORY, Report, Result, Target, machine
from benchmarks.services import (
    ALL,
    API_SERVER,
    FORGET,
    SCHEDULER,
    STARTED,
    WORKER,
    Container,
    Surroundings,
)
from project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.services import Service

Figures = dict[str, float]  # by case
PEER = "official-like"
UNITS = {"start": "s", "cpu": "s", "health": "ms", "memory": "MB"}
OURS: Mapping[Service, Sequence[str]] = {
    one: ("airlock-health", one.name) for one in (SCHEDULER, API_SERVER, WORKER)
}
THEIRS: Mapping[Service, Sequence[str]] = {
    SCHEDULER: ("sh", "-c", 'airflow jobs check --job-type SchedulerJob --hostname "$HOSTNAME"'),
    API_SERVER: (
        "curl",
        "--fail",
        "--silent",
        "--output",
        "/dev/null",
        "http://{address}:8080/api/v2/version",
    ),
    WORKER: (
        *("sh", "-c"),
        'celery --app airflow.providers.celery.executors.celery_executor.app inspect ping -d "celery@$HOSTNAME"',
    ),
}
FORKED = (SCHEDULER, WORKER)  # whose official checks start Airflow
TARGETS = (
    *(Target(f"{what}.{one.name}", PEER, at_least=1) for what in ("start", "cpu") for one in STARTED),
    *(Target(f"memory.{one.name}", PEER, at_least=0.98) for one in ALL),  # no more, but for the noise
    *(Target(f"health.{one.name}.{what}", PEER, at_least=10) for what in ("cpu", "wall") for one in FORKED),
    *(Target(f"health.{one.name}.peak", PEER, at_least=1) for one in FORKED),
    *(Target(f"health.{API_SERVER.name}.{what}", PEER, at_least=1) for what in ("cpu", "wall", "peak")),
)
ABOUT = """
`make bench-runtime`, on {machine}, Docker Engine {version}, load {load} when it ended. Ours and theirs take
turns, on one PostgreSQL that is migrated, with Celery, on a network with no way out.

- `start`: seconds from `docker run` until the api-server answers its health route, and until the others' first
  heartbeat is in the database; `cpu`: what the container had used of the processor by then. Medians of
  {repeats.started}.
- `memory`: what an idle service holds after {repeats.idle} s, without pages of files.
- `health`: one call of the health check, in the container: the mean of the processor, the median of the clock, and
  the most memory of one of its processes (10 MB is the least that can be seen), of {repeats.ours} calls (ours)
  and {repeats.theirs} (theirs; of the api-server {repeats.ours}).
- `official-like` is image/Dockerfile built by BuildKit: the same packages, with bytecode, which the official image
  lacks. It starts as the official image does (`airflow db check`; for scheduler and worker `airflow config
  get-value` twice), with Airflow's own defaults. Its checks are `airflow jobs check` (the official Helm chart's of
  a scheduler), `celery inspect ping`, and curl: this machine's, from outside, for there is none in the tree.
"""


@dataclass(frozen=True)
class Repeats:
    """How often a start is measured, how long a service idles, how many checks of ours and theirs are made."""

    started: int
    idle: int
    ours: int
    theirs: int


FULL, QUICK = Repeats(3, 60, 100, 25), Repeats(1, 15, 20, 3)


@dataclass(frozen=True)
class Side:
    """An image in the engine, and how its services are asked whether they are healthy."""

    image: str
    checks: Mapping[Service, Sequence[str]]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-runtime", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure each start once, and fewer checks")
    repeats = QUICK if parser.parse_args(arguments).quick else FULL
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=places().root) as folder:
            report = measure(Path(folder), repeats)
        report.write()
        print(report.page())  # noqa: T201 - the result
    except AirlockError as error:
        sys.stderr.write(f"bench-runtime: {error}\n")
        return error.exit_code
    finally:
        docker_engine.remove_images()
    return 0


def measure(folder: Path, repeats: Repeats) -> Report:
    """Build both images and the lab's, and measure all of them."""
    say("building the images")
    lab = load_lab()
    sides = build(folder)
    with Surroundings.made(lab, sides[0].image) as around:
        started = started_in_turns(around, sides, repeats.started)
        ran = [run(around, side, repeats) for side in sides]
    ours, theirs = (one | other for one, other in zip(started, ran, strict=True))
    return Report("runtime", "Running the image", about(repeats), tuple(compared(ours, theirs)), TARGETS)


def load_lab() -> str:
    """Compose the lab's image, which has the database and the broker."""
    name = name_of("lab")
    project = Project(REPOSITORY / "lab", places().root, {"AIRLOCK_NAME": name})
    project.run("--quiet", "image", "--offline", "--load")
    return f"{name}:latest"


def build(folder: Path) -> tuple[Side, Side]:
    """Build ours and theirs, from copies of the project and with this user's caches: that is not measured here."""
    composer, peer = (
        kind(Project.copy(folder / name, places().root, AIRLOCK_NAME=name_of(name)))
        for kind, name in ((Composer, "airlock"), (OfficialLike, PEER))
    )
    composer.build(LOAD)
    assert isinstance(peer, OfficialLike)
    peer.prepare()
    peer.build(LOAD)
    return Side(composer.reference, OURS), Side(peer.reference, THEIRS)


def started_in_turns(around: Surroundings, sides: tuple[Side, Side], times: int) -> tuple[Figures, Figures]:
    """Start each service of both images in turns, so that a slow minute of the machine hits both."""
    found: tuple[Figures, Figures] = ({}, {})
    for service in STARTED:
        spent: tuple[list[tuple[float, float]], ...] = ([], [])
        for _ in range(times + 1):  # the first brings the image's files into memory
            for side, seconds in zip(sides, spent, strict=True):
                seconds.append(start(around, side.image, service))
        for figures, seconds in zip(found, spent, strict=True):
            figures[f"start.{service.name}"] = median(one for one, _ in seconds[1:])
            figures[f"cpu.{service.name}"] = median(one for _, one in seconds[1:])
        say(f"{service.name}: {spent}")
    return found


def start(around: Surroundings, image: str, service: Service) -> tuple[float, float]:
    """Start a service; return the seconds until its first sign of life, and what it has used of the processor."""
    around.wait_for(FORGET)
    begun = time.perf_counter()
    container = around.start(image, service)
    try:
        container.until_alive()
        return time.perf_counter() - begun, container.used().cpu
    finally:
        container.remove()


def run(around: Surroundings, side: Side, repeats: Repeats) -> Figures:
    """Run all services of an image, let them idle, and look at their memory and at their health."""
    around.wait_for(FORGET)
    running = [around.start(side.image, service) for service in ALL]
    try:
        for container in running:
            if container.service.sign:
                container.until_alive()
            elif check := side.checks.get(container.service):
                container.until(check)
        time.sleep(repeats.idle)
        found = {f"memory.{one.service.name}": one.used().memory for one in running}
        for container in running:
            if container.service in side.checks:
                found |= checked(container, side, repeats)
        say(f"{side.image}: {found}")
        return found
    finally:
        for container in running:
            container.remove()


def checked(container: Container, side: Side, repeats: Repeats) -> Figures:
    """Look at the health of a service many times; nothing where there is no curl to do so."""
    service, words = container.service, side.checks[container.service]
    cheap = side.checks is OURS or service is API_SERVER
    times = repeats.ours if cheap else repeats.theirs
    outside = words[0] == "curl"
    if outside and process.find("curl") is None:
        return {}
    cost = container.spent_outside(times, words) if outside else container.spent(times, words)
    figures = {
        "cpu": cost["processor"] / times * 1e3,
        "wall": cost["median"] * 1e3,
        "peak": cost["peak"] / 1e6,
    }
    return {f"health.{service.name}.{what}": value for what, value in figures.items()}


def compared(ours: Figures, theirs: Figures) -> list[Result]:
    return [Result(case, PEER, value, theirs.get(case), unit(case)) for case, value in ours.items()]


def unit(case: str) -> str:
    return "MB" if case.endswith(".peak") else UNITS[case.partition(".")[0]]


def about(repeats: Repeats) -> str:
    version = docker("version", "--format", "{{.Server.Version}}").stdout.strip()
    load = f"{os.getloadavg()[1]:.1f}"
    return ABOUT.format(machine=machine(), version=version, load=load, repeats=repeats)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
