"""What is pushed: an image or the index of several, what refers to it, and the tags that name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.registry.registry import Blob, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.compose.oci import Document
    from airlock.descriptor import Descriptor
    from airlock.layout import LaidOutImage
    from airlock.papers.paper import Paper


@dataclass(frozen=True)
class Outgoing:
    """An image for each of some platforms and, where there are several, the index of them; and all its papers."""

    images: tuple[LaidOutImage, ...]
    index: Document | None
    papers: tuple[Paper, ...]
    tags: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The digest that every tag will name."""
        return f"sha256:{self.index.digest}" if self.index else self.images[0].digest

    @property
    def children(self) -> list[Manifest]:
        """The manifests of the images."""
        return [Manifest(one.manifest.media_type, one.blob(one.manifest).read_bytes()) for one in self.images]

    @property
    def top(self) -> Manifest:
        """What the tags name."""
        return of_document(self.index) if self.index else self.children[0]

    @property
    def blobs(self) -> dict[Descriptor, LaidOutImage]:
        """Every blob that the manifests of the images name, once, with an image that has it."""
        found: dict[Descriptor, LaidOutImage] = {}
        for image in self.images:
            for one in (*image.layers, image.config):
                found.setdefault(one, image)
        return found

    def blob(self, descriptor: Descriptor) -> Blob:
        return Blob(descriptor.digest, descriptor.size, self.blobs[descriptor].blob(descriptor))


def of_document(document: Document) -> Manifest:
    return Manifest(document.media_type, document.content)


def documents(papers: Iterable[Paper]) -> list[Blob]:
    """Return the blobs of papers, each once."""
    found = {one.digest: one for paper in papers for one in paper.blobs}
    return [Blob(f"sha256:{one.digest}", len(one.content), one.content) for one in found.values()]
