"""The composed image as papers see it: what it calls itself, the locks it came from, our distributions in it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from airlock import contents
from airlock.compose.oci import LAYER_NAME
from airlock.errors import ImageError
from airlock.wheels import source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.config import Config
    from airlock.layout import Descriptor, LaidOutImage

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


def own_metadata(image: LaidOutImage, config: Config) -> Iterator[bytes]:
    """Yield the METADATA of each distribution of the project, as the image has it.

    Raises ImageError where the image lacks one, CorruptError where its layer is damaged.
    """
    layers = {layer.annotations.get(LAYER_NAME): number for number, layer in enumerate(image.layers)}
    for folder in config.distributions:
        name = source.describe(folder).name
        number = layers.get(name)
        found = _metadata(image, image.layers[number], image.diff_ids[number]) if number is not None else None
        if found is None:
            raise _stale(image, f"it does not hold {name}, which [tool.airlock] distributions names")
        yield found


def _metadata(image: LaidOutImage, layer: Descriptor, diff_id: str) -> bytes | None:
    members = contents.with_contents(
        image.blob(layer), layer.media_type, diff_id, lambda path: _METADATA.fullmatch(path) is not None
    )
    return next((content for _, content in list(members) if content is not None), None)


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def _stale(image: LaidOutImage, cause: str) -> ImageError:
    return ImageError(
        f"the image in {image.layout} was not composed from this project as it is",
        cause=cause,
        remedy="airlock image",
    )
