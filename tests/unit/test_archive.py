"""The archive for `docker load` is both an OCI layout and what older stores read, and may be thin."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from airlock.archive import Reference, archive
from airlock.errors import EngineError
from airlock.layout import LaidOutImage, read_image
from airlock.platforms import AMD64
from layouts import Member, write_layout

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def image(tmp_path: Path) -> LaidOutImage:
    write_layout(tmp_path, [[Member("one", b"1" * 5000)], [Member("two")], [Member("two")]])
    return read_image(tmp_path, AMD64)


def members(image: LaidOutImage, *without: str) -> dict[str, bytes]:
    content = b"".join(archive(image, Reference.parse("a/b:v1"), without))
    with tarfile.open(fileobj=io.BytesIO(content)) as found:
        names = found.getnames()
        assert len(set(names)) == len(names)
        return {name: found.extractfile(name).read() for name in names}  # type: ignore[union-attr]


def document(content: bytes) -> Any:
    return json.loads(content)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("name", "docker.io/library/name:latest"),
        ("name:v1", "docker.io/library/name:v1"),
        ("team/name:v1", "docker.io/team/name:v1"),
        ("registry.example.invalid/name", "registry.example.invalid/name:latest"),
        ("localhost/name:1", "localhost/name:1"),
        ("host:5000/name", "host:5000/name:latest"),
        ("host:5000/a/b:2", "host:5000/a/b:2"),
    ],
)
def test_a_name_is_completed_as_docker_completes_it(text: str, full: str) -> None:
    assert str(Reference.parse(text)) == full


@pytest.mark.parametrize("text", ["", ":v1", "name:", f"name@sha256:{'0' * 64}"])
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(EngineError):
        Reference.parse(text)


def test_it_holds_every_blob_under_its_digest(image: LaidOutImage) -> None:
    found = members(image)

    assert found.keys() == {
        "oci-layout", "index.json", "manifest.json", *(f"blobs/sha256/{blob.hex}" for blob in image.blobs)
    }  # fmt: skip
    for blob in image.blobs:
        assert found[f"blobs/sha256/{blob.hex}"] == image.blob(blob).read_bytes()


def test_its_index_carries_the_full_name_and_the_tag(image: LaidOutImage) -> None:
    [descriptor] = document(members(image)["index.json"])["manifests"]

    assert descriptor["digest"] == image.digest
    assert descriptor["platform"] == {"architecture": "amd64", "os": "linux"}
    assert descriptor["annotations"] == {
        "io.containerd.image.name": "docker.io/a/b:v1", "org.opencontainers.image.ref.name": "v1"
    }  # fmt: skip


def test_its_manifest_json_names_all_layers_in_their_order(image: LaidOutImage) -> None:
    [item] = document(members(image)["manifest.json"])

    assert item["RepoTags"] == ["docker.io/a/b:v1"]
    assert item["Config"] == f"blobs/sha256/{image.config.hex}"
    assert item["Layers"] == [f"blobs/sha256/{layer.hex}" for layer in image.layers]


def test_a_thin_one_leaves_out_what_is_held_and_names_it_still(image: LaidOutImage) -> None:
    found = members(image, image.layers[0].digest)

    assert f"blobs/sha256/{image.layers[0].hex}" not in found
    assert len(document(found["manifest.json"])[0]["Layers"]) == 3


def test_no_piece_is_larger_than_a_mebibyte(image: LaidOutImage) -> None:
    assert max(map(len, archive(image, Reference("a", "b"), ()))) <= 1 << 20
