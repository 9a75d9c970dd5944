"""The content of files of an image, for tests that look into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.descriptor import Descriptor
    from airlock.layout import LaidOutImage


def files_of_layer(image: LaidOutImage, layer: Descriptor) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file of a layer, in the order of the tar."""
    for member, content in contents.with_contents(image.blob(layer), layer.media_type, "", lambda _: True):
        if content is not None:
            yield member.path, content


def read_file(image: LaidOutImage, path: str) -> bytes:
    """Return the content of a file of the image; hard links are followed."""
    assert path in contents.of_image(image)
    found = (contents.read_member(image.blob(one), one.media_type, path) for one in reversed(image.layers))
    return next(content for content in found if content is not None)
