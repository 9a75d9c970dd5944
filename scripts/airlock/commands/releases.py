"""`airlock releases`: which releases of DAGs there are, what is in one, and what differs in two."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.cli import Session

EPILOG = """\b
Examples:
  airlock releases                           those of [tool.airlock.sync] to, the newest first
  airlock releases list --at s3://bucket/dags --json
  airlock releases show 3f2a                 its files, what it was checked with, and who has it
  airlock releases show current
  airlock releases diff 3f2a                 from it to the release that serves
  airlock releases diff 3f2a 91bc --with-content

A RELEASE is named by the first digits of its id, or `current` for the one that serves.
"""
_AT = click.option("--at", default="", metavar="PLACE", help="s3://BUCKET/PREFIX, or a folder.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("releases", epilog=EPILOG, invoke_without_command=True)
@_AT
@_JSON
@click.pass_context
def command(context: click.Context, *, at: str, as_json: bool) -> int:
    """Show the releases that are there (`list`, the default), one of them (`show`), or what differs in two (`diff`)."""
    if context.invoked_subcommand is None:
        context.invoke(list_, at=at, as_json=as_json)
    elif at or as_json:
        raise click.UsageError(f"options go last: airlock releases {context.invoked_subcommand} --at …")
    return 0


@command.command("list")
@_AT
@_JSON
@click.pass_obj
def list_(session: Session, *, at: str, as_json: bool) -> int:
    """Print the releases, the newest first; `*` is the one that serves. One object is read."""
    from airlock.releases import listing, places, telling  # noqa: PLC0415 - after --help

    place = places.resolve(session, at, "--at")
    with telling.told(place):
        pointer = place.pointer()
    if as_json:
        click.echo(json.dumps({"location": str(place), **listing.document(pointer)}))
        return 0
    for line in listing.table(pointer):
        click.echo(line)
    if pointer.collecting:
        session.terminal.say(
            f"being deleted until {pointer.collecting.until:%H:%M:%S} UTC at most: airlock gc"
        )
    return 0


@command.command("show")
@click.argument("release")
@_AT
@_JSON
@click.pass_obj
def show(session: Session, *, release: str, at: str, as_json: bool) -> int:
    """Print what a release holds, what it was checked with, who signed it, and who has it since when."""
    from airlock.releases import listing, places, telling  # noqa: PLC0415 - after --help

    place = places.resolve(session, at, "--at")
    with telling.told(place):
        pointer = place.pointer()
        published = listing.find(pointer, release, place)
        manifest = place.manifest(published.release)
        papers = place.papers(manifest)
    if as_json:
        click.echo(json.dumps(listing.one_document(published, manifest, papers, pointer)))
        return 0
    for line in listing.one_table(published, manifest, papers, pointer):
        click.echo(line)
    return 0


@command.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", default="current")
@click.option("--with-content", is_flag=True, help="Print what changed in text files, as a unified diff.")
@_AT
@_JSON
@click.pass_obj
def diff(session: Session, *, first: str, second: str, with_content: bool, at: str, as_json: bool) -> int:
    """Print which files B adds, changes and removes against A; B defaults to the release that serves."""
    from airlock.releases import comparing, listing, places, telling  # noqa: PLC0415 - after --help

    if with_content and as_json:
        raise click.UsageError("--json has no content: leave one of --json and --with-content out")
    place = places.resolve(session, at, "--at")
    with telling.told(place):
        pointer = place.pointer()
        ids = [listing.find(pointer, name, place).release for name in (first, second)]
        compared = comparing.Compared.of(*map(place.manifest, ids))
        lines = list(comparing.content_lines(place, compared)) if with_content else compared.table()
    if as_json:
        click.echo(json.dumps(compared.document()))
        return 0
    for line in lines:
        click.echo(line)
    return 0
