"""`airlock image`: composes the image from the sealed store."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from airlock.terminal import Column, megabytes

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.compose.image import Image
    from airlock.engine import LoadResult

EPILOG = """\b
Examples:
  airlock image                       compose into build/image, print the digest
  airlock image --offline             the same, and promise not to use the network
  airlock image --load                hand it to the running Docker Engine, too
  airlock image --json | jq .digest
"""


@click.command("image", epilog=EPILOG)
@click.option("--platform", "platforms", multiple=True, help="Compose for this platform (repeatable).")
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

    The same locks and files give the same digest, on every machine. Prints the digest alone on stdout.
    """
    from airlock.compose import image, image_file  # noqa: PLC0415 - heavy imports, after --help
    from airlock.locks.staleness import require_current  # noqa: PLC0415
    from airlock.store import Store  # noqa: PLC0415

    start = time.monotonic()
    config = session.config_for(platforms)
    inputs = image.Inputs(config, image_file.load(config.image_file), *require_current(config))
    store = Store(session.places.store)
    wanted = image.files(inputs, config.platforms)
    if not offline and store.missing(wanted):
        from airlock.commands.fetch import fetch_all  # noqa: PLC0415

        fetch_all(session, config, inputs.airflow, inputs.debian)
    store.require_sealed(wanted)
    images = image.compose(inputs, session.places, session.terminal, workers)
    for one in images:
        _report(session, one, time.monotonic() - start)
    loaded = _load(session, images[0], f"{config.name}:{tag}") if load else None
    _result(images, loaded, as_json=as_json)
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


def _load(session: Session, image: Image, reference: str) -> LoadResult:
    from airlock import engine, layout  # noqa: PLC0415 - the docker SDK is slow to import

    laid_out = layout.read_image(session.config.layout, image.platform)
    loaded = engine.load(laid_out, reference, session.terminal)
    session.terminal.say(
        f"loaded {loaded.reference}: {megabytes(loaded.bytes_sent)} sent, "
        f"{loaded.reused_layers} of {len(image.layers)} layers were there"
    )
    return loaded


def _result(images: list[Image], loaded: LoadResult | None, *, as_json: bool) -> None:
    if not as_json:
        click.echo("\n".join(image.digest for image in images))
        return
    documents = [
        {
            "digest": image.digest,
            "reference": loaded.reference if loaded else None,
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
        for image in images
    ]
    click.echo(json.dumps(documents[0] if len(documents) == 1 else {"images": documents}))
