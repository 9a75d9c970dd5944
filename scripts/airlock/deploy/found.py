"""The image that is to be deployed: a tag is resolved once, and that the image is there is looked at first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.registry.reference import Reference
    from airlock.registry.registry import Registry

_LARGEST = 4 << 20  # bytes of an image's configuration; ECR's largest manifest is as large
_UNKNOWN = "unknown"  # what BuildKit calls the platform of an attestation


@dataclass(frozen=True)
class Found:
    """An image by its digest, and the platforms (os/architecture) it is for; none where nobody could tell."""

    reference: Reference
    platforms: frozenset[str] = frozenset()


def find(registry: Registry, reference: Reference, absent: Callable[[Reference], None]) -> Found:
    """Look an image up by its digest or, once, by its tag; one that is not there is given to `absent`.

    Raises DeployError where a tag names nothing or what it names is no image, RegistryError.
    """
    manifest = registry.manifest(reference.name)
    if manifest is None:
        if not reference.digest:
            raise not_there(reference)
        absent(reference)
        return Found(reference)
    digest = reference.digest or manifest.digest
    try:
        platforms = _platforms(registry, manifest.document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeployError(
            f"{reference} is no image that ECS could run",
            cause=f"its manifest has the type {manifest.media_type}",
            remedy="name an image; its papers and signatures are in the same repository",
        ) from error
    return Found(reference.by_digest(digest), frozenset(platforms))


def refuse(reference: Reference) -> None:
    """Raise DeployError: this image is not there."""
    raise not_there(reference)


def not_there(reference: Reference) -> DeployError:
    return DeployError(
        f"there is no image {reference}",
        cause=f"{reference.repository} has nothing of this name: no task could pull it",
        remedy="airlock push, or name another with --image",
    )


def _platforms(registry: Registry, document: dict[str, Any]) -> list[str]:
    """Return os/architecture of a manifest or an index. Raises ValueError and others for what is no image."""
    if "subject" in document or document.get("artifactType"):
        raise ValueError("it is an artifact")
    if "manifests" in document:
        images = [one.get("platform") or {} for one in document["manifests"] if _is_image(one)]
        if not images:
            raise ValueError("it lists papers alone, as the referrers of an image")
        return [_name(one) for one in images if "os" in one]
    if not document["layers"]:
        raise ValueError("it has no content")
    configuration = json.loads(registry.blob(document["config"]["digest"], _LARGEST))
    return [_name(configuration)]


def _is_image(descriptor: dict[str, Any]) -> bool:
    platform = descriptor.get("platform") or {}
    return not descriptor.get("artifactType") and platform.get("os") != _UNKNOWN


def _name(one: dict[str, Any]) -> str:
    return f"{one['os']}/{one['architecture']}"
