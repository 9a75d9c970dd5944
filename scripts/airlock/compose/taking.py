"""Layers taken as another machine published them, by descriptor: nothing is built, nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose import layer
from airlock.compose.fragments import Fragments, in_parallel
from airlock.compose.layer import Layer, LayerPlan
from airlock.compose.published import NO_LAYERS_FROM_IT
from airlock.errors import UntrustedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.cache import Cache
    from airlock.compose.blobs import Blobs
    from airlock.compose.compression import Compression
    from airlock.compose.entry import Entry
    from airlock.compose.fragments import Supply
    from airlock.compose.published import Published
    from airlock.compose.sources import Workshop
    from airlock.compose.verdict import Folders
    from airlock.platforms import Platform
    from airlock.terminal import Terminal


@dataclass(frozen=True)
class Reuse:
    """The image that layers may be taken from, and where the files for the others come from.

    `reference` is HOST/PATH@DIGEST; `images` has what was published of it by platform, as far as anything was.
    """

    reference: str
    images: Mapping[str, Published]
    supply: Supply


@dataclass(frozen=True)
class Bench:
    """Where the layers of one layout are made, by how many at a time, or taken."""

    workers: int
    blobs: Blobs
    terminal: Terminal
    reuse: Reuse | None = None

    def fragments(self, platform: Platform, cache: Cache) -> Fragments:
        """Return where the fragments of the image for a platform come from."""
        if self.reuse is None:
            return Fragments(cache, self.workers)
        known = self.reuse.images.get(platform.name)
        return Fragments(cache, self.workers, known, self.reuse.supply)

    def supply_changed(self, layers: Iterable[LayerPlan], pieces: Fragments) -> None:
        """Ask at once for what all layers need that, as it seems now, must be made."""
        if self.reuse:
            changed = [part.fragments for part in layers if pieces.missing(part.fragments)]
            pieces.supply(spec for part in changed for spec in part)

    def join(
        self, layers: Sequence[LayerPlan], folders: Mapping[str, Folders], pieces: Fragments, shop: Workshop
    ) -> list[Layer]:
        """Take the layers that were published, and join the others."""
        taken: dict[str, Layer] = {}
        if pieces.known:
            taking = Taking(pieces.known, shop.compression, shop.cache, self.blobs)
            found = [taking.layer(part, folders[part.name]) for part in layers]
            taken = {one.name: one for one in found if one}
        if self.reuse:
            pieces.supply(spec for part in layers if part.name not in taken for spec in part.fragments)

        def one(part: LayerPlan) -> Layer:
            there = taken.get(part.name)
            special = folders[part.name]
            return there or layer.join(part, special, pieces, shop.compression, shop.cache, self.blobs)

        return in_parallel(self.workers, one, layers)


@dataclass(frozen=True)
class Taking:
    """Takes layers of one published image for a layout."""

    published: Published
    compression: Compression
    cache: Cache
    blobs: Blobs

    def layer(self, plan: LayerPlan, folders: Mapping[str, Entry]) -> Layer | None:
        """Return the layer, if one was published of the same inputs by the same code; else it is to be made.

        Raises UntrustedError where this machine once made another of them.
        """
        inputs = layer.inputs_of(plan, folders, self.compression)
        key = layer.full_key(plan, inputs)
        found = self.published.layers.get(key)
        if found is None or found.media_type != self.compression.media_type:
            return None
        own = self.cache.read_json("layers", key)
        if own not in (None, {"digest": found.digest, "size": found.size, "diff_id": found.diff_id}):
            raise UntrustedError(
                f"the layer {plan.name} of {self.published.origin} is not what it is said to be",
                cause=f"made here from the same inputs it is sha256:{own['digest']}, there sha256:{found.digest}",
                remedy=NO_LAYERS_FROM_IT,
            )
        return Layer(
            name=plan.name,
            packages=tuple(spec.label for spec in plan.fragments),
            key=inputs,
            full_key=key,
            digest=found.digest,
            diff_id=found.diff_id,
            size=found.size,
            media_type=found.media_type,
            reused=True,
            seconds=0.0,
            published=not self.blobs.holds(found.digest, found.size),
        )
