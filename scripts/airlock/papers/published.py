"""The paper by which another machine can take an image's layers: what they were made from, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock import layout
from airlock.compose.published import MEDIA_TYPE, Published, PublishedLayer, made_by, toolchain
from airlock.errors import CorruptError, ImageError
from airlock.papers import paper, subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from airlock.compose.image import Image, Inputs
    from airlock.config import Config
    from airlock.layout import LaidOutImage
    from airlock.papers.paper import Paper
    from airlock.papers.reading import Reader

KIND = "facts"


def make(image: Image, laid_out: LaidOutImage, inputs: Inputs, reader: Reader) -> Paper:
    """Make the paper about an image that was just composed: the same bytes for the same image.

    Where layers of it are absent, `image.pieces.known` says what was published of them. Raises what `Reader` and
    `subject.own_metadata` raise.
    """
    known = image.pieces.known
    wheels, debs = inputs.airflow.wheels(image.platform), inputs.debian.for_platform(image.platform)
    document = Published(
        laid_out.digest,
        toolchain(),
        {
            one.full_key: PublishedLayer(one.digest, one.diff_id, one.size, one.media_type)
            for one in image.layers
        },
        {spec.key: image.pieces.document(spec) for spec in image.specs},
        reader.documents(wheels, debs),
        subject.own_metadata(laid_out, known.distributions if known else {}),
    )
    return paper.make(KIND, MEDIA_TYPE, document.content, laid_out)


def kept(papers: Path, image: LaidOutImage) -> Published | None:
    """Return what is kept beside the layout about one of its images; what is damaged is as good as none."""
    try:
        there = [one for one in paper.read(papers, [image.digest]) if one.kind == KIND]
        return Published.read(there[0].content.content, str(papers)) if there else None
    except CorruptError:
        return None


def is_kept(papers: Path, image: LaidOutImage) -> bool:
    """Whether the paper about an image is kept beside the layout, as this version of the toolchain makes it."""
    return any(
        one.kind == KIND and made_by(one.content.content) == toolchain()
        for one in paper.read(papers, [image.digest])
    )


def packages(config: Config) -> Mapping[str, Any]:
    """Return what is kept of the packages of the images in the layout, by `reading.key`."""
    found: dict[str, Any] = {}
    try:
        for image in layout.images(config.layout, partial=True):
            there = kept(config.papers, image)
            found |= there.packages if there else {}
    except (ImageError, CorruptError):
        return {}
    return found
