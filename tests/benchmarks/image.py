"""`make bench-image`: what it costs to build the image, against BuildKit on the same machine.

Each case is measured on a copy of the project with caches of its own. *new*: nothing is cached but the store
and BuildKit's base; *nothing*: the same again; *operator*: a line more in an operator; *bump*: another version
of the amazon provider.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from airlock.errors import AirlockError, EngineError
from airlock.places import places
from benchmarks import changes
from benchmarks import docker as docker_engine
from benchmarks.builders import LAYOUT, LOAD, BuildKit, Composer, LinkedBuildKit, OneStepBuildKit, name_of
from benchmarks.measuring import peak_memory
from benchmarks.results import Report, Result, Target, machine
from project import Project, share_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.layout import LaidOutImage
    from benchmarks.builders import Builder

Figures = dict[str, float]  # by case

_TARGETS = (
    Target("layout.new", "buildkit", at_least=2),
    Target("layout.bump", "buildkit", at_least=20),
    Target("layout.operator", "buildkit", at_least=20),
    Target("layout.nothing", "buildkit", at_least=20),
    Target("load.new", "buildkit", at_least=1.3),
    Target("load.bump", "buildkit", at_least=10),
    Target("load.operator", "buildkit", at_least=1.2),
    Target("load.nothing", "buildkit", at_least=0.67),
    Target("bytes.bump", "buildkit", at_most=0.02),
    Target("size.compressed", "buildkit", at_least=0.98),
    Target("start.version", "buildkit", at_least=0.95),  # no slower, but for the noise
    Target("start.import", "buildkit", at_least=0.95),
    Target("peak.memory", "buildkit", at_most=1500),
)
TARGETS = (*_TARGETS, *(replace(target, peer="buildkit-one-step") for target in _TARGETS))
IMPORTS = (
    "import airflow.dag_processing.dagbag, airflow.providers.amazon.aws.hooks.s3, "
    "airflow.providers.cncf.kubernetes.operators.pod"
)
SEALED = (
    *("--network", "none", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - in the container
    *("--tmpfs", "/opt/airflow/logs:mode=1777"),
)
CHANGES = {"operator": changes.edit_operator, "bump": changes.move_provider}
PEERS = {
    "buildkit": BuildKit,
    "buildkit-one-step": OneStepBuildKit,
    "buildkit-linked": LinkedBuildKit,
}
STARTS = {"start.version": ("version",), "start.import": ("python", "-c", IMPORTS)}
UNITS = {"layout": "s", "load": "s", "bytes": "share", "size": "MB", "start": "s", "peak": "MB"}


@dataclass(frozen=True)
class Repeats:
    """How often a case is measured; its figure is the median."""

    new: int
    changed: int
    started: int


ABOUT = """
`make bench-image`, on {machine}, against BuildKit in Docker Engine {version}. Seconds are those of whole
commands, medians of {repeats.new} (`new`), {repeats.changed} (changes) and {repeats.started} (containers) runs.

- `layout`: `airlock image --offline` against an OCI layout from BuildKit with `rewrite-timestamp=true`, both
  zstd level 3. `load`: into the engine, `airlock image --offline --load` against `docker buildx bake`.
- `new`: nothing is cached but the sealed store and, for BuildKit, the base. `operator`: a line more in one
  operator. `bump`: another version of the amazon provider. `nothing`: the same again.
- `bytes.bump`: what a host pulls after the bump, as a share of the image. `size.compressed`: all layers.
- `start`: a container without a network that prints Airflow's version, or imports what parses DAGs with two
  providers. `peak.memory`: of `layout.new`; BuildKit's daemon does not tell.
- `buildkit` builds `image/Dockerfile`, where providers are a step of their own after the libraries;
  `buildkit-one-step` the same with all locked wheels in one step, as most Dockerfiles have it;
  `buildkit-linked` with a stage for each of airlock's layers, laid into the image by `COPY --link`. Not
  counted for any: preparing its context, but for the wheels of the project's own distributions, which
  airlock builds in its time, too.
"""
FULL, QUICK = Repeats(1, 3, 5), Repeats(1, 1, 2)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-image", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure each case once, containers twice")
    parser.add_argument("--peer", action="append", choices=PEERS, help="measure against this one alone")
    chosen = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=places().root) as folder:
            repeats = QUICK if chosen.quick else FULL
            for report in measure(Path(folder), repeats, chosen.peer or list(PEERS)):
                report.write()  # after each peer: the whole takes half an hour
    except AirlockError as error:
        sys.stderr.write(f"bench-image: {error}\n")
        return error.exit_code
    finally:
        docker_engine.remove_images()
    print(report.page())  # noqa: T201 - the result
    return 0


def measure(folder: Path, repeats: Repeats, peers: Sequence[str]) -> Iterator[Report]:
    """Measure airlock, then each peer; containers of both are timed in turns. Yield all that is known so far."""
    composer = Composer(copy(folder, "airlock"))
    results: list[Result] = []
    try:
        ours = build_cases(composer, repeats)
        ours["peak.memory"] = cold_memory(composer)
        composer.build(LOAD)
        for peer in peers:
            results += against(composer, ours, PEERS[peer](copy(folder, peer)), repeats)
            yield Report("image", "Building the image", about(repeats), tuple(results), TARGETS)
    finally:
        docker_engine.remove_images(composer.loaded)


def against(composer: Composer, ours: Figures, peer: BuildKit, repeats: Repeats) -> list[Result]:
    try:
        theirs = build_cases(peer, repeats)
        started = started_in_turns((composer, peer), repeats.started)
        return compared(ours | started[0], theirs | started[1], peer.peer)
    finally:
        docker_engine.remove_images(peer.loaded, name_of(peer.peer))


def copy(folder: Path, name: str) -> Project:
    """Return a copy of the project with caches of its own, and a store of links to the sealed one."""
    cache = folder / name / "cache"
    share_store(places().root, cache)
    return Project.copy(folder / name / "project", cache, AIRLOCK_NAME=name_of(name))


def build_cases(builder: Builder, repeats: Repeats) -> Figures:
    """Measure what it costs to build: seconds for each change into each target, bytes of the layers."""
    found: Figures = {}
    for target in (LAYOUT, LOAD):
        new = [new_build(builder, target, repeats) for _ in range(repeats.new)]
        found[f"{target}.new"] = median(new)
        found[f"{target}.nothing"] = median([builder.build(target) for _ in range(repeats.changed)])
        for case, change in CHANGES.items():
            spent = []
            for _ in range(repeats.changed):
                before = builder.laid_out()
                change(builder.project)
                spent.append(builder.build(target))
            found[f"{target}.{case}"] = median(spent)
        if target == LAYOUT:
            found["bytes.bump"] = share_to_pull(before, builder.laid_out())
            found["size.compressed"] = size(builder.laid_out()) / 1e6
        say(f"{builder.reference}: {found}")
    return found


def new_build(builder: Builder, target: str, repeats: Repeats) -> float:
    """Build with nothing cached. Raises EngineError where the engine holds what is to be loaded as new."""
    layers = builder.laid_out() if target == LOAD else None
    builder.forget()
    held = docker_engine.held_layers(layers) if layers and isinstance(builder, Composer) else 0
    if held:
        what = f"the engine holds {held} layers of what is to be loaded as new, from other images"
        if repeats is not QUICK:
            raise EngineError(what, remedy="docker image ls; docker image rm NAME")
        say(f"{what}: load.new says nothing")
    return builder.build(target)


def share_to_pull(before: LaidOutImage, after: LaidOutImage) -> float:
    """Return what a host that holds the image before must pull, as a share of the bytes of the image after."""
    held = {layer.digest for layer in before.layers}
    return sum(layer.size for layer in after.layers if layer.digest not in held) / size(after)


def size(image: LaidOutImage) -> int:
    return sum(layer.size for layer in image.layers)


def cold_memory(composer: Composer) -> float:
    """Return the most memory, in MB, that composing everything anew takes."""
    composer.forget()
    command = composer.project.command("--quiet", "image", "--offline")
    return peak_memory(command, composer.project.variables()) / 1e6


def started_in_turns(builders: tuple[Builder, Builder], times: int) -> tuple[Figures, Figures]:
    """Time containers of two images, one after the other, so that a slow minute of the machine hits both."""
    found: tuple[Figures, Figures] = ({}, {})
    for case, command in STARTS.items():
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(times + 1):  # the first brings the image's files into memory
            for builder, seconds in zip(builders, spent, strict=True):
                run = docker_engine.docker("run", "--rm", *SEALED, builder.reference, *command)
                seconds.append(run.seconds)
        for figures, seconds in zip(found, spent, strict=True):
            figures[case] = median(seconds[1:])
    return found


def compared(ours: Figures, theirs: Figures, peer: str) -> list[Result]:
    return [
        Result(case, peer, value, theirs.get(case), UNITS[case.partition(".")[0]])
        for case, value in ours.items()
    ]


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def about(repeats: Repeats) -> str:
    version = docker_engine.docker("version", "--format", "{{.Server.Version}}").stdout.strip()
    return ABOUT.format(machine=machine(), version=version, repeats=repeats)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
