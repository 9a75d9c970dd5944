"""`airlock gc`: deletes releases of DAGs that nobody needs any more."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.releases.deleting import Deleted
    from airlock.releases.in_folder import InFolder, Kept
    from airlock.releases.in_s3 import InS3

EPILOG = """\b
Examples:
  airlock gc                                 what would go from [tool.airlock.sync] to, and why the rest stays
  airlock gc --at s3://bucket/dags --apply   delete it
  airlock gc --keep 5 --keep-days 7 --json

What stays: the release that serves, the last ones, those that were published or served in the last days (days are
counted from when anything was last written there, by the clock of S3), and those that a dag-processor claims, as
DagRuns live on them or may be cleared. Run it daily: two at once do no harm, and what a killed one left goes next.
"""


@click.command("gc", epilog=EPILOG)
@click.option("--at", default="", metavar="PLACE", help="s3://BUCKET/PREFIX, or a folder.")
@click.option("--apply", is_flag=True, help="Delete; without it, only say what would be deleted.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep the last N releases (default: 30).")
@click.option(
    "--keep-days",
    type=click.IntRange(0),
    metavar="N",
    help="Keep what was published or served in the last N days (default: 30).",
)
@click.option(
    "--drop-claims",
    type=click.IntRange(1),
    metavar="DAYS",
    help="Let claims that were not renewed for so long go; their readers are gone for good.",
)
@click.option("--force", is_flag=True, help="Also where no dag-processor has said which releases it needs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.pass_obj
def command(
    session: Session,
    *,
    at: str,
    apply: bool,
    keep: int | None,
    keep_days: int | None,
    drop_claims: int | None,
    force: bool,
    as_json: bool,
) -> int:
    """Delete the releases that nobody needs, and what killed publishers left; say why the others stay."""
    from airlock.errors import LocationError  # noqa: PLC0415 - after --help
    from airlock.releases import places, telling  # noqa: PLC0415
    from airlock.releases.in_folder import InFolder, Kept  # noqa: PLC0415

    place = places.resolve(session, at, "--at")
    settings = places.settings(session, at)
    days = settings.keep_days if keep_days is None else keep_days
    kept = Kept(keep or settings.keep, days, drop_claims)
    with telling.told(place):
        if isinstance(place, InFolder):
            if drop_claims:
                raise click.UsageError(
                    f"--drop-claims is for S3: in a folder, delete files of {place}/claims"
                )
            place.folder.claims()  # or why nothing goes
            document, broken = _in_folder(session, place, kept, apply=apply), ""
        else:
            if not days:
                raise click.UsageError(
                    "--keep-days 0 is for folders: in S3 what is needed is claimed once an hour"
                )
            done = _in_s3(place, kept, apply=apply, force=force)
            document, broken = _told(session, done, apply=apply), done.plan.unreadable
    if as_json:
        click.echo(json.dumps({"location": str(place), "applied": apply, **document}))
    if broken:
        raise LocationError(
            f"a release at {place} is not whole; so no pack is deleted",
            cause=broken,
            remedy=f"airlock releases --at {place}, then publish that release anew: airlock sync",
        )
    return 0


def _in_s3(place: InS3, kept: Kept, *, apply: bool, force: bool) -> Deleted:
    from airlock.releases import collecting, who  # noqa: PLC0415 - after --help
    from airlock.releases.deleting import Collector, Deleted  # noqa: PLC0415

    if not apply:
        return Deleted(collecting.plan(place.location, kept, force=force))
    return Collector(place.location, who.by(os.environ)).collect(kept, force=force)


def _told(session: Session, done: Deleted, *, apply: bool) -> dict[str, Any]:
    from airlock.releases import collecting  # noqa: PLC0415 - after --help
    from airlock.releases.report import size  # noqa: PLC0415
    from airlock.terminal import counted  # noqa: PLC0415

    plan, say = done.plan, session.terminal.say
    for line in collecting.summary(plan):
        say(line)
    what = f"{counted(len(plan.removed), 'release')}, {counted(len(plan.packs), 'pack')}, {size(plan.bytes)}"
    if not plan.goes:
        say("nothing goes")
    elif apply:
        say(
            f"deleted: {what}"
            if not done.stopped
            else f"{counted(len(done.keys), 'object')} deleted: {done.stopped}"
        )
    else:
        say(f"would go: {what}; to delete: airlock gc --apply")
    return {
        "releases": list(plan.removed),
        "orphans": list(plan.orphans),
        "packs": list(plan.packs),
        "objects": len(plan.documents) + len(plan.packs),
        "bytes": plan.bytes,
        "deleted": len(done.keys),
        "stopped": done.stopped or None,
        "stays": dict(plan.staying),
        "old_claims": [claim.reader for claim in plan.old_claims.values()],
        "packs_stay_because": plan.unreadable or None,
    }


def _in_folder(session: Session, place: InFolder, kept: Kept, *, apply: bool) -> dict[str, Any]:
    from airlock.releases.listing import SHORT  # noqa: PLC0415 - after --help
    from airlock.terminal import counted  # noqa: PLC0415

    place.pointer()  # a folder that is pulled into is collected by whoever pulls
    gone = place.collect(kept) if apply else place.collectable(kept)
    for release in gone:
        session.terminal.say(f"{release[:SHORT]}  {'deleted' if apply else 'would go'}")
    session.terminal.say(f"{'deleted' if apply else 'would go'}: {counted(len(gone), 'release')}")
    return {"releases": gone, "deleted": len(gone) if apply else 0}
