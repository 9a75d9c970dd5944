"""`airlock pull`: keeps a folder at the release of DAGs that serves."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock_spec.releases.pulling import Pull, Pulled

EPILOG = """\b
Examples:
  airlock pull --from s3://bucket/dags --to /mnt/dags            once: a task that ends
  airlock pull --from s3://bucket/dags --to /mnt/dags --watch    beside the services: a sidecar
  airlock pull --to /mnt/dags --watch --interval 5 --keep-for 172800

Services read /mnt/dags/current, which is a link to a release that never changes (docs/efs.md has NFS's caches).
Only what the folder lacks is fetched; every file is verified; what served goes on serving where anything fails.
"""


@click.command("pull", epilog=EPILOG)
@click.option("--from", "from_", default="", metavar="PLACE", help="s3://BUCKET/PREFIX.")
@click.option("--to", required=True, metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
@click.option("--watch", is_flag=True, help="Go on until SIGTERM or Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(0.1),
    default=10,
    metavar="SECONDS",
    help="Between looks (default: 10).",
)
@click.option(
    "--keep-for",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Keep a release so long after it served last (default: a day).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON objects, one per line, instead of ids.")
@click.pass_obj
def command(
    session: Session,
    *,
    from_: str,
    to: Path,
    watch: bool,
    interval: float,
    keep_for: float | None,
    as_json: bool,
) -> int:
    """See to it that the folder serves the current release; print its id, with --watch at each change.

    Where [tool.airlock.sync] has trusted-keys, a release that none of them signed is refused.
    """
    from airlock.releases import ending, following, telling  # noqa: PLC0415 - after --help

    source, pull = _pull(session, from_, to, keep_for)
    report = _Report(session, as_json=as_json)
    try:
        with ending.asked(), telling.told(source):
            if watch:
                following.follow(pull, interval, report)
            report.changed(pull.once())
    except ending.AskedToEndError:
        session.terminal.say("ended by SIGTERM; the folder is whole")
        return 0 if watch else ending.TERMINATED
    return 0


def _pull(session: Session, from_: str, to: Path, keep_for: float | None) -> tuple[str, Pull]:
    """Return where it is pulled from, by its name, and what does it."""
    from airlock.errors import ConfigError  # noqa: PLC0415 - after --help
    from airlock.releases import places, trusting  # noqa: PLC0415
    from airlock.releases.in_folder import HISTORY  # noqa: PLC0415
    from airlock.releases.in_s3 import InS3  # noqa: PLC0415
    from airlock_spec.releases import pulling  # noqa: PLC0415
    from airlock_spec.releases.folder import Folder  # noqa: PLC0415
    from airlock_spec.releases.pulling import Rules  # noqa: PLC0415

    place = places.resolve(session, from_, "--from")
    if not isinstance(place, InS3):
        raise ConfigError(
            f"{place} is a folder, and releases are pulled from S3",
            cause="a folder that is published to serves what it was given",
            remedy="airlock pull --from s3://BUCKET/PREFIX --to FOLDER",
        )
    if (to / HISTORY).exists():
        raise ConfigError(
            f"{to} is published to, and has a history of its own",
            cause=f"there is {to / HISTORY}; what is pulled would serve in spite of it",
            remedy=f"name another folder; or, to pull here from now on: rm {to / HISTORY}",
        )
    keys = places.settings(session, from_).trusted_keys
    trusted = trusting.trusted(place.location, keys, session.project, to)
    folder = Folder(to.absolute())

    def prepare(pulled: Pulled) -> None:
        pulling.touch(folder, pulled)

    rules = Rules(
        accept=trusted.accept,
        prepare=prepare,
        keep_for=pulling.KEEP_FOR if keep_for is None else keep_for,
    )
    return str(place), pulling.Pull(place.location, folder, rules)


class _Report:
    """Tells what happened, on stdout what serves, on stderr the rest."""

    def __init__(self, session: Session, *, as_json: bool) -> None:
        self._terminal, self._as_json = session.terminal, as_json

    def changed(self, pulled: Pulled) -> None:
        from airlock.releases.listing import SHORT  # noqa: PLC0415 - after --help

        change = pulled.difference
        if pulled.switched:
            counts = f"+{len(change.added)} ~{len(change.changed)} -{len(change.removed)} files"
            self._terminal.say(f"{pulled.release[:SHORT]} serves: {counts}, {pulled.seconds:.2f} s")
        else:
            self._terminal.say(f"{pulled.release[:SHORT]} serves already")
        click.echo(json.dumps(_document(pulled)) if self._as_json else pulled.release)

    def failed(self, text: str) -> None:
        self._terminal.say(f"{time.strftime('%H:%M:%S')}  {text}; what served goes on serving")

    def recovered(self) -> None:
        self._terminal.say(f"{time.strftime('%H:%M:%S')}  it works again")


def _document(pulled: Pulled) -> dict[str, Any]:
    return {
        "release": pulled.release,
        "before": pulled.before or None,
        "switched": pulled.switched,
        "made": pulled.made,
        "seconds": round(pulled.seconds, 3),
        "added": list(pulled.difference.added),
        "changed": list(pulled.difference.changed),
        "removed": list(pulled.difference.removed),
        "collected": list(pulled.removed),
    }
