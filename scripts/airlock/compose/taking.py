"""Layers taken as another machine published them, by descriptor: nothing is built, nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.compose import layer
from airlock.compose.layer import Layer, LayerPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.cache import Cache
    from airlock.compose.blobs import Blobs
    from airlock.compose.compression import Compression
    from airlock.compose.entry import Entry
    from airlock.compose.fragments import Supply
    from airlock.compose.published import Published


@dataclass(frozen=True)
class Reuse:
    """The image that layers may be taken from, and where the files for the others come from.

    `reference` is HOST/PATH@DIGEST; `images` has what was published of it by platform, as far as anything was.
    """

    reference: str
    images: Mapping[str, Published]
    supply: Supply


@dataclass(frozen=True)
class Taking:
    """Takes layers of one published image for a layout."""

    published: Published
    compression: Compression
    cache: Cache
    blobs: Blobs

    def layer(self, plan: LayerPlan, folders: Mapping[str, Entry]) -> Layer | None:
        """Return the layer, if one was published of the same inputs by the same code; else it is to be made.

        Where this machine once made another of them, its own counts.
        """
        inputs = layer.inputs_of(plan, folders, self.compression)
        key = layer.full_key(plan, inputs)
        found = self.published.layers.get(key)
        if found is None or found.media_type != self.compression.media_type:
            return None
        own = self.cache.read_json("layers", key)
        if own not in (None, {"digest": found.digest, "size": found.size, "diff_id": found.diff_id}):
            return None
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
