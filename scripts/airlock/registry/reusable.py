"""The image that a registry holds, as layers that may be taken: only of what a trusted key signed.

The registry itself is trusted with nothing. The signature of the image's manifest says that its layers may be run;
that of the paper beside it (airlock.compose.published) says what they were made from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.compose.published import MEDIA_TYPE, MOST_BYTES, Published, PublishedLayer, toolchain
from airlock.errors import RegistryError, UntrustedError
from airlock.registry.images import require_image
from airlock.registry.reference import DIGEST
from airlock.registry.registry import Registry

if TYPE_CHECKING:
    from airlock.platforms import Platform
    from airlock.registry.reference import Reference
    from airlock.registry.registry import Manifest
    from airlock.terminal import Terminal

Trust = Callable[[Registry, str], object]  # raises UntrustedError for a digest that no trusted key signed
_MOST_CONFIGURATION = 8_000_000  # bytes
_MOST_PAPERS = 100  # of one image; whoever can push could else keep everybody busy
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
_ALL = "everything is built"


@dataclass(frozen=True)
class Found:
    """What a reference names now, and what was published of it by platform."""

    reference: Reference  # by digest
    images: dict[str, Published]


@dataclass(frozen=True)
class Finder:
    """Looks for what may be taken in one repository, and says where that is nothing."""

    registry: Registry
    require_trusted: Trust
    terminal: Terminal

    def find(self, reference: Reference, platforms: Iterable[Platform]) -> Found:
        """Return what may be taken for these platforms of the image that the reference names at this moment.

        Raises RegistryError where there is no image, or none that can be read; UntrustedError where a trusted key
        signed it not, or its paper not, or signed what is no image; CorruptError for a paper that makes no sense.
        """
        top = self.registry.manifest(reference.name)
        if top is None:
            raise RegistryError(
                f"there is no image {reference}",
                cause=f"{reference.repository} is there, but nothing in it has that name",
                remedy="name one that was pushed; without one: airlock image",
            )
        named = reference.by_digest(top.digest)
        images: dict[str, Published] = {}
        for platform in platforms:
            image = self._image(top, platform, named)
            known = self._published(image, named) if image else None
            if known:
                images[platform.name] = known
        return Found(named, images)

    def _image(self, top: Manifest, platform: Platform, named: Reference) -> Manifest | None:
        """Return the manifest for a platform, said to be missing where there is none."""
        digest = top.digest
        try:
            if "manifests" in top.document:
                digest = _for_platform(top.document["manifests"], platform)
        except _MALFORMED as error:
            raise _unreadable(named, error) from error
        image = top if digest == top.digest else self.registry.manifest(digest) if digest else None
        if image is None:
            self.terminal.say(f"{named} has no image for {platform}: {_ALL}")
        return image

    def _published(self, image: Manifest, named: Reference) -> Published | None:
        self.require_trusted(self.registry, image.digest)
        require_image(image)
        listed = self.registry.referrers(image.digest)
        papers = [str(one.get("digest")) for one in listed if one.get("artifactType") == MEDIA_TYPE]
        known = self._first_trusted(papers, image.digest, f"{named.repository}@{image.digest}")
        if known is None:
            self.terminal.say(
                f"{named} was pushed without what its layers were made from (its facts): {_ALL}"
            )
            return None
        try:
            layers = self._layers(image)
        except _MALFORMED as error:
            raise _unreadable(named, error) from error
        if not set(known.layers.values()) <= layers:
            raise UntrustedError(
                f"the facts of {known.origin} are not those of its image",
                cause="they name layers that its manifest and configuration do not have, or have otherwise",
                remedy="take no layers from it: airlock image",
            )
        if known.toolchain != toolchain():
            self.terminal.say(f"{named} was made by another version of the toolchain: {_ALL}")
            return None
        return known

    def _first_trusted(self, papers: Sequence[str], subject: str, origin: str) -> Published | None:
        """Return the paper that a trusted key signed; one that anybody laid beside it does no harm."""
        refusal: UntrustedError | None = None
        for digest in papers[:_MOST_PAPERS]:
            if not DIGEST.fullmatch(digest):
                continue
            try:
                self.require_trusted(self.registry, digest)
            except UntrustedError as error:
                refusal = error
                continue
            manifest = self.registry.manifest(digest)
            blob = _content(manifest, subject) if manifest else None
            if blob:
                return Published.read(self.registry.blob(blob, MOST_BYTES), origin)
        if refusal:
            raise refusal
        return None

    def _layers(self, image: Manifest) -> set[PublishedLayer]:
        """Return the layers as the signed manifest, and the configuration that it names, have them."""
        document = image.document
        content = self.registry.blob(_digest(document["config"]["digest"]), _MOST_CONFIGURATION)
        configuration = json.loads(content)
        pairs = zip(document["layers"], configuration["rootfs"]["diff_ids"], strict=True)
        return {
            PublishedLayer(
                _digest(one["digest"]).partition(":")[2],
                _digest(diff_id).partition(":")[2],
                int(one["size"]),
                str(one["mediaType"]),
            )
            for one, diff_id in pairs
        }


def _for_platform(manifests: Any, platform: Platform) -> str:
    """Return the digest that an index lists for a platform, "" where it has none."""
    wanted = {"os": platform.os, "architecture": platform.architecture}
    for one in manifests:
        there = one.get("platform") or {}
        if {key: there.get(key) for key in wanted} == wanted:
            return _digest(one["digest"])
    return ""


def _content(manifest: Manifest, subject: str) -> str | None:
    """Return the digest of a paper's one document, None where it is about something else, or is no paper."""
    try:
        document = manifest.document
        (layer,) = document["layers"]
        about = (document["artifactType"], document["subject"]["digest"])
        return _digest(layer["digest"]) if about == (MEDIA_TYPE, subject) else None
    except _MALFORMED:
        return None


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        raise ValueError("what should be a digest is none")
    return value


def _unreadable(named: Reference, why: Exception) -> RegistryError:
    return RegistryError(
        f"{named} is no image that can be read",
        cause=f"{type(why).__name__}: {why}"[:500],
        remedy="name an image that airlock pushed",
    )
