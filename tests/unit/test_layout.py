"""An image is read from a layout, or the reason why not is told."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from airlock.compose.oci import Document, marked
from airlock.errors import CorruptError, ImageError
from airlock.layout import REUSED_FROM, REUSED_LAYERS, digest, images, read_image
from airlock.platforms import AMD64, ARM64
from layouts import INDEX, Member, write_index, write_layout, write_platforms

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
        json.dumps(
            {"manifests": [{"mediaType": "", "digest": f"sha256:{'0' * 64}", "size": math.inf}]}
        ).encode(),
        b"[" * 200_000,
    ],
    ids=range(7),
)
def test_an_index_that_makes_no_sense_is_told_from_none(tmp_path: Path, index: bytes) -> None:
    (tmp_path / "index.json").write_bytes(index)

    with pytest.raises(CorruptError, match=r"index.json .* is malformed"):
        read_image(tmp_path, AMD64)


def test_images_are_found_through_a_nested_index(tmp_path: Path) -> None:
    digests = write_index(tmp_path, {"amd64": LAYERS, "arm64": LAYERS[:1]})

    assert [(image.platform, image.digest) for image in images(tmp_path)] == list(digests.items())
    assert read_image(tmp_path, ARM64).digest == digests["linux/arm64"]
    assert len(read_image(tmp_path, AMD64).layers) == 2


def test_an_attestation_is_no_image(tmp_path: Path) -> None:
    write_index(tmp_path, {"amd64": LAYERS, "unknown": LAYERS[:1]}, system={"unknown": "unknown"})

    assert [image.platform for image in images(tmp_path)] == ["linux/amd64"]


def test_a_manifest_whose_platform_the_index_does_not_name_is_known_by_its_configuration(
    tmp_path: Path,
) -> None:
    digest = write_layout(tmp_path, LAYERS)
    index = json.loads((tmp_path / "index.json").read_text())
    del index["manifests"][0]["platform"]
    (tmp_path / "index.json").write_text(json.dumps(index))

    assert read_image(tmp_path, AMD64).digest == digest
    with pytest.raises(ImageError) as caught:
        read_image(tmp_path, ARM64)
    assert caught.value.cause == "it holds: linux/amd64"


def test_an_index_may_name_platforms_that_are_not_there(tmp_path: Path) -> None:
    digests = write_index(tmp_path, {"amd64": LAYERS, "arm64": LAYERS[:1]})
    (tmp_path / "blobs" / "sha256" / digests["linux/arm64"].removeprefix("sha256:")).unlink()

    assert [image.digest for image in images(tmp_path)] == [digests["linux/amd64"]]
    with pytest.raises(ImageError, match="no image for linux/arm64") as caught:
        read_image(tmp_path, ARM64)
    assert caught.value.cause == "it holds: linux/amd64"

    (tmp_path / "blobs" / "sha256" / digests["linux/amd64"].removeprefix("sha256:")).unlink()
    with pytest.raises(CorruptError, match="missing"):
        images(tmp_path)


def test_dockers_list_of_manifests_is_an_index(tmp_path: Path) -> None:
    digests = write_index(tmp_path, {"amd64": LAYERS, "arm64": LAYERS[:1]})
    path = tmp_path / "index.json"
    path.write_text(
        path.read_text().replace(INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
    )

    assert [image.digest for image in images(tmp_path)] == list(digests.values())


def test_a_platform_is_named_with_its_variant_unless_that_is_the_usual_one(tmp_path: Path) -> None:
    platforms = [
        {"os": "linux", "architecture": "arm", "variant": "v6"},
        {"os": "linux", "architecture": "arm", "variant": "v7"},
        {"os": "linux", "architecture": "arm64", "variant": "v8"},
        {"os": "linux", "architecture": "amd64"},
    ]
    write_platforms(tmp_path, platforms, LAYERS)

    names = ["linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/amd64"]
    assert [image.platform for image in images(tmp_path)] == names
    assert read_image(tmp_path, ARM64).platform == "linux/arm64"


def test_a_variant_that_only_the_index_names_counts(tmp_path: Path) -> None:
    write_platforms(tmp_path, [{"os": "linux", "architecture": "arm"}], LAYERS)
    path = tmp_path / "index.json"
    path.write_text(path.read_text().replace('"arm"', '"arm", "variant": "v7"'))

    assert [image.platform for image in images(tmp_path)] == ["linux/arm/v7"]


@pytest.mark.parametrize(
    "configuration",
    [
        {"config": ["x"]},
        {"config": "x"},
        {"history": "abc"},
        {"history": 5},
        {"history": ["x"]},
        {"os": "linux\n# injected"},
        {"architecture": "amd64\x1b[31m"},
        {"architecture": "<img>"},
        {"architecture": ""},
        {"architecture": 5},
        {"variant": "../x"},
        {"rootfs": {"diff_ids": 5}},
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_sense_is_told(
    tmp_path: Path, configuration: dict[str, object]
) -> None:
    write_layout(tmp_path, LAYERS, configuration=configuration)

    with pytest.raises(CorruptError, match="is malformed"):
        images(tmp_path)


def test_an_annotation_that_is_no_text_is_told(tmp_path: Path) -> None:
    write_layout(tmp_path, LAYERS, annotations=[{"a": 5}])

    with pytest.raises(CorruptError, match="an annotation is no text"):
        images(tmp_path)


def test_a_platform_of_the_index_that_is_none_is_told(tmp_path: Path) -> None:
    write_platforms(tmp_path, [{"os": "linux", "architecture": "amd64\n"}], LAYERS)

    with pytest.raises(CorruptError, match="is no platform"):
        images(tmp_path)


def test_the_digest_of_a_layout_is_that_of_the_one_thing_in_it(tmp_path: Path) -> None:
    listed = [{"mediaType": INDEX, "digest": f"sha256:{number * 64}", "size": 1} for number in "12"]
    with pytest.raises(ImageError, match="no image"):
        digest(tmp_path)
    (tmp_path / "index.json").write_text(json.dumps({"manifests": listed[:1]}))
    assert digest(tmp_path) == listed[0]["digest"]
    (tmp_path / "index.json").write_text(json.dumps({"manifests": listed}))
    with pytest.raises(ImageError, match="no one image"):
        digest(tmp_path)
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(CorruptError, match="malformed"):
        digest(tmp_path)


def mark(layout: Path, digest: str) -> None:
    """Say in the layout's index that a layer is elsewhere alone."""
    index = Document(INDEX, (layout / "index.json").read_bytes())
    marks = {REUSED_FROM: "127.0.0.1:5000/team/airflow@sha256:0", REUSED_LAYERS: digest}
    (layout / "index.json").write_bytes(marked(index, marks).content)


@pytest.mark.parametrize("nested", [False, True], ids=["image", "index"])
def test_a_layer_that_is_said_to_be_elsewhere_may_be_absent_where_that_is_allowed(
    tmp_path: Path, *, nested: bool
) -> None:
    if nested:
        write_index(tmp_path, {"amd64": LAYERS, "arm64": LAYERS[:1]})
    else:
        write_layout(tmp_path, LAYERS)
    before = read_image(tmp_path, AMD64)
    first, second = before.layers
    mark(tmp_path, second.digest)
    assert read_image(tmp_path, AMD64).absent == frozenset()
    before.blob(second).unlink()

    with pytest.raises(ImageError, match="is not whole") as caught:
        read_image(tmp_path, AMD64)
    assert caught.value.cause == "1 of its 2 layers is in 127.0.0.1:5000/team/airflow@sha256:0 alone"
    with pytest.raises(ImageError, match="is not whole"):
        images(tmp_path)
    found = read_image(tmp_path, AMD64, partial=True)
    assert images(tmp_path, partial=True)[0] == found
    assert found.digest == before.digest
    assert set(found.absent) == {second.digest}
    assert (found.held(first), found.held(second)) == (before.blob(first), None)


def test_a_layer_that_is_not_said_to_be_elsewhere_may_never_be_absent(tmp_path: Path) -> None:
    write_layout(tmp_path, LAYERS)
    first, second = read_image(tmp_path, AMD64).layers
    mark(tmp_path, second.digest)
    (tmp_path / "blobs" / "sha256" / first.hex).unlink()

    with pytest.raises(CorruptError, match="missing"):
        read_image(tmp_path, AMD64, partial=True)


def test_an_index_that_came_with_an_image_cannot_say_that_layers_are_elsewhere(tmp_path: Path) -> None:
    write_index(tmp_path, {"amd64": LAYERS})
    layer = read_image(tmp_path, AMD64).layers[0]
    outer = json.loads((tmp_path / "index.json").read_bytes())
    (named,) = outer["manifests"]
    path = tmp_path / "blobs" / "sha256" / named["digest"].removeprefix("sha256:")
    inner = marked(Document(INDEX, path.read_bytes()), {REUSED_FROM: "x", REUSED_LAYERS: layer.digest})
    path.with_name(inner.digest).write_bytes(inner.content)
    (tmp_path / "index.json").write_text(json.dumps({**outer, "manifests": [inner.descriptor()]}))
    (tmp_path / "blobs" / "sha256" / layer.hex).unlink()

    with pytest.raises(CorruptError, match="missing"):
        read_image(tmp_path, AMD64, partial=True)
