"""An image in a registry beside the one that was built again: whether they are equal, and what differs first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airlock import first_difference, layout
from airlock.compose import layout as layouts
from airlock.compose import oci
from airlock.compose.oci import LAYER_NAME
from airlock.errors import CorruptError, RegistryError, UntrustedError
from airlock.first_difference import Difference
from airlock.registry.reference import DIGEST
from airlock.terminal import megabytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.layout import LaidOutImage
    from airlock.registry.registry import Manifest, Registry
    from airlock.verification.promises import Promised

_DOCUMENT_LIMIT = 4 << 20  # bytes of a configuration
_LAYER_LIMIT = 256 << 20  # bytes of a layer that is fetched to be looked into
_LARGEST = 1 << 40  # bytes that a file system takes for the size of a file


def difference(
    registry: Registry, digest: str, images: Sequence[Promised], rebuilt: Path, folder: Path
) -> Difference | None:
    """Return what differs first between the pushed image of a digest and the rebuilt one; None if nothing does.

    What has to be fetched to be compared is put into `folder`. Raises UntrustedError where a platform was not
    rebuilt, and what reading a layout raises.
    """
    made = {one.platform: one for one in layout.images(rebuilt)}
    for one in images:
        other = made.get(one.provenance.platform)
        if other is None:
            raise UntrustedError(
                f"the image for {one.provenance.platform} was not built again",
                cause=f"the commit makes it for {', '.join(sorted(made)) or 'no platform'}",
            )
        if one.manifest.digest != other.digest:
            return _first(registry, one, other, folder)
    made_digest = rebuilt_digest(rebuilt)
    if made_digest == digest:
        return None
    return Difference(
        "the index", "", "every image is equal, the index is not", (f"- {digest}", f"+ {made_digest}")
    )


def rebuilt_digest(layout: Path) -> str:
    """Return the digest of the one image, or index of images, that a layout holds."""
    (descriptor,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    return str(descriptor["digest"])


def _first(registry: Registry, one: Promised, other: LaidOutImage, folder: Path) -> Difference:
    where = f"{one.provenance.platform}, manifest"
    try:
        pushed = _laid_out(registry, one.manifest, other, folder)
        found = first_difference.of_images(pushed, other) if pushed else None
    except (RegistryError, CorruptError) as error:
        return Difference(
            where, "", f"digests differ, and no more can be told: {error.fact}", _digests(one, other)
        )
    if found:
        return found
    return _by_name(one, other) or Difference(where, "", "the digests differ", _digests(one, other))


def _laid_out(registry: Registry, pushed: Manifest, other: LaidOutImage, folder: Path) -> LaidOutImage | None:
    """Lay the pushed image out with the first layer that differs, and no further one; None where it is too big."""
    blobs = layouts.blobs(folder)
    blobs.mkdir(parents=True)
    document = pushed.document
    layers = _layers(document)
    ours = {layer.digest for layer in other.layers}
    fetched = next((one for one in layers if one["digest"] not in ours), None)
    if fetched and int(fetched["size"]) > _LAYER_LIMIT:
        return None
    for layer in layers:
        path = blobs / _hex(layer)
        if layer["digest"] in ours:
            path.unlink(missing_ok=True)  # one may be there twice
            path.symlink_to(layouts.blobs(other.layout) / _hex(layer))
        elif layer is fetched:
            path.write_bytes(registry.blob(str(layer["digest"]), _LAYER_LIMIT))
        else:  # is not looked into, but has to have its size
            with path.open("wb") as file:
                file.truncate(int(layer["size"]))
    config = document["config"]
    (blobs / _hex(config)).write_bytes(registry.blob(str(config["digest"]), _DOCUMENT_LIMIT))
    (blobs / pushed.digest.partition(":")[2]).write_bytes(pushed.content)
    descriptor = {"mediaType": pushed.media_type, "digest": pushed.digest, "size": pushed.size}
    (folder / "index.json").write_bytes(oci.index_of_referrers([descriptor]).content)
    (found,) = layout.images(folder)
    return found


def _by_name(one: Promised, other: LaidOutImage) -> Difference | None:
    """Return the first layer that differs, by its name and size alone."""
    for layer, made in zip(_layers(one.manifest.document), other.layers, strict=False):
        if layer["digest"] != made.digest:
            name = made.annotations.get(LAYER_NAME, made.digest)
            sizes = f"- {megabytes(int(layer['size']))}", f"+ {megabytes(made.size)}"
            return Difference(f"{one.provenance.platform}, layer {name}", "", "its digest differs", sizes)
    return None


def _layers(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the descriptors of a manifest's layers. Raises CorruptError for what is malformed."""
    layers: Any = document.get("layers")
    try:
        _hex(document["config"])
        for one in layers:
            _hex(one)
            if not 0 <= int(one["size"]) < _LARGEST:
                raise ValueError("a size that no layer has")  # noqa: TRY301
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CorruptError("its manifest is malformed", cause=repr(error)) from error
    return list(layers)


def _hex(descriptor: dict[str, Any]) -> str:
    """Return a digest's digits, which become a path. Raises ValueError for another kind of digest."""
    if not DIGEST.fullmatch(descriptor["digest"]):
        raise ValueError("no sha256 digest")
    return str(descriptor["digest"]).partition(":")[2]


def _digests(one: Promised, other: LaidOutImage) -> tuple[str, str]:
    return f"- {one.manifest.digest}", f"+ {other.digest}"
