"""The composed image as papers see it: what it calls itself, the locks it came from, our distributions in it."""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from airlock import contents
from airlock.compose.oci import LAYER_NAME
from airlock.compose.plan import ROOTFS
from airlock.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.config import Config
    from airlock.layout import LaidOutImage

_METADATA = re.compile(r"(?:.*/)?site-packages/[^/]+\.dist-info/METADATA")


def label(image: LaidOutImage, name: str) -> str:
    """Return a label of the image, "" where it has none of this name."""
    labels = image.settings.get("Labels")
    return str(labels.get(name, "")) if isinstance(labels, dict) else ""


def require_locked(image: LaidOutImage, config: Config) -> None:
    """Raise ImageError unless the image was composed from the locks as they are."""
    locks = {"dev.airlock.airflow-lock": config.airflow_lock, "dev.airlock.debian-lock": config.debian_lock}
    other = [path.name for name, path in locks.items() if label(image, name) != _digest(path)]
    if other:
        raise _stale(image, f"{' and '.join(other)} changed since, or it is another project's")


def own_metadata(image: LaidOutImage, known: Mapping[str, bytes] = MappingProxyType({})) -> dict[str, bytes]:
    """Return the METADATA of each distribution of the project, as the image has it, by the diff id of its layer.

    `known` has that of layers that may be absent. Raises ImageError where a layer has none or is neither here nor
    known, CorruptError where one is damaged.
    """
    names = [layer.annotations.get(LAYER_NAME) for layer in image.layers]
    first = names.index(ROOTFS) + 1 if ROOTFS in names else len(names)
    found = {}
    for number in range(first, len(names)):
        diff_id = image.diff_ids[number].partition(":")[2]
        if image.held(image.layers[number]):
            found[diff_id] = _metadata(image, number)
        elif diff_id in known:
            found[diff_id] = known[diff_id]
        else:
            image.require_here()
    return found


def _metadata(image: LaidOutImage, number: int) -> bytes:
    layer = image.layers[number]
    members = contents.with_contents(
        image.blob(layer),
        layer.media_type,
        image.diff_ids[number],
        lambda path: _METADATA.fullmatch(path) is not None,
    )
    found = [content for _, content in members if content is not None]
    if not found:
        raise _stale(image, f"its layer {layer.annotations.get(LAYER_NAME)} holds no distribution")
    return found[0]


def _digest(path: Path) -> str:
    try:
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except FileNotFoundError:
        return "none"


def _stale(image: LaidOutImage, cause: str) -> ImageError:
    return ImageError(
        f"the image in {image.layout} was not composed from this project as it is",
        cause=cause,
        remedy="airlock image",
    )
