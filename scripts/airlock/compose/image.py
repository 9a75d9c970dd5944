"""The story of an image, in the order it happens: packages, fragments, checks, layers, documents."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airlock.cache import Cache
from airlock.compose import interpreter, layout, oci, plan, sources, trust, verdict
from airlock.compose.blobs import Blobs
from airlock.compose.layer import LayerPlan
from airlock.compose.sources import Workshop
from airlock.compose.taking import Bench
from airlock.compose.verdict import Rules
from airlock.errors import ConfigError, LockError
from airlock.layout import REUSED_FROM, REUSED_LAYERS
from airlock.platforms import native
from airlock.store import Store
from airlock.wheels import source
from airlock_spec.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock.certificates import CertificateFile
    from airlock.compose.fragments import Fragments, FragmentSpec
    from airlock.compose.image_file import ImageFile
    from airlock.compose.layer import Layer
    from airlock.compose.oci import Document
    from airlock.compose.taking import Reuse
    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.store import StoreFile
    from airlock.terminal import Terminal


AIRFLOW = "apache-airflow"
MOST_LAYERS = 127  # overlayfs as Docker stacks it


@dataclass(frozen=True)
class Inputs:
    """All that an image is a function of."""

    config: Config
    image: ImageFile
    airflow: AirflowLock
    debian: DebianLock
    certificates: tuple[CertificateFile, ...]


@dataclass(frozen=True)
class Image:
    """A composed image of one platform; its digest is the manifest's."""

    platform: Platform
    manifest: Document
    config: Document
    layers: tuple[Layer, ...]
    pieces: Fragments = field(repr=False, compare=False)
    specs: tuple[FragmentSpec, ...] = field(repr=False, compare=False)  # whose facts its checks needed

    @property
    def digest(self) -> str:
        return f"sha256:{self.manifest.digest}"


def files(inputs: Inputs, platforms: Iterable[Platform]) -> list[StoreFile]:
    """Return every file of the store that the images are made from, for `Store.require_sealed`."""
    wanted = [item.file for item in interpreter.packages(inputs.debian, native())]
    for platform in platforms:
        wanted += [item.file for item in inputs.debian.for_platform(platform)]
        wanted += [item.file for item in inputs.airflow.wheels(platform)]
    return wanted


@dataclass(frozen=True)
class Composed:
    """What a layout holds: one image, or the index of one for each of several platforms."""

    images: tuple[Image, ...]

    @property
    def digest(self) -> str:
        return self.images[0].digest if len(self.images) == 1 else f"sha256:{self.index.digest}"

    @property
    def index(self) -> Document:
        return oci.index([(image.manifest, image.platform) for image in self.images])

    def image_for(self, platform: Platform) -> Image:
        """Return the image for a platform, or the first where there is none."""
        return next((image for image in self.images if image.platform == platform), self.images[0])


def compose(
    inputs: Inputs,
    places: Places,
    terminal: Terminal,
    workers: int | None = None,
    reuse: Reuse | None = None,
) -> Composed:
    """Compose the configured platforms into the project's OCI layout.

    Where layers were taken from `reuse`, their blobs are there alone, and the layout says so.
    """
    with layout.locked(inputs.config.layout, terminal):
        blobs = Blobs(layout.blobs(inputs.config.layout), Cache(places.cache))
        count = workers or (os.cpu_count() or 1) + 1  # one more, for a worker waits while its compiler works
        bench = Bench(count, blobs, terminal, reuse)
        platforms = inputs.config.platforms
        made = Composed(tuple(_compose_one(inputs, one, places, bench) for one in platforms))
        documents = [document for image in made.images for document in (image.config, image.manifest)]
        index = made.index
        if len(made.images) > 1:
            documents.append(index)
            index = oci.index_of_index(index)
        layers = [layer for image in made.images for layer in image.layers]
        taken = sorted({f"sha256:{layer.digest}" for layer in layers if layer.published})
        if reuse and taken:
            index = oci.marked(index, {REUSED_FROM: reuse.reference, REUSED_LAYERS: " ".join(taken)})
        layout.publish(inputs.config.layout, index, documents, layers)
        blobs.remember()
    return made


def _compose_one(inputs: Inputs, platform: Platform, places: Places, bench: Bench) -> Image:
    shop = workshop(inputs, platform, places)
    pieces = bench.fragments(platform, shop.cache)
    rules = Rules(
        platform,
        dict(inputs.image.owners),
        dict(inputs.debian.libraries),
        inputs.image.other_machines,
        inputs.image.optional_libraries,
    )
    first = _layers(inputs, platform, shop)
    bench.supply_changed(first, pieces)
    layers, folders = verdict.settle(
        lambda lost: _layers(inputs, platform, replace(shop, lost=lost)) if lost else first,
        rules,
        pieces,
        shop.cache,
        bench.terminal,
    )
    specs = {spec.key: spec for part in (*first, *layers) for spec in part.fragments}
    joined = bench.join(layers, folders, pieces, shop)
    return _documents(inputs, platform, joined, pieces, tuple(specs.values()))


def workshop(inputs: Inputs, platform: Platform, places: Places) -> Workshop:
    store = Store(places.store)
    python = interpreter.packages(inputs.debian, platform)
    return Workshop(
        store=store,
        cache=Cache(places.cache),
        compiler=interpreter.ImageInterpreter(inputs.debian, native(), store, places.trees),
        compression=inputs.image.layers.compression,
        image=inputs.image,
        python=interpreter.python_version(inputs.debian),
        interpreter=tuple((item.package, item.version) for item in python),
        lost={},
        trust=trust_links(inputs, platform),
        compiling=tuple(item.file for item in interpreter.packages(inputs.debian, native())),
    )


def trust_links(inputs: Inputs, platform: Platform) -> trust.Links:
    """Return the links to the trust store, which there is where somebody says whom to trust."""
    roots = any(item.package == trust.PACKAGE for item in inputs.debian.for_platform(platform))
    return trust.Links(roots or bool(inputs.certificates), inputs.image.bundles)


def _layers(inputs: Inputs, platform: Platform, shop: Workshop) -> list[LayerPlan]:
    """Plan the layers from the most stable to the most often changed."""
    debs = inputs.debian.for_platform(platform)
    own = [sources.distribution_spec(shop, source.describe(folder)) for folder in inputs.config.distributions]
    return _require_few(
        [
            LayerPlan(
                "debian", (*(sources.deb_spec(shop, item) for item in debs), sources.base_spec(shop, debs))
            ),
            *plan.python_layers(
                [sources.wheel_spec(shop, item) for item in inputs.airflow.wheels(platform)],
                inputs.image.layers,
            ),
            LayerPlan(
                plan.ROOTFS,
                (
                    sources.rootfs_spec(shop, inputs.config.rootfs),
                    *sources.certificates_spec(shop, debs, inputs.certificates),
                    sources.identity_spec(shop, identity(inputs, platform)),
                ),
            ),
            *(
                LayerPlan(spec.package, (spec,)) for spec in own
            ),  # edited all day: nothing is unpacked after them
        ]
    )


def _require_few(layers: list[LayerPlan]) -> list[LayerPlan]:
    """Raise ConfigError where a container engine could not stack the layers."""
    if len(layers) > MOST_LAYERS:
        raise ConfigError(
            f"the image would have {len(layers)} layers, and engines take {MOST_LAYERS}",
            cause="[layers] in image/image.toml and the number of distributions decide it",
            remedy="lower alone-at-most, provider-bins or tier-bins in image/image.toml",
        )
    return layers


def identity(inputs: Inputs, platform: Platform) -> Identity:
    return Identity(
        airflow_lock=_digest(inputs.config.airflow_lock),
        debian_lock=_digest(inputs.config.debian_lock),
        airflow=inputs.airflow.version(AIRFLOW) or inputs.airflow.version("apache-airflow-core"),
        python=inputs.airflow.python,
        platform=platform.name,
    )


def _documents(
    inputs: Inputs,
    platform: Platform,
    layers: list[Layer],
    pieces: Fragments,
    specs: tuple[FragmentSpec, ...],
) -> Image:
    facts: Mapping[str, str] = {
        "org.opencontainers.image.title": inputs.config.name.rpartition("/")[2],
        "org.opencontainers.image.version": version(inputs),
        "dev.airlock.airflow-lock": _digest(inputs.config.airflow_lock),
        "dev.airlock.debian-lock": _digest(inputs.config.debian_lock),
    }
    config = oci.config(inputs.image.run, inputs.image.user, platform, layers, facts)
    return Image(platform, oci.manifest(config, layers, facts), config, tuple(layers), pieces, specs)


def version(inputs: Inputs) -> str:
    """Return the version that the image bears: that of the one package that it is there for.

    Raises LockError where that package is not locked: an image meant for Airflow must not come to lack it.
    """
    name = inputs.config.version_of
    found = inputs.airflow.version(name)
    if found is None and name == AIRFLOW:
        found = inputs.airflow.version("apache-airflow-core")
    if found is None:
        raise LockError(
            f"airflow.lock holds no {'Airflow' if name == AIRFLOW else name}",
            cause=f"the image bears the version of {name} ([tool.airlock] version-of)",
            remedy=f"add {name} to constraints/airflow.in, then: airlock lock\n"
            "or say in pyproject.toml whose version it is to bear: version-of = PACKAGE",
        )
    return found


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
