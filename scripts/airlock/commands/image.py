"""`airlock image`: composes the image from the sealed store."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from airlock.terminal import Column, megabytes

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.compose.image import Composed, Image, Inputs
    from airlock.compose.taking import Reuse
    from airlock.config import Config
    from airlock.engine import Asked, LoadResult
    from airlock.papers.paper import Paper

EPILOG = """\b
Examples:
  airlock image                       compose into build/image, print the digest
  airlock image --offline             the same, and promise not to use the network
  airlock image --load                hand it to the running Docker Engine, too
  airlock image --reuse-from 123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow:latest
                                      make only the layers that this signed image lacks
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
    "--reuse-from",
    default="",
    metavar="REF",
    help="Take the layers that would be the same from this image of a registry, if a trusted key signed it.",
)
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
    reuse_from: str,
    workers: int | None,
    as_json: bool,
) -> int:
    """Compose the image from the sealed store into an OCI layout at build/image.

    The same locks and files give the same digest, on every machine. Prints the digest alone on stdout:
    the manifest's, or for several platforms that of the index that holds them.

    With --reuse-from it is the same digest, but what is the same in REF is neither built nor downloaded, and the
    store needs only what the other layers are made from. build/image then lacks those layers: it can be pushed.
    """
    from airlock import engine  # noqa: PLC0415 - heavy imports, after --help
    from airlock.platforms import native  # noqa: PLC0415

    if reuse_from and (offline or load):
        wanted = "--offline: a registry is" if offline else "--load, which wants every layer here: they are"
        raise click.UsageError(f"--reuse-from goes not with {wanted} elsewhere")
    start = time.monotonic()
    config = session.config_for(platforms)
    prepared = prepare(session, config, offline=offline, reuse_from=reuse_from)
    reference = f"{config.name}:{tag}"
    asked = engine.ask(reference) if load else None  # it answers while we compose
    made = make(session, prepared, workers)
    for one in made.composed.images:
        report(session, one, reuse_from, time.monotonic() - start)
    loaded = _load(session, made.composed.image_for(native()), reference, asked()) if asked else None
    _result(made, loaded, as_json=as_json)
    return 0


@dataclass(frozen=True)
class Prepared:
    """What an image is to be composed from, and the image that layers may be taken from, if one was named."""

    config: Config
    inputs: Inputs
    reuse: Reuse | None = None


@dataclass(frozen=True)
class Made:
    """An image that was composed, and from what."""

    prepared: Prepared
    composed: Composed


def prepare(session: Session, config: Config, *, offline: bool = False, reuse_from: str = "") -> Prepared:
    """Seal the store or, where `reuse_from` names an image, ask its registry what can be taken instead.

    Raises what `sealed_inputs` raises, and ConfigError, SigningError, RegistryError, UntrustedError, CorruptError.
    """
    from airlock.commands.fetch import read_inputs, sealed_inputs  # noqa: PLC0415 - as above

    if not reuse_from:
        return Prepared(config, sealed_inputs(session, config, offline=offline))
    inputs = read_inputs(session, config)
    return Prepared(config, inputs, _reuse(session, config, inputs, reuse_from))


def make(session: Session, prepared: Prepared, workers: int | None = None) -> Made:
    """Compose the image; where layers were taken, the paper by which others can take them is kept with it.

    Without that paper nothing here could say what is in them.
    """
    from airlock import layout  # noqa: PLC0415 - as above
    from airlock.compose import image  # noqa: PLC0415
    from airlock.papers import paper, published  # noqa: PLC0415

    config, reuse = prepared.config, prepared.reuse
    composed = image.compose(prepared.inputs, session.places, session.terminal, workers, reuse)
    made = Made(prepared, composed)
    if any(layer.published for one in composed.images for layer in one.layers):
        images = layout.images(config.layout, partial=True)
        if not all(published.is_kept(config.papers, image) for image in images):
            digests = [image.digest for image in images]
            paper.publish(config.papers, facts(session, made), digests, session.terminal)
    return made


def facts(session: Session, made: Made) -> list[Paper]:
    """Make the papers by which others can take the layers of what was just composed, one for each platform."""
    from airlock import layout  # noqa: PLC0415 - as above
    from airlock.cache import Cache  # noqa: PLC0415
    from airlock.papers import published  # noqa: PLC0415
    from airlock.papers.reading import Reader  # noqa: PLC0415
    from airlock.store import Store  # noqa: PLC0415

    prepared, papers = made.prepared, []
    for one in made.composed.images:
        known = one.pieces.known
        reader = Reader(
            Store(session.places.store),
            Cache(session.places.cache),
            session.terminal,
            known.packages if known else {},
            prepared.reuse.supply if prepared.reuse else None,
        )
        laid_out = layout.read_image(prepared.config.layout, one.platform, partial=True)
        papers.append(published.make(one, laid_out, prepared.inputs, reader))
    return papers


def _reuse(session: Session, config: Config, inputs: Inputs, name: str) -> Reuse:
    """Look up what may be taken. Raises ConfigError, SigningError, RegistryError, UntrustedError, CorruptError."""
    from airlock.commands.fetch import supply  # noqa: PLC0415 - as above
    from airlock.compose.taking import Reuse  # noqa: PLC0415
    from airlock.registry import connecting  # noqa: PLC0415
    from airlock.registry.reference import reference  # noqa: PLC0415
    from airlock.registry.reusable import Finder  # noqa: PLC0415
    from airlock.signing import attached, keys  # noqa: PLC0415

    wanted = reference(name)
    verifiers = [keys.verifier(text, config.project) for text in config.push.trusted_keys]
    finder = Finder(
        connecting.connect(wanted.repository),
        lambda registry, digest: attached.require_trusted(registry, digest, verifiers),
        session.terminal,
    )
    found = finder.find(wanted, config.platforms)
    return Reuse(str(found.reference), found.images, supply(session, config, inputs))


def report(session: Session, image: Image, reuse_from: str, seconds: float) -> None:
    """Say which layers the image has, and what became of each; `reuse_from` is as it was asked for, or ""."""
    flush_right = ("packages", "size", "seconds")
    columns = [
        Column(title, right=title in flush_right) for title in ("layer", "packages", "size", "was", "seconds")
    ]
    rows = [
        [
            layer.name,
            str(len(layer.packages)),
            megabytes(layer.size),
            "published" if layer.published else "reused" if layer.reused else "built",
            f"{layer.seconds:.2f}",
        ]
        for layer in image.layers
    ]
    session.terminal.table(columns, rows)
    size = sum(layer.size for layer in image.layers)
    built = sum(not layer.reused for layer in image.layers)
    taken = sum(layer.published for layer in image.layers)
    what = f"{built} built, {taken} taken from {reuse_from}" if reuse_from else f"{built} built"
    session.terminal.say(
        f"{image.platform}: {len(image.layers)} layers, {megabytes(size)} ({what}), {seconds:.1f} s"
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


def _result(made: Made, loaded: LoadResult | None, *, as_json: bool) -> None:
    composed, reuse = made.composed, made.prepared.reuse
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
                    "published": layer.published,
                }
                for layer in image.layers
            ],
        }
        for image in composed.images
    ]
    several = {"digest": composed.digest, "images": documents}
    document = documents[0] if len(documents) == 1 else several
    more = {
        "reference": loaded.reference if loaded else None,
        "reused_from": reuse.reference if reuse else None,
    }
    click.echo(json.dumps({**document, **more}))
