"""`airlock image`: composes the image from the sealed store."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from airlock.terminal import Column, megabytes

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.compose.image import Composed, Image
    from airlock.engine import Asked, LoadResult

EPILOG = """\b
Examples:
  airlock image                       compose into build/image, print the digest
  airlock image --offline             the same, and promise not to use the network
  airlock image --load                hand it to the running Docker Engine, too
  airlock image --platform linux/amd64 --platform linux/arm64
                                      one image for both: the digest is the index's
  airlock image --json | jq .digest
"""


@click.command("image", epilog=EPILOG)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Compose for this platform (repeatable).",
)
@click.option("--offline", is_flag=True, help="Use no network: fail where the store is not sealed.")
@click.option("--load", is_flag=True, help="Load the image into the running Docker Engine.")
@click.option("--tag", default="latest", show_default=True, help="The tag it is loaded under.")
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Packages made at a time (default: processors + 1)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the digest.")
@click.pass_obj
def command(
    session: Session,
    *,
    platforms: tuple[str, ...],
    offline: bool,
    load: bool,
    tag: str,
    workers: int | None,
    as_json: bool,
) -> int:
    """Compose the image from the sealed store into an OCI layout at build/image.

    The same locks and files give the same digest, on every machine. Prints the digest alone on stdout:
    the manifest's, or for several platforms that of the index that holds them.
    """
    from airlock import engine  # noqa: PLC0415
    from airlock.commands.fetch import sealed_inputs  # noqa: PLC0415
    from airlock.compose import image  # noqa: PLC0415 - heavy imports, after --help
    from airlock.platforms import native  # noqa: PLC0415

    start = time.monotonic()
    config = session.config_for(platforms)
    inputs = sealed_inputs(session, config, offline=offline)
    reference = f"{config.name}:{tag}"
    asked = engine.ask(reference) if load else None  # it answers while we compose
    composed = image.compose(inputs, session.places, session.terminal, workers)
    for one in composed.images:
        _report(session, one, time.monotonic() - start)
    loaded = _load(session, composed.image_for(native()), reference, asked()) if asked else None
    _result(composed, loaded, as_json=as_json)
    return 0


def _report(session: Session, image: Image, seconds: float) -> None:
    flush_right = ("packages", "size", "seconds")
    columns = [
        Column(title, right=title in flush_right) for title in ("layer", "packages", "size", "was", "seconds")
    ]
    rows = [
        [
            layer.name,
            str(len(layer.packages)),
            megabytes(layer.size),
            "reused" if layer.reused else "built",
            f"{layer.seconds:.2f}",
        ]
        for layer in image.layers
    ]
    session.terminal.table(columns, rows)
    size = sum(layer.size for layer in image.layers)
    built = sum(not layer.reused for layer in image.layers)
    session.terminal.say(
        f"{image.platform}: {len(image.layers)} layers, {megabytes(size)} ({built} built), {seconds:.1f} s"
    )


def _load(session: Session, image: Image, reference: str, asked: Asked) -> LoadResult:
    from airlock import layout  # noqa: PLC0415
    from airlock.engine import load  # noqa: PLC0415

    laid_out = layout.read_image(session.config.layout, image.platform)
    loaded = load(laid_out, reference, session.terminal, asked)
    session.terminal.say(
        f"loaded {loaded.reference} ({image.platform}): {megabytes(loaded.bytes_sent)} sent, "
        f"{loaded.reused_layers} of {len(image.layers)} layers were there"
    )
    return loaded


def _result(composed: Composed, loaded: LoadResult | None, *, as_json: bool) -> None:
    if not as_json:
        click.echo(composed.digest)
        return
    documents = [
        {
            "digest": image.digest,
            "platform": image.platform.name,
            "layers": [
                {
                    "name": layer.name,
                    "key": layer.key,
                    "digest": f"sha256:{layer.digest}",
                    "size": layer.size,
                    "packages": list(layer.packages),
                    "reused": layer.reused,
                }
                for layer in image.layers
            ],
        }
        for image in composed.images
    ]
    several = {"digest": composed.digest, "images": documents}
    document = documents[0] if len(documents) == 1 else several
    click.echo(json.dumps({**document, "reference": loaded.reference if loaded else None}))
