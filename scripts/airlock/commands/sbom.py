"""`airlock sbom`: the bill of materials of the image, as a referrer of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airlock import writing

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.config import Config
    from airlock.papers.bill import Bill
    from airlock.papers.paper import Paper

EPILOG = """\b
Examples:
  airlock sbom                        write it into build/papers, print the digest of its manifest
  airlock sbom --output sbom.cdx.json
                                      and the document itself to a file
  airlock sbom --output - | jq -r '.components[].purl'
  airlock sbom --json | jq .components
"""
STDOUT = Path("-")


@click.command("sbom", epilog=EPILOG)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Of the image for this platform (repeatable).",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Write the document to this file, too (-: to stdout, alone).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the digest.")
@click.pass_obj
def command(session: Session, *, platforms: tuple[str, ...], output: Path | None, as_json: bool) -> int:
    """Write the bill of materials (CycloneDX) of the image in build/image.

    It lists every Python and Debian package with its version, purl, sha256, licences and dependencies. It is a
    function of the image alone: the same bytes on every machine. It is kept in build/papers as an OCI artifact
    that refers to the image's manifest, one for each platform. Prints the digest of the artifact's manifest.
    """
    from airlock import layout  # noqa: PLC0415 - heavy imports, after --help
    from airlock.papers import bill, paper  # noqa: PLC0415

    config = session.config_for(platforms)
    _refuse_misuse(config, output, as_json=as_json)
    images = [layout.read_image(config.layout, platform, partial=True) for platform in config.platforms]
    bills = [bill.of(image, config, session.places, session.terminal) for image in images]
    made = [(one.paper(image), one) for one, image in zip(bills, images, strict=True)]
    everything = [image.digest for image in layout.images(config.layout, partial=True)]
    paper.publish(config.papers, [one for one, _ in made], everything, session.terminal)
    for one, listed in made:
        session.terminal.say(_summary(one, listed))
    document = bills[0].document.encode()
    if output == STDOUT:
        click.echo(document, nl=False)
        return 0
    if output:
        writing.write(output.resolve(), document)  # a symlink stays, its target is replaced
    _result(made, as_json=as_json)
    return 0


def _refuse_misuse(config: Config, output: Path | None, *, as_json: bool) -> None:
    if output and len(config.platforms) > 1:
        raise click.UsageError("--output takes one document: choose one with --platform")
    if output == STDOUT and as_json:
        raise click.UsageError("of --json and --output - only one can have stdout")
    if output and output != STDOUT and writing.is_opened(output):
        raise click.UsageError(f"{output} is no plain file; for stdout: --output -")


def _summary(made: Paper, listed: Bill) -> str:
    counts = listed.components
    return (
        f"{made.platform}: {counts['python']} Python and {counts['debian']} Debian packages, "
        f"{counts['project']} of this project; about {made.subject}"
    )


def _result(made: list[tuple[Paper, Bill]], *, as_json: bool) -> None:
    if not as_json:
        for one, _ in made:
            click.echo(one.digest)
        return
    documents: list[dict[str, Any]] = [
        {
            "digest": one.digest,
            "subject": one.subject,
            "platform": one.platform,
            "document": f"sha256:{one.content.digest}",
            "components": dict(listed.components),
        }
        for one, listed in made
    ]
    click.echo(json.dumps(documents[0] if len(documents) == 1 else {"papers": documents}))
