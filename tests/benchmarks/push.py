"""`make bench-push`: what it costs to push the image, against docker and skopeo, and BuildKit's image and cache.

All push to a real registry on this machine; one that is empty for each case, and the same for all where a case
needs what was pushed before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import AirlockError, EngineError
from airlock.places import places
from benchmarks import changes, registry_cache
from benchmarks import docker as docker_engine
from benchmarks.builders import LAYOUT, LOAD, BuildKit, Composer, OneStepBuildKit, name_of
from benchmarks.measuring import peak_memory
from benchmarks.pushers import Airlock, Docker, Skopeo, sent
from benchmarks.registry_cache import Keys
from benchmarks.results import Report, Result, Target, machine
from project import Project, share_store
from registries import registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.builders import Builder
    from benchmarks.pushers import Pusher
    from registries import RunningRegistry

NO_SLOWER = 0.91  # no more than 1.1 times theirs
BUILDERS = {"buildkit": BuildKit, "buildkit-one-step": OneStepBuildKit}
TARGETS = (
    *(Target("new", peer, at_least=NO_SLOWER) for peer in ("docker push", "skopeo copy")),
    *(Target("nothing", peer, at_most=1) for peer in ("docker push", "skopeo copy")),
    *(Target("bump.whole", peer, at_least=5) for peer in BUILDERS),
    *(Target("bump.bytes", peer, at_least=50) for peer in BUILDERS),  # no more than 2 % of theirs
    *(Target("bump.share", peer, at_most=0.02) for peer in BUILDERS),
    *(Target("reuse", peer, at_least=10) for peer in BUILDERS),
    Target("peak.memory", "airlock", at_most=150),
)
ABOUT = """
`make bench-push`, on {machine}, load {load} when it ended, with Docker Engine {version} and a CNCF registry on this
machine. Seconds of whole commands, medians of {repeats.pushes} (`new`, `nothing`) and {repeats.bumps} runs, ours and
theirs in turns.

- `new`: `airlock push` of the composed image, with its papers, to an empty registry, which each run has for itself;
  against `docker push` of the same image from the engine, and `skopeo copy` of the same layout, neither of which
  has papers. `nothing`: the same again, to the same registry.
- `bump`: another version of the amazon provider. `whole`: from the changed lock to the image in the registry;
  `push`: of that, pushing alone; `bytes`: what goes to the registry, counted by a proxy in a push of its own;
  `share`: of the image's bytes. Ours with the papers of the new image, which are made while it is pushed; theirs is
  `docker push` of what BuildKit built and loaded: `buildkit` from `image/Dockerfile`, where providers are a step of
  their own, `buildkit-one-step` with all wheels in one step, as most Dockerfiles have it; its layers are gzip.
- `reuse`: from an empty cache and an empty builder to the image after the bump in the registry, the store and
  BuildKit's context being there: `airlock push --reuse-from --sign` against `docker buildx bake` with
  `cache-from` and `cache-to` (mode=max) of the registry and the image pushed, both zstd level 3. A blob that the
  engine holds for some other image is not fetched by BuildKit, though its cache is empty.
- `peak.memory`: what `airlock push` of the whole image holds at most.
"""


@dataclass(frozen=True)
class Repeats:
    """How often a push of the whole, and a push after a bump, is measured."""

    pushes: int
    bumps: int


FULL, QUICK = Repeats(5, 3), Repeats(1, 1)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench-push", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure each case once")
    parser.add_argument(
        "--only", choices=("new", *BUILDERS), help="measure this part alone, and write nothing"
    )
    chosen = parser.parse_args(arguments)
    repeats = QUICK if chosen.quick else FULL
    try:
        require_programs()
        with tempfile.TemporaryDirectory(prefix="bench-", dir=places().root) as folder:
            results = list(measure(Path(folder), repeats, chosen.only or ""))
        report = Report("push", "Pushing the image", about(repeats), tuple(results), TARGETS)
        if not chosen.only:
            report.write()
    except AirlockError as error:
        sys.stderr.write(f"bench-push: {error}\n")
        return error.exit_code
    finally:
        docker_engine.remove_images()
    print(report.page())  # noqa: T201 - the result
    return 1 if report.missed() else 0


def require_programs() -> None:
    """Raise EngineError where a peer or the registry is missing."""
    missing = [name for name in ("docker", "docker-registry", "skopeo") if process.find(name) is None]
    if missing:
        raise EngineError(f"there is no {', no '.join(missing)}", remedy="make runner; a Docker Engine")


def measure(folder: Path, repeats: Repeats, only: str) -> Iterator[Result]:
    composer = Composer(copy(folder, "airlock"))
    try:
        composer.build(LAYOUT)
        if only in {"", "new"}:
            yield from whole(folder, composer, repeats.pushes)
        for peer, kind in BUILDERS.items():
            if only in {"", peer}:
                yield from against(folder, composer, kind(copy(folder, peer)), repeats.bumps)
    finally:
        docker_engine.remove_images(composer.loaded)


def whole(folder: Path, composer: Composer, times: int) -> Iterator[Result]:
    """Push all of the same image, in turns, each to a registry of its own; then again."""
    composer.build(LOAD)
    pushers: list[Pusher] = [
        Airlock(composer.project),
        Docker(composer.reference),
        Skopeo(composer.project.layout),
    ]
    with empty(folder) as first:  # which has the papers made, and all files read
        pushers[0].push(first.host, "warm")
    spent: dict[tuple[str, str], list[float]] = {}
    for _ in range(times):
        for pusher in pushers:
            with empty(folder) as running:
                for case in ("new", "nothing"):
                    seconds = pusher.push(running.host, "1")
                    spent.setdefault((case, pusher.peer), []).append(seconds)
                    say(f"{case}, {pusher.peer}: {seconds:.2f} s")
    for (case, peer), seconds_of in spent.items():
        if peer != "airlock":
            yield Result(case, peer, median(spent[case, "airlock"]), median(seconds_of), "s")
    with empty(folder) as running:
        command = Airlock(composer.project).command(running.host, "1")
        memory = peak_memory(command, composer.project.variables()) / 1e6
    yield Result("peak.memory", "airlock", memory, None, "MB")


def against(folder: Path, composer: Composer, builder: BuildKit, times: int) -> Iterator[Result]:
    """Compare a bump of airlock's image with one of BuildKit's, and both from an empty machine."""
    peer = builder.peer
    try:
        builder.forget()
        builder.build(LOAD)
        composer.build(LAYOUT)  # the peer before this one left it with layers of a registry that is gone
        sizes = sum(layer.size for layer in composer.laid_out().layers)
        ours = bumps(folder, composer, Airlock(composer.project), times)
        theirs = bumps(folder, builder, Docker(builder.reference), times)
        say(f"bump, {peer}: {ours} against {theirs}")
        yield Result("bump.whole", peer, ours.whole, theirs.whole, "s")
        yield Result("bump.push", peer, ours.push, theirs.push, "s")
        yield Result("bump.bytes", peer, ours.sent / 1e6, theirs.sent / 1e6, "MB")
        yield Result("bump.share", peer, ours.sent / sizes, theirs.sent / sizes, "share")
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            with empty(folder) as running:
                keys = Keys.make(running.folder.parent / "keys")
                spent[0].append(registry_cache.ours(composer, running.host, keys))
            with empty(folder) as running:
                spent[1].append(registry_cache.theirs(builder, running.host))
            say(f"reuse, {peer}: {spent[0][-1]:.2f} s against {spent[1][-1]:.2f} s")
        yield Result("reuse", peer, median(spent[0]), median(spent[1]), "s")
    finally:
        docker_engine.remove_images(builder.loaded, name_of(peer))


@dataclass(frozen=True)
class Bumped:
    """What a bump costs: seconds of building and pushing, and of pushing alone; bytes that were sent."""

    whole: float
    push: float
    sent: float


def bumps(folder: Path, builder: Builder, pusher: Pusher, times: int) -> Bumped:
    """Push, then bump and push, to one registry for seconds and to another for bytes; return the medians."""
    target = LAYOUT if isinstance(builder, Composer) else LOAD
    built, pushed, sizes = [], [], []
    with empty(folder) as timed, empty(folder) as counted:
        for running in (timed, counted):
            pusher.push(running.host, "0")
        for number in range(1, times + 1):
            changes.move_provider(builder.project)
            built.append(builder.build(target))
            pushed.append(pusher.push(timed.host, str(number)))
            sizes.append(sent(pusher, counted.host, str(number)))
    whole = [one + other for one, other in zip(built, pushed, strict=True)]
    return Bumped(median(whole), median(pushed), median(sizes))


@contextlib.contextmanager
def empty(folder: Path) -> Iterator[RunningRegistry]:
    """Give an empty registry, whose files are gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="registry-", dir=folder) as own,
        registry(Path(own)) as running,
    ):
        yield running


def copy(folder: Path, name: str) -> Project:
    """Return a copy of the project with caches of its own, and a store of links to the sealed one."""
    cache = folder / name / "cache"
    share_store(places().root, cache)
    return Project.copy(folder / name / "project", cache, AIRLOCK_NAME=name_of(name))


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def about(repeats: Repeats) -> str:
    version = docker_engine.docker("version", "--format", "{{.Server.Version}}").stdout.strip()
    load = f"{os.getloadavg()[0]:.1f}"
    return ABOUT.format(machine=machine(), version=version, repeats=repeats, load=load)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
