"""Which layers of two images are the same, and which layer became which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock.compose.oci import LAYER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.descriptor import Descriptor
    from airlock.layout import LaidOutImage

    Named = tuple[str, Descriptor, str]  # a layer's name, descriptor and diff id


class Status(StrEnum):
    """What became of a layer; a RECOMPRESSED one has other bytes that unpack to the same tar."""

    SAME = "same"
    RECOMPRESSED = "recompressed"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class LayerChange:
    """A layer of one image or both."""

    name: str
    status: Status
    before: Descriptor | None
    after: Descriptor | None


def pair(first: LaidOutImage, second: LaidOutImage) -> Iterator[LayerChange]:
    """Pair the layers: by digest, then by diff id, then by name; what is left came or went."""
    left = list(zip(_names(first), first.layers, first.diff_ids, strict=True))
    wanted = list(zip(_names(second), second.layers, second.diff_ids, strict=True))
    paired: dict[int, LayerChange] = {}
    same: tuple[tuple[Status, Callable[[Named], str]], ...] = (
        (Status.SAME, lambda one: one[1].digest),
        (Status.RECOMPRESSED, lambda one: one[2]),
        (Status.CHANGED, lambda one: one[0]),
    )
    for status, identity in same:
        for number, layer in enumerate(wanted):
            match = next((one for one in left if identity(one) == identity(layer)), None)
            if number not in paired and match:
                left.remove(match)
                paired[number] = LayerChange(layer[0], status, match[1], layer[1])
    for number, (name, layer_after, _) in enumerate(wanted):
        yield paired.get(number) or LayerChange(name, Status.ADDED, None, layer_after)
    for name, layer_before, _ in left:
        yield LayerChange(name, Status.REMOVED, layer_before, None)


def _names(image: LaidOutImage) -> list[str]:
    """Name the layers: as airlock annotates them, or by the command that made each (config.md, history)."""
    history = image.configuration.get("history") or []
    made = [str(one.get("created_by") or "") for one in history if not one.get("empty_layer")]
    if len(made) != len(image.layers):
        made = [""] * len(image.layers)
    return [
        layer.annotations.get(LAYER_NAME) or command or f"layer {number}"
        for number, (layer, command) in enumerate(zip(image.layers, made, strict=True), 1)
    ]
