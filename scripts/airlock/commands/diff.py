"""`airlock diff`: what differs between two images, or between the locks of two states of a project."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.difference.foreseen import Foreseen
    from airlock.difference.listing import Listing
    from airlock.difference.result import Result
    from airlock.difference.sides import Images, LockSet, Side
    from airlock.layout import LaidOutImage

EPILOG = """\b
Examples:
  airlock diff                           the locks at HEAD and as they are now
  airlock diff git:origin/main . --markdown
                                         for a comment on a pull request
  airlock diff old/image build/image     two images: packages, layers, files, bytes to pull
  docker save airflow:1 -o old.tar && airlock diff old.tar build/image --json
"""
_WORKERS = 2  # what reads a layer holds the interpreter's lock half of the time


@click.command("diff", epilog=EPILOG)
@click.argument("names", metavar="[A [B]]", nargs=-1)
@click.option("--platform", metavar="OS/ARCH", help="Compare the images for this platform alone.")
@click.option("--all", "everything", is_flag=True, help="Show every file in the table.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every file.")
@click.option("--markdown", is_flag=True, help="Print Markdown for a pull request's comment.")
@click.option("--exit-code", "as_exit_code", is_flag=True, help="Exit with 1 where they differ, else 0.")
@click.pass_obj
def command(
    session: Session,
    *,
    names: tuple[str, ...],
    platform: str | None,
    everything: bool,
    as_json: bool,
    markdown: bool,
    as_exit_code: bool,
) -> int:
    """Say what differs between A and B: two images, or two sets of locks.

    Each may be the folder of an OCI layout, a .tar of one as docker save writes, a lock file, a project's folder
    with constraints/*.lock, or git:REVISION, the project's locks at that revision. B defaults to the
    project (or its image, where A is one), A to git:HEAD. The packages of an image are read from the image
    itself, so that it may have been built by anything.
    """
    from airlock.difference import document, sides, table  # noqa: PLC0415 - heavy imports, after --help
    from airlock.difference.markdown import render as as_comment  # noqa: PLC0415

    _refuse_misuse(names, [as_json, markdown, everything])
    with contextlib.ExitStack() as keep:
        first, second = sides.pair(names, session.project, keep)
        result = _result(session, first, second, platform)
    if as_json:
        click.echo(json.dumps(document.document(result)))
    elif markdown:
        click.echo(as_comment(result))
    else:
        click.echo(table.render(result, everything=everything))
    return int(as_exit_code and result.differs)


def _refuse_misuse(names: tuple[str, ...], forms: Sequence[bool]) -> None:
    if len(names) > 2:  # noqa: PLR2004
        raise click.UsageError(f"two can be compared, not {len(names)}: {' '.join(names)}")
    if sum(forms) > 1:
        raise click.UsageError(
            "of --json, --markdown and --all only one can be had: the first has everything"
        )


def _result(session: Session, first: Side, second: Side, platform: str | None) -> Result:
    from airlock.difference.sides import Images  # noqa: PLC0415 - as above

    if isinstance(first, Images) and isinstance(second, Images):
        return _images(session, first, second, platform)
    assert not isinstance(first, Images)
    assert not isinstance(second, Images)
    if platform:
        raise click.UsageError("--platform chooses among images; locks are compared for all their platforms")
    return _locks(session, first, second)


def _images(session: Session, first: Images, second: Images, platform: str | None) -> Result:
    from airlock.difference import images  # noqa: PLC0415 - as above
    from airlock.difference.result import Result  # noqa: PLC0415
    from airlock.errors import ImageError  # noqa: PLC0415

    names = [sorted(name for name in side.images if platform in (None, name)) for side in (first, second)]
    if not names[0] and not names[1]:
        held = sorted({*first.images, *second.images})
        raise ImageError(
            f"neither {first.name} nor {second.name} has an image for {platform}",
            cause=f"they hold: {', '.join(held)}",
            remedy=f"airlock diff --platform {held[0]}",
        )
    both = [name for name in names[0] if name in names[1]]

    def read(image: LaidOutImage, chosen: Sequence[int]) -> list[Listing]:
        side = first if image in first.images.values() else second
        with side.source.named():
            return _read(session, image, chosen)

    return Result(
        first.name,
        second.name,
        tuple(images.compare(first.images[name], second.images[name], read) for name in both),
        tuple(name for name in names[0] if name not in both),
        tuple(name for name in names[1] if name not in both),
    )


def _read(session: Session, image: LaidOutImage, chosen: Sequence[int]) -> list[Listing]:
    from airlock.cache import Cache  # noqa: PLC0415 - as above
    from airlock.compose.fragments import in_parallel  # noqa: PLC0415
    from airlock.difference import listing  # noqa: PLC0415

    cache = Cache(session.places.cache)
    return in_parallel(_WORKERS, lambda number: listing.of_layer(image, number, cache), list(chosen))


def _locks(session: Session, first: LockSet, second: LockSet) -> Result:
    from airlock.difference import locks  # noqa: PLC0415 - as above
    from airlock.difference.result import Result  # noqa: PLC0415

    kinds = [kind for kind in locks.KINDS if kind in first.kinds and kind in second.kinds]
    for side, other in ((first, second), (second, first)):
        for kind in kinds:
            if getattr(side.locks, kind) is None and getattr(other.locks, kind) is not None:
                session.terminal.say(f"{side.name} has no constraints/{kind}.lock")
    found = locks.compare(first.locks, second.locks, kinds)
    return Result(first.name, second.name, locks=replace(found, foreseen=_foreseen(session, first, second)))


def _foreseen(session: Session, first: LockSet, second: LockSet) -> tuple[Foreseen, ...]:
    """Tell what it means for this project's image; locks may be compared outside of any project."""
    from airlock.difference.foreseen import foresee  # noqa: PLC0415 - as above
    from airlock.errors import ConfigError  # noqa: PLC0415

    try:
        return foresee(first.locks, second.locks, session.config)
    except ConfigError:
        return ()
