"""An image is read from a layout, or the reason why not is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airlock.errors import CorruptError, ImageError
from airlock.layout import read_image
from airlock.platforms import AMD64, ARM64
from layouts import Member, write_layout

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = [[Member("one", b"1")], [Member("two", b"2")]]


def test_an_image_is_read_with_all_its_blobs(tmp_path: Path) -> None:
    digest = write_layout(tmp_path, LAYERS, settings={"Env": ["A=b"]})

    image = read_image(tmp_path, AMD64)

    assert image.digest == digest
    assert image.settings == {"Env": ["A=b"]}
    assert [image.blob(blob).stat().st_size for blob in image.blobs] == [blob.size for blob in image.blobs]
    assert len(image.layers) == len(image.diff_ids) == 2


def test_a_layout_that_was_never_made_asks_for_the_image_to_be_composed(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        read_image(tmp_path / "image", AMD64)

    assert caught.value.remedy == "airlock image"


def test_an_image_for_another_platform_is_not_taken(tmp_path: Path) -> None:
    write_layout(tmp_path, LAYERS)

    with pytest.raises(ImageError, match="no image for linux/arm64") as caught:
        read_image(tmp_path, ARM64)

    assert caught.value.cause == "it holds: linux/amd64"
    assert caught.value.remedy == "airlock image --platform linux/arm64"


@pytest.mark.parametrize("number", [0, 1, 2, 3], ids=["manifest", "config", "first-layer", "last-layer"])
def test_a_blob_that_is_missing_or_cut_short_is_found(tmp_path: Path, number: int) -> None:
    write_layout(tmp_path, LAYERS)
    image = read_image(tmp_path, AMD64)
    path = image.blob(image.blobs[number])

    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptError, match="wrong size"):
        read_image(tmp_path, AMD64)

    path.unlink()
    with pytest.raises(CorruptError, match="missing"):
        read_image(tmp_path, AMD64)


@pytest.mark.parametrize("number", [0, 1], ids=["manifest", "config"])
def test_a_document_that_was_changed_is_found(tmp_path: Path, number: int) -> None:
    write_layout(tmp_path, LAYERS)
    image = read_image(tmp_path, AMD64)
    path = image.blob(image.blobs[number])
    path.write_bytes(path.read_bytes().replace(b"sha256", b"sha512"))

    with pytest.raises(CorruptError, match="damaged"):
        read_image(tmp_path, AMD64)


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[]",
        b"{}",
        b'{"manifests": [1]}',
        json.dumps({"manifests": [{"mediaType": "", "digest": "sha256:../../x", "size": 1}]}).encode(),
    ],
)
def test_an_index_that_makes_no_sense_is_told_from_none(tmp_path: Path, index: bytes) -> None:
    (tmp_path / "index.json").write_bytes(index)

    with pytest.raises(CorruptError, match=r"index.json .* is malformed"):
        read_image(tmp_path, AMD64)
