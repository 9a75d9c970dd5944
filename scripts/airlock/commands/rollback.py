"""`airlock rollback`: lets an earlier release of DAGs serve again."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.releases.arrival import Arrived, Receipts
    from airlock.releases.in_folder import InFolder
    from airlock.releases.in_s3 import InS3
    from airlock.releases.places import Place

EPILOG = """\b
Examples:
  airlock rollback --to s3://bucket/dags      the release that served before this one serves again
  airlock rollback                            once more: the one before that
  airlock rollback 3f2a --wait                this one, until the services have it
  airlock rollback --dry-run                  which one it would be, and whether it is whole

Nothing is uploaded, and nothing deleted: `current` names another release. Going back goes on back, as in a browser;
to go forward again, name the release: airlock releases lists them all.
"""


@click.command("rollback", epilog=EPILOG)
@click.argument("release", default="")
@click.option("--to", default="", metavar="PLACE", help="s3://BUCKET/PREFIX, or a folder.")
@click.option("--wait", is_flag=True, help="Wait until the services have it.")
@click.option("--timeout", type=click.IntRange(1), metavar="SECONDS", help="How long (default: 60).")
@click.option("--dry-run", is_flag=True, help="Say what would serve, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the release.")
@click.pass_obj
def command(
    session: Session,
    *,
    release: str,
    to: str,
    wait: bool,
    timeout: int | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Let RELEASE serve again, or the release that served before the current one; print its id.

    It is first made sure that the release is there whole.
    """
    from airlock.releases import places, rolling_back, telling, who  # noqa: PLC0415 - after --help
    from airlock.releases.listing import SHORT  # noqa: PLC0415

    begun = time.monotonic()
    found = places.resolve(session, to, "--to")
    place: Place = places.Rehearsed(found) if dry_run else found
    with telling.told(place):
        chosen = rolling_back.choose(place, release)
        receipts = _receipts(found, chosen.release) if wait and not dry_run else None
        done = rolling_back.roll_back(place, chosen, who.by(os.environ))
        said = f"release {done.release[:SHORT]} {'would serve' if dry_run else 'serves'}"
        session.terminal.say(f"{said}, instead of {done.before[:SHORT]}")
        seconds = timeout or places.settings(session, to).timeout
        arrived = _arrival(session, receipts, seconds, begun) if receipts else None
    if as_json:
        document = {
            "location": str(place),
            "release": done.release,
            "before": done.before,
            "sequence": done.pointer.sequence,
            "dry_run": dry_run,
            "arrived": arrived and arrived.document(),
        }
        click.echo(json.dumps(document))
    else:
        click.echo(done.release)
    return 0


def _receipts(place: InS3 | InFolder, release: str) -> Receipts:
    from airlock.releases import arrival  # noqa: PLC0415 - after --help
    from airlock.releases.in_folder import InFolder  # noqa: PLC0415

    if isinstance(place, InFolder):
        raise click.UsageError("--wait reads what readers of S3 write; readers of a folder write nothing")
    return arrival.new_receipts(place.location, release)


def _arrival(session: Session, receipts: Receipts, seconds: int, begun: float) -> Arrived:
    from airlock.releases import arrival, report  # noqa: PLC0415 - after --help

    session.terminal.say(f"waiting for the services, {seconds} s at most …")
    arrived = arrival.await_arrival(receipts, seconds, begun, session.terminal.say)
    report.tell_arrival(arrived, session.terminal)
    return arrived
