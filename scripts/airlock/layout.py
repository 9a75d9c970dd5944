"""An image in an OCI layout, read back (OCI image specification 1.1)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.errors import CorruptError, ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.platforms import Platform

_SHA256_LENGTH = 64
_AGAIN = "airlock image"


@dataclass(frozen=True)
class Descriptor:
    """What names a blob: `digest` is `sha256:` and 64 hexadecimal digits, `size` is in bytes.

    `platform` is OCI's os/architecture, where the descriptor has one.
    """

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: str | None = None

    @property
    def hex(self) -> str:
        return self.digest.partition(":")[2]


@dataclass(frozen=True)
class LaidOutImage:
    """One image of a layout; the digest of `manifest` is the image's."""

    layout: Path
    manifest: Descriptor
    config: Descriptor
    layers: tuple[Descriptor, ...]
    configuration: Mapping[str, Any] = field(repr=False, hash=False)  # the content of the blob `config`
    diff_ids: tuple[str, ...]  # of the layers, uncompressed, in their order

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def settings(self) -> Mapping[str, Any]:
        """How the image wants to be run: Env, WorkingDir, User, … (config.md, property `config`)."""
        settings: Mapping[str, Any] = self.configuration.get("config") or {}
        return settings

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Every blob of the image, the layers last."""
        return (self.manifest, self.config, *self.layers)

    def blob(self, descriptor: Descriptor) -> Path:
        return _blob(self.layout, descriptor)


def read_image(layout: Path, platform: Platform) -> LaidOutImage:
    """Read the image for `platform`; the blobs of its layers are looked at for their size alone.

    Raises ImageError where there is none, CorruptError where a blob is missing or is not what it should be.
    """
    manifest = _for_platform(layout, platform)
    try:
        document = _document(layout, manifest)
        config = _descriptor(document["config"])
        layers = tuple(_descriptor(layer) for layer in document["layers"])
        configuration = _document(layout, config)
        diff_ids = tuple(_sha256(diff_id) for diff_id in configuration["rootfs"]["diff_ids"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(layout, manifest.digest, error) from error
    if len(diff_ids) != len(layers):
        raise _malformed(layout, manifest.digest, f"{len(layers)} layers, but {len(diff_ids)} diff ids")
    for layer in layers:
        _require_whole(layout, layer)
    return LaidOutImage(layout, manifest, config, layers, configuration, diff_ids)


def _for_platform(layout: Path, platform: Platform) -> Descriptor:
    try:
        index = json.loads((layout / "index.json").read_bytes())
        manifests = [_descriptor(manifest) for manifest in index["manifests"]]
    except FileNotFoundError as error:
        raise ImageError(
            f"there is no image in {layout}", cause="it has not been composed", remedy=_AGAIN
        ) from error
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(layout, "index.json", error) from error
    found = next((manifest for manifest in manifests if manifest.platform == platform.name), None)
    if found is None:
        held = (
            ", ".join(sorted(manifest.platform or "an unnamed platform" for manifest in manifests)) or "none"
        )
        raise ImageError(
            f"there is no image for {platform} in {layout}",
            cause=f"it holds: {held}",
            remedy=f"{_AGAIN} --platform {platform}",
        )
    return found


def _document(layout: Path, descriptor: Descriptor) -> dict[str, Any]:
    _require_whole(layout, descriptor)
    content = _blob(layout, descriptor).read_bytes()
    if hashlib.sha256(content).hexdigest() != descriptor.hex:
        raise CorruptError(
            f"the blob {descriptor.digest} in {layout} is damaged",
            cause="its sha256 differs from its name",
            remedy=_AGAIN,
        )
    document = json.loads(content)
    if not isinstance(document, dict):
        raise TypeError(f"{descriptor.digest} is not a JSON object")
    return document


def _require_whole(layout: Path, descriptor: Descriptor) -> None:
    try:
        size = _blob(layout, descriptor).stat().st_size
    except OSError as error:
        raise CorruptError(
            f"the blob {descriptor.digest} is missing from {layout}",
            cause=error.strerror or "",
            remedy=_AGAIN,
        ) from error
    if size != descriptor.size:
        raise CorruptError(
            f"the blob {descriptor.digest} in {layout} has the wrong size",
            cause=f"it has {size:,} bytes, its descriptor says {descriptor.size:,}",
            remedy=_AGAIN,
        )


def _descriptor(value: Any) -> Descriptor:
    platform = value.get("platform")
    return Descriptor(
        str(value["mediaType"]),
        _sha256(value["digest"]),
        int(value["size"]),
        dict(value.get("annotations") or {}),
        f"{platform['os']}/{platform['architecture']}" if platform else None,
    )


def _sha256(digest: str) -> str:
    """Refuse any other digest: it becomes a path."""
    algorithm, _, text = digest.partition(":")
    if algorithm != "sha256" or len(text) != _SHA256_LENGTH or set(text) - set("0123456789abcdef"):
        raise ValueError(f"{digest!r} is not a sha256 digest")
    return digest


def _blob(layout: Path, descriptor: Descriptor) -> Path:
    return layout / "blobs" / "sha256" / descriptor.hex


def _malformed(layout: Path, what: str, why: object) -> CorruptError:
    cause = f"{type(why).__name__}: {why}" if isinstance(why, Exception) else str(why)
    return CorruptError(f"{what} in {layout} is malformed", cause=cause, remedy=_AGAIN)
