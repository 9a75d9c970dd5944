"""Papers: artifacts that refer to an image (OCI 1.1 referrers), kept in `build/papers` beside `build/image`.

The image's own layout holds it alone, for tools that read layouts take a second descriptor for another image.
What pushes an image pushes `read(layout, image)` after it, each paper's blobs before its manifest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.compose import layout as layouts
from airlock.compose import oci
from airlock.compose.oci import Document
from airlock.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.descriptor import Descriptor
    from airlock.layout import LaidOutImage
    from airlock.terminal import Terminal

KIND = "dev.airlock.paper"
PLATFORM = "dev.airlock.platform"
_NAME = "org.opencontainers.image.ref.name"  # by which skopeo picks one of a layout's manifests
_SUBJECT_KEYS = ("mediaType", "digest", "size")


@dataclass(frozen=True)
class Paper:
    """An artifact about one image: its manifest, which names the image's as its subject, and the one document."""

    kind: str  # sbom, …: an image has one of each
    platform: str
    artifact_type: str
    subject: str  # the digest of the image's manifest
    manifest: Document
    content: Document

    @property
    def digest(self) -> str:
        return f"sha256:{self.manifest.digest}"

    @property
    def blobs(self) -> tuple[Document, ...]:
        """What a registry must hold before it takes the manifest."""
        return oci.NOTHING, self.content

    @property
    def descriptor(self) -> dict[str, object]:
        """Describe the manifest, as an index of referrers lists it."""
        annotations = {KIND: self.kind, PLATFORM: self.platform}
        return self.manifest.descriptor(artifactType=self.artifact_type, annotations=annotations)


def make(kind: str, artifact_type: str, content: bytes, image: LaidOutImage) -> Paper:
    """Make the paper of a kind about an image."""
    document = Document(artifact_type, content)
    manifest = oci.referrer(
        artifact_type,
        _described(image.manifest),
        document,
        {KIND: kind, PLATFORM: image.platform},
    )
    return Paper(kind, image.platform, artifact_type, image.digest, manifest, document)


def read(layout: Path, subjects: Iterable[str]) -> list[Paper]:
    """Return the papers of a layout that are about the images of these digests; none where there is no layout.

    Raises CorruptError where the layout is damaged.
    """
    wanted = set(subjects)
    try:
        index = json.loads((layout / "index.json").read_bytes())
        papers = [_read(layout, one) for one in index["manifests"]]
    except FileNotFoundError:
        return []
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise CorruptError(
            f"the papers in {layout} are damaged",
            cause=f"{type(error).__name__}: {error}",
            remedy=f"rm -r {layout}, then: airlock sbom",
        ) from error
    return [paper for paper in papers if paper.subject in wanted]


def publish(layout: Path, papers: Iterable[Paper], images: Iterable[str], terminal: Terminal) -> None:
    """Put papers into the layout, each in place of the one of its kind and image.

    Those that are there about other images than `images` (digests) are dropped: papers of two builds never mix.
    """
    new = {(paper.kind, paper.subject): paper for paper in papers}
    with layouts.locked(layout, terminal):
        try:
            there = read(layout, images)
        except CorruptError as error:
            terminal.say(f"{error.fact}: they are replaced")
            there = []
        kept = {(paper.kind, paper.subject): paper for paper in there} | new
        held = [kept[key] for key in sorted(kept)]
        index = oci.index_of_referrers(_named(paper) for paper in held)
        documents = [document for paper in held for document in (*paper.blobs, paper.manifest)]
        layouts.publish(layout, index, documents, ())


def _named(paper: Paper) -> dict[str, object]:
    descriptor = paper.descriptor
    name = f"{paper.kind}-{paper.platform.replace('/', '-')}"
    return descriptor | {"annotations": {KIND: paper.kind, PLATFORM: paper.platform, _NAME: name}}


def _described(descriptor: Descriptor) -> dict[str, object]:
    """Return a descriptor of three keys: a platform or annotations in it would be another's to compare."""
    return dict(zip(_SUBJECT_KEYS, (descriptor.media_type, descriptor.digest, descriptor.size), strict=True))


def _read(layout: Path, descriptor: Any) -> Paper:
    content = _blob(layout, descriptor["digest"])
    manifest = json.loads(content)
    (layer,) = manifest["layers"]
    annotations = manifest["annotations"]
    return Paper(
        kind=annotations[KIND],
        platform=annotations[PLATFORM],
        artifact_type=manifest["artifactType"],
        subject=manifest["subject"]["digest"],
        manifest=Document(oci.MANIFEST, content),
        content=Document(layer["mediaType"], _blob(layout, layer["digest"])),
    )


def _blob(layout: Path, digest: str) -> bytes:
    algorithm, _, hex_ = digest.partition(":")
    if algorithm != "sha256" or not hex_.isalnum():  # it becomes a path
        raise ValueError(f"{digest!r} is not a sha256 digest")
    content = (layouts.blobs(layout) / hex_).read_bytes()
    if hashlib.sha256(content).hexdigest() != hex_:
        raise ValueError(f"the blob {digest} is not what its name promises")
    return content
