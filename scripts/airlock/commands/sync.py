"""`airlock sync`: publishes the DAGs as a release."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.release_settings import Sync
    from airlock.releases.arrival import Arrived, Receipts
    from airlock.releases.in_folder import InFolder
    from airlock.releases.location import Location
    from airlock.releases.preparing import Wanted
    from airlock.releases.publishing import Outcome, Sign, There
    from airlock.releases.tree import Tree
    from airlock_spec.releases.manifest import Manifest

EPILOG = """\b
Examples:
  airlock sync --to s3://bucket/dags    check dags/ in the image of build/image, and publish it
  airlock sync                          the same, to where [tool.airlock.sync] to says
  airlock sync --dry-run                what would be added, changed and removed
  airlock sync --wait                   until the DAGs were serialized from it, 60 s at most
  airlock sync --to /mnt/dags           into a folder, such as an EFS that is mounted here
  airlock sync --json | jq -r .release

A release is the content of the folder; what git ignores, bytecode and hidden folders at its top are no part of it.
Files become a release all at once: docs/dag-releases.md has the order, the permissions, and how services read it.
To go back: airlock rollback.
"""


@dataclass(frozen=True)
class Options:
    """The command line."""

    to: str
    dags: str
    image: str
    check: bool
    require_clean: bool
    include_ignored: bool
    force: bool
    sign: str
    wait: bool
    timeout: int | None
    dry_run: bool
    as_json: bool


@click.command("sync", epilog=EPILOG)
@click.option("--to", default="", metavar="PLACE", help="s3://BUCKET/PREFIX, or a folder.")
@click.option("--dags", default="", metavar="FOLDER", help="The DAGs (default: dags/ of the project).")
@click.option("--image", default="", metavar="FOLDER", help="Check in this image: an OCI layout's folder.")
@click.option("--check/--no-check", default=True, help="Check the DAGs first (default: yes).")
@click.option("--require-clean", is_flag=True, help="Refuse what is not as the commit has it.")
@click.option("--include-ignored", is_flag=True, help="Publish what git ignores, too.")
@click.option(
    "--force", is_flag=True, help="Also where the services run another image than it was checked in."
)
@click.option("--sign", default="", metavar="KEY", help="Sign it: awskms:///KEY, env://VARIABLE, or a file.")
@click.option("--wait", is_flag=True, help="Wait until the services have it.")
@click.option("--timeout", type=click.IntRange(1), metavar="SECONDS", help="How long (default: 60).")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the release.")
@click.pass_obj
def command(session: Session, /, **given: Any) -> int:
    """Publish the DAGs as a release: whole, checked, immutable, and serving from one moment to the next.

    Only what the last release does not have is sent. Prints the release's id alone on stdout.
    """
    options = Options(**given)
    return _Sync(session, options, time.monotonic()).run()


@dataclass(frozen=True)
class _Sync:
    session: Session
    options: Options
    begun: float

    def run(self) -> int:
        """Tell the story of a release."""
        from airlock import later  # noqa: PLC0415 - after --help
        from airlock.releases import places, preparing, report, telling  # noqa: PLC0415
        from airlock.releases.in_folder import InFolder  # noqa: PLC0415

        options = self.options
        settings = places.settings(self.session, options.to)
        resolved = later.begin(self._resolve)  # boto3 takes as long as reading all files
        sign = self._signing(settings)
        tree, manifest = preparing.prepare(self.session, self._wanted)
        receipts = arrived = None
        place, there = resolved()
        with telling.told(place):
            if isinstance(place, InFolder):
                outcome = self._into_folder(place, manifest, tree, settings)
            else:
                assert there is not None
                receipts = self._receipts(place, there, manifest)
                outcome = self._into_s3(place, there, manifest, tree, sign)
            seconds = time.monotonic() - self.begun
            report.tell(outcome, manifest, self.session.terminal, seconds, dry_run=options.dry_run)
            if receipts:
                arrived = self._arrival(receipts, settings)
        if options.as_json:
            click.echo(json.dumps(report.document(outcome, manifest, arrived, dry_run=options.dry_run)))
        else:
            click.echo(outcome.release)
        return 0

    @property
    def _wanted(self) -> Wanted:
        from airlock.releases.preparing import Wanted  # noqa: PLC0415 - as above

        given = self.options
        return Wanted(given.dags, given.image, given.check, given.require_clean, given.include_ignored)

    def _resolve(self) -> tuple[Location | InFolder, There | None]:
        """Return where to publish to, and what is there."""
        from airlock.releases import places, publishing, telling  # noqa: PLC0415 - as above
        from airlock.releases.in_folder import InFolder  # noqa: PLC0415
        from airlock.releases.rehearsal import Rehearsal  # noqa: PLC0415

        place = places.resolve(self.session, self.options.to, "--to")
        if isinstance(place, InFolder):
            if self.options.wait or self.options.sign:
                raise click.UsageError(
                    "--wait and --sign want a place in S3: nobody writes receipts into a folder"
                )
            return place, None
        location: Location = Rehearsal(place.location) if self.options.dry_run else place.location
        with telling.told(place):
            return location, publishing.look(location)

    def _into_s3(
        self, location: Location, there: There, manifest: Manifest, tree: Tree, sign: Sign | None
    ) -> Outcome:
        from airlock.releases import publishing, same_image, who  # noqa: PLC0415 - as above

        if not self.options.force:
            same_image.require(location, there, manifest)
        publisher = publishing.Publisher(location, who.by(os.environ), sign)
        return publisher.publish(manifest, tree.content, there)

    def _into_folder(self, place: InFolder, manifest: Manifest, tree: Tree, settings: Sync) -> Outcome:
        from airlock.releases import into_folder, who  # noqa: PLC0415 - as above
        from airlock.releases.in_folder import Kept  # noqa: PLC0415

        if self.options.dry_run:
            return into_folder.rehearse(place, manifest)
        kept = Kept(settings.keep, settings.keep_days)
        return into_folder.publish(place, manifest, tree, who.by(os.environ), kept)

    def _signing(self, settings: Sync) -> Sign | None:
        from airlock.releases import places  # noqa: PLC0415 - as above

        name = self.options.sign or settings.sign
        if not name or not places.is_s3(self.options.to or settings.to):
            return None
        from airlock.releases import signatures  # noqa: PLC0415 - as above

        return signatures.signing(name, self.session.project)

    def _receipts(self, location: Location, there: There, manifest: Manifest) -> Receipts | None:
        """Return the receipts to wait for: of a release that serves again those that say so again."""
        from airlock.releases import arrival  # noqa: PLC0415 - as above

        if not self.options.wait or self.options.dry_run:
            return None
        now = there.pointer
        if now and now.release != manifest.id and now.find(manifest.id):
            return arrival.new_receipts(location, manifest.id)
        return arrival.Receipts(location, manifest.id)

    def _arrival(self, receipts: Receipts, settings: Sync) -> Arrived:
        from airlock.releases import arrival, report  # noqa: PLC0415 - as above

        terminal = self.session.terminal
        seconds = self.options.timeout or settings.timeout
        terminal.say(f"waiting for the services, {seconds} s at most …")
        arrived = arrival.await_arrival(receipts, seconds, time.monotonic(), terminal.say)
        report.tell_arrival(arrived, terminal)
        return arrived
