"""The story of an image, in the order it happens: packages, fragments, checks, layers, documents."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.cache import Cache, key_of
from airlock.compose import (
    collisions,
    fragments,
    interpreter,
    layer,
    layout,
    libraries,
    oci,
    plan,
    recipe,
    sources,
)
from airlock.compose.compression import Zstd
from airlock.compose.entry import Entry, Kind
from airlock.compose.fragments import Fragments, FragmentSpec
from airlock.compose.layer import Layer, LayerPlan
from airlock.compose.sources import Workshop
from airlock.platforms import native
from airlock.store import Store
from airlock.wheels import source
from airlock_spec.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock.compose.image_file import ImageFile
    from airlock.compose.oci import Document
    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.debian import DebianLock
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.store import StoreFile
    from airlock.terminal import Terminal

Lost = dict[str, frozenset[str]]  # by package, the paths that the configuration gives to another


@dataclass(frozen=True)
class Inputs:
    """All that an image is a function of."""

    config: Config
    image: ImageFile
    airflow: AirflowLock
    debian: DebianLock


@dataclass(frozen=True)
class Image:
    """A composed image of one platform; its digest is the manifest's."""

    platform: Platform
    manifest: Document
    config: Document
    layers: tuple[Layer, ...]

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


def compose(inputs: Inputs, places: Places, terminal: Terminal, workers: int | None = None) -> list[Image]:
    """Compose the configured platforms into the project's OCI layout."""
    with layout.locked(inputs.config.layout):
        images = [
            _compose_one(inputs, platform, places, terminal, workers) for platform in inputs.config.platforms
        ]
        layout.publish(
            inputs.config.layout,
            [(image.manifest, image.platform) for image in images],
            [image.config for image in images],
            [layer for image in images for layer in image.layers],
        )
    return images


def _compose_one(
    inputs: Inputs, platform: Platform, places: Places, terminal: Terminal, workers: int | None
) -> Image:
    count = (
        workers or (os.cpu_count() or 1) + 1
    )  # one more than the processors: a worker waits for its compiler
    store, cache = Store(places.store), Cache(places.cache)
    shop = Workshop(
        store,
        cache,
        interpreter.unpack(inputs.debian, native(), store, places.trees),
        Zstd(inputs.image.layers.zstd_level),
        inputs.image,
        interpreter.python_version(inputs.debian),
    )
    pieces = Fragments(cache, count)
    layers, folders = _checked_plan(inputs, platform, shop, pieces, terminal)
    blobs = layout.blobs(inputs.config.layout)
    joined = fragments.in_parallel(
        count, lambda part: layer.join(part, folders, pieces, shop.compression, cache, blobs), layers
    )
    return _documents(inputs, platform, joined)


def _checked_plan(
    inputs: Inputs, platform: Platform, shop: Workshop, pieces: Fragments, terminal: Terminal
) -> tuple[list[LayerPlan], dict[str, Entry]]:
    """Return the layers and the folders that are not plain, once all checks of the whole image hold."""
    owners = dict(inputs.image.owners)
    layers = _layers(inputs, platform, shop, {})
    key = key_of(
        recipe.of(recipe.CHECKS), platform.name, [spec.key for spec in _specs(layers)], inputs.image.owners
    )
    verdict = shop.cache.read_json("checked", key)
    if verdict is None:
        _make(layers, pieces, terminal)
        lost = collisions.losers([pieces.facts(spec) for spec in _specs(layers)], owners)
        if lost:
            layers = _layers(inputs, platform, shop, lost)
            _make(layers, pieces, terminal)
        facts = [pieces.facts(spec) for spec in _specs(layers)]
        collisions.require_none(facts)
        libraries.require_all(facts, platform, dict(inputs.debian.libraries))
        folders = [item for one in facts for item in one.directories if not item.is_default_directory]
        verdict = {
            "lost": {package: sorted(paths) for package, paths in lost.items()},
            "folders": [(item.path, item.mode, item.uid, item.gid) for item in folders],
        }
        shop.cache.write_json("checked", key, verdict)
    elif verdict["lost"]:
        layers = _layers(
            inputs, platform, shop, {name: frozenset(paths) for name, paths in verdict["lost"].items()}
        )
    special = [Entry(path, Kind.DIRECTORY, mode, uid, gid) for path, mode, uid, gid in verdict["folders"]]
    return layers, {item.path: item for item in special}


def _layers(inputs: Inputs, platform: Platform, shop: Workshop, lost: Lost) -> list[LayerPlan]:
    nothing: frozenset[str] = frozenset()
    debs = inputs.debian.for_platform(platform)
    debian = [sources.deb_spec(shop, item, lost.get(item.package, nothing)) for item in debs]
    wheels = [
        sources.wheel_spec(shop, item, lost.get(item.name, nothing))
        for item in inputs.airflow.wheels(platform)
    ]
    own = [sources.distribution_spec(shop, source.describe(folder)) for folder in inputs.config.distributions]
    last = [
        sources.rootfs_spec(shop, inputs.config.rootfs),
        sources.identity_spec(shop, _identity(inputs, platform)),
    ]
    return [
        LayerPlan("debian", (*debian, sources.base_spec(shop, debs))),
        *plan.python_layers(wheels, inputs.image.layers),
        *(LayerPlan(spec.package, (spec,)) for spec in own),
        LayerPlan("rootfs", tuple(last)),
    ]


def _specs(layers: Iterable[LayerPlan]) -> list[FragmentSpec]:
    return [spec for part in layers for spec in part.fragments]


def _make(layers: Iterable[LayerPlan], pieces: Fragments, terminal: Terminal) -> None:
    missing = pieces.missing(_specs(layers))
    if missing:
        title = f"composing {len(missing)} of {len(_specs(layers))} packages"
        with terminal.progress(title, sum(spec.weight for spec in missing), unit_bytes=True) as progress:
            pieces.prepare(missing, progress)


def _identity(inputs: Inputs, platform: Platform) -> Identity:
    return Identity(
        airflow_lock=_digest(inputs.config.airflow_lock),
        debian_lock=_digest(inputs.config.debian_lock),
        airflow=_airflow_version(inputs.airflow),
        python=inputs.airflow.python,
        platform=platform.name,
    )


def _documents(inputs: Inputs, platform: Platform, layers: list[Layer]) -> Image:
    facts: Mapping[str, str] = {
        "org.opencontainers.image.title": inputs.config.name.rpartition("/")[2],
        "org.opencontainers.image.version": _airflow_version(inputs.airflow),
        "dev.airlock.airflow-lock": _digest(inputs.config.airflow_lock),
        "dev.airlock.debian-lock": _digest(inputs.config.debian_lock),
    }
    config = oci.config(inputs.image.run, inputs.image.user, platform, layers, facts)
    return Image(platform, oci.manifest(config, layers, facts), config, tuple(layers))


def _airflow_version(lock: AirflowLock) -> str:
    return next((package.version for package in lock.packages if package.name == "apache-airflow"), "")


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
