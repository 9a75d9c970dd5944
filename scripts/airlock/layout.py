"""An image in an OCI layout, read back (OCI image specification 1.1)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airlock import descriptor
from airlock.descriptor import MALFORMED
from airlock.errors import CorruptError, ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.descriptor import Descriptor
    from airlock.platforms import Platform

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_UNKNOWN = "unknown/unknown"  # what BuildKit calls the platform of an attestation
_AGAIN = "airlock image"
# on a descriptor of index.json: the image that has the layers which are not here, and their digests
REUSED_FROM, REUSED_LAYERS = "dev.airlock.reused-from", "dev.airlock.reused-layers"
_MARKS = {REUSED_FROM, REUSED_LAYERS}


@dataclass(frozen=True)
class LaidOutImage:
    """One image of a layout; the digest of `manifest` is the image's."""

    layout: Path
    manifest: Descriptor
    config: Descriptor
    layers: tuple[Descriptor, ...]
    configuration: Mapping[str, Any] = field(repr=False, hash=False)  # the content of the blob `config`
    diff_ids: tuple[str, ...]  # of the layers, uncompressed, in their order
    reused_from: str = ""  # HOST/PATH@DIGEST, where layers may be there alone (`partial`)
    absent: frozenset[str] = frozenset()  # digests of those layers

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def platform(self) -> str:
        """OCI's os/architecture[/variant], as the image's configuration has it; some leave the variant out."""
        name, named = descriptor.platform(self.configuration), self.manifest.platform or ""
        return named if named.startswith(f"{name}/") else name

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the image wants to be run: Env, WorkingDir, User, … (config.md, property `config`)."""
        settings: Mapping[str, Any] = self.configuration.get("config") or {}
        return settings

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Every blob of the image, the layers last."""
        return (self.manifest, self.config, *self.layers)

    def blob(self, named: Descriptor) -> Path:
        return _blob(self.layout, named)

    def held(self, named: Descriptor) -> Path | None:
        """Return where a blob is, None where the image that layers were reused from has it alone."""
        return None if named.digest in self.absent else self.blob(named)

    def require_here(self) -> None:
        """Raise ImageError where layers are not here, but in a registry alone."""
        if self.absent:
            count = len(self.absent)
            raise ImageError(
                f"the image in {self.layout} is not whole",
                cause=f"{count} of its {len(self.layers)} layers {'is' if count == 1 else 'are'} in "
                f"{self.reused_from} alone",
                remedy=f"{_AGAIN}  (which composes them here)",
            )


def images(layout: Path, *, partial: bool = False) -> list[LaidOutImage]:
    """Read every image of a layout, through a nested index where there is one; attestations are left out.

    Raises as `read_image` does.
    """
    found = [_image(layout, manifest, partial=partial) for manifest in _manifests(layout)]
    return [image for image in found if image.platform != _UNKNOWN]


def digest(layout: Path) -> str:
    """Return the digest of the one image, or of the one index of images, that a layout holds.

    Raises ImageError where there is none or there are more, CorruptError.
    """
    try:
        listed = _listed(json.loads((layout / "index.json").read_bytes()))
    except FileNotFoundError as error:
        raise _nothing(layout) from error
    except (OSError, *MALFORMED) as error:
        raise _malformed(layout, "index.json", error) from error
    if len(listed) != 1:
        raise ImageError(
            f"{layout} holds no one image", cause=f"its index names {len(listed)}", remedy=_AGAIN
        )
    return listed[0].digest


def read_image(layout: Path, platform: Platform, *, partial: bool = False) -> LaidOutImage:
    """Read the image for `platform`; the blobs of its layers are looked at for their size alone.

    `partial` allows for layers that the image they were reused from has alone (`LaidOutImage.absent`).
    Raises ImageError where there is none or it is not whole, CorruptError where a blob is missing or is not what
    it should be.
    """
    manifests = _manifests(layout)
    named = next((manifest for manifest in manifests if manifest.platform == platform.name), None)
    if named:
        return _image(layout, named, partial=partial)
    unnamed = [
        _image(layout, manifest, partial=partial) for manifest in manifests if manifest.platform is None
    ]
    found = next((image for image in unnamed if image.platform == platform.name), None)
    if found:
        return found
    held = {manifest.platform or "" for manifest in manifests} | {image.platform for image in unnamed}
    raise ImageError(
        f"there is no image for {platform} in {layout}",
        cause=f"it holds: {', '.join(sorted(held - {''})) or 'none'}",
        remedy=f"{_AGAIN} --platform {platform}",
    )


def _image(layout: Path, manifest: Descriptor, *, partial: bool) -> LaidOutImage:
    try:
        document = _document(layout, manifest)
        config = descriptor.read(document["config"])
        layers = tuple(descriptor.read(layer) for layer in document["layers"])
        configuration = _document(layout, config)
        diff_ids = tuple(descriptor.sha256(diff_id) for diff_id in configuration["rootfs"]["diff_ids"])
        _require_form(configuration)
    except MALFORMED as error:
        raise _malformed(layout, manifest.digest, error) from error
    if len(diff_ids) != len(layers):
        raise _malformed(layout, manifest.digest, f"{len(layers)} layers, but {len(diff_ids)} diff ids")
    elsewhere = set(manifest.annotations.get(REUSED_LAYERS, "").split())
    absent = {layer.digest for layer in layers if not _blob(layout, layer).exists()} & elsewhere
    for layer in layers:
        if layer.digest not in absent:
            _require_whole(layout, layer)
    image = LaidOutImage(
        layout,
        manifest,
        config,
        layers,
        configuration,
        diff_ids,
        manifest.annotations.get(REUSED_FROM, ""),
        frozenset(absent),
    )
    if not partial:
        image.require_here()
    return image


def _manifests(layout: Path) -> list[Descriptor]:
    """Return the manifests that the layout's index names, itself or by way of the index of an image."""
    try:
        listed = _listed(json.loads((layout / "index.json").read_bytes()))
        nested = {
            one: [_marked(each, one) for each in _present(layout, _listed(_document(layout, one)))]
            for one in listed
            if one.media_type in INDEXES
        }
    except FileNotFoundError as error:
        raise _nothing(layout) from error
    except (OSError, *MALFORMED) as error:
        raise _malformed(layout, "index.json", error) from error
    return [
        manifest for one in listed for manifest in nested.get(one, [one]) if manifest.platform != _UNKNOWN
    ]


def _nothing(layout: Path) -> ImageError:
    return ImageError(f"there is no image in {layout}", cause="it has not been composed", remedy=_AGAIN)


def _marked(manifest: Descriptor, index: Descriptor) -> Descriptor:
    """Give a manifest the mark of the index that names it: the layout's own file alone bears one."""
    others = {key: text for key, text in manifest.annotations.items() if key not in _MARKS}
    marks = {key: text for key, text in index.annotations.items() if key in _MARKS}
    return replace(manifest, annotations=others | marks)


def _present(layout: Path, manifests: list[Descriptor]) -> list[Descriptor]:
    """Leave out the manifests that are not there: containerd's store saves an index as it was pulled.

    Where none is there, the image itself is what is missing.
    """
    images = [manifest for manifest in manifests if manifest.platform != _UNKNOWN]
    return [manifest for manifest in images if _blob(layout, manifest).exists()] or images


def _listed(index: Mapping[str, Any]) -> list[Descriptor]:
    return [descriptor.read(manifest) for manifest in index["manifests"]]


def _document(layout: Path, named: Descriptor) -> dict[str, Any]:
    _require_whole(layout, named)
    content = _blob(layout, named).read_bytes()
    if hashlib.sha256(content).hexdigest() != named.hex:
        raise CorruptError(
            f"the blob {named.digest} in {layout} is damaged",
            cause="its sha256 differs from its name",
            remedy=_AGAIN,
        )
    document = json.loads(content)
    if not isinstance(document, dict):
        raise TypeError(f"{named.digest} is not a JSON object")
    return document


def _require_whole(layout: Path, named: Descriptor) -> None:
    try:
        size = _blob(layout, named).stat().st_size
    except OSError as error:
        raise CorruptError(
            f"the blob {named.digest} is missing from {layout}",
            cause=error.strerror or "",
            remedy=_AGAIN,
        ) from error
    if size != named.size:
        raise CorruptError(
            f"the blob {named.digest} in {layout} has the wrong size",
            cause=f"it has {size:,} bytes, its descriptor says {named.size:,}",
            remedy=_AGAIN,
        )


def _require_form(configuration: Mapping[str, Any]) -> None:
    """Refuse a configuration (config.md) that only looks like one to whoever reads it later."""
    descriptor.platform(configuration)
    if not isinstance(configuration.get("config") or {}, dict):
        raise TypeError("the configuration's config is no object")
    history = configuration.get("history") or []
    if not isinstance(history, list) or not all(isinstance(one, dict) for one in history):
        raise TypeError("the configuration's history is no list of objects")


def _blob(layout: Path, named: Descriptor) -> Path:
    return layout / "blobs" / "sha256" / named.hex


def _malformed(layout: Path, what: str, why: object) -> CorruptError:
    cause = f"{type(why).__name__}: {why}" if isinstance(why, Exception) else str(why)
    return CorruptError(f"{what} in {layout} is malformed", cause=cause, remedy=_AGAIN)
