"""`airlock reproduce`: builds the image twice, in two worlds, and compares."""

from __future__ import annotations

import dataclasses
import json
import shutil
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.first_difference import Difference
    from airlock.reproduction import Build, Means

EPILOG = """\b
Examples:
  airlock reproduce                   the digest, or exit code 19 and the first difference
  airlock reproduce --keep            and leave the two worlds in build/worlds
  airlock reproduce --json | jq .difference
"""


@click.command("reproduce", epilog=EPILOG)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Compose for this platform (repeatable).",
)
@click.option("--keep", is_flag=True, help="Leave both worlds in build/worlds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, also where they differ.")
@click.pass_obj
def command(session: Session, *, platforms: tuple[str, ...], keep: bool, as_json: bool) -> int:
    """Build the image twice, in two worlds as different as this machine allows, and compare the digests.

    Each world has its own folder, empty caches, home, temporary folder, user, umask, time zone, locale, hash
    seed, number of workers and file times, and no network; both share the sealed store. Where the images
    differ, says which file differs first, and how.
    """
    from airlock import reproduction  # noqa: PLC0415 - heavy imports, after --help
    from airlock.commands.fetch import sealed_inputs  # noqa: PLC0415
    from airlock.compose import layout  # noqa: PLC0415

    config = session.config_for(platforms)
    sealed_inputs(session, config, offline=False)  # the worlds have no network
    place = config.layout.with_name("worlds")
    here = reproduction.means()
    session.terminal.say(f"varied: {', '.join(here.varied)}")
    session.terminal.say(f"the same in both: {', '.join(here.lacking)}")
    with layout.locked(place, session.terminal):
        try:
            builds = _builds(session, config, place, here, platforms)
            difference = _difference(builds)
        finally:
            if not keep:
                shutil.rmtree(place, ignore_errors=True)
    _result(builds, difference, here, as_json=as_json)
    if difference:
        raise _failure(difference, place, kept=keep)
    return 0


def _builds(
    session: Session, config: Config, place: Path, here: Means, platforms: Sequence[str]
) -> tuple[Build, Build]:
    """Build in one world after the other, so that the clock differs by a build at least."""
    from airlock.reproduction import WORLDS, World  # noqa: PLC0415 - as above

    shutil.rmtree(place, ignore_errors=True)  # of a run that was killed
    first, second = (World(place / one.folder, one, here) for one in WORLDS)
    made = []
    for world in (first, second):
        world.prepare(config, session.places.store)
        session.terminal.say(f"composing in the {world.circumstances.name} world …")
        build = world.build(platforms)
        session.terminal.say(f"{build.world}: {build.digest}, {build.seconds:.1f} s")
        made.append(build)
    return made[0], made[1]


def _difference(builds: tuple[Build, Build]) -> Difference | None:
    from airlock import first_difference  # noqa: PLC0415 - as above

    first, second = builds
    if first.digest == second.digest:
        return None
    found = first_difference.of_layouts(first.layout, second.layout)
    assert found is not None, "digests differ, but the layouts do not"
    return found


def _failure(difference: Difference, place: Path, *, kept: bool) -> Exception:
    from airlock.errors import NotReproducibleError  # noqa: PLC0415 - as above

    what = difference.path or difference.where
    return NotReproducibleError(
        f"the image cannot be reproduced: {what} differs between two builds",
        cause=str(difference),
        remedy=f"look into {place}" if kept else "airlock reproduce --keep",
    )


def _result(
    builds: tuple[Build, Build], difference: Difference | None, here: Means, *, as_json: bool
) -> None:
    if not as_json:
        if difference is None:
            click.echo(builds[0].digest)
        return  # where they differ there is no result
    document = {
        "reproducible": difference is None,
        "digests": {build.world: build.digest for build in builds},
        "difference": dataclasses.asdict(difference) if difference else None,
        "varied": here.varied,
        "same": here.lacking,
    }
    click.echo(json.dumps(document))
