"""What of that which is signed is an image: the papers beside it are, too, and a tag may come to name one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.compose import oci
from airlock.errors import UntrustedError
from airlock_spec.wording import shortened

if TYPE_CHECKING:
    from airlock.registry.registry import Manifest

_CONFIGURATIONS = (oci.CONFIG, "application/vnd.docker.container.image.v1+json")
_OF_ARTIFACTS = {"artifactType", "subject"}  # keys of manifests that are no images
_WIDEST = 120  # characters of what somebody else claims


def require_image(signed: Manifest) -> None:
    """Raise UntrustedError unless a manifest is that of an image, or an index."""
    document = signed.document
    config = document.get("config")
    kind = config.get("mediaType") if isinstance(config, dict) else None
    if "manifests" in document or (kind in _CONFIGURATIONS and not _OF_ARTIFACTS & document.keys()):
        return
    what = shortened(str(document.get("artifactType") or kind or signed.media_type), _WIDEST)
    raise UntrustedError(
        f"{signed.digest} is no image",
        cause=f"it is signed, but a document beside an image: {what}",
        remedy="see who moved the tag; name the image by its digest",
    )
