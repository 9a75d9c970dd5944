"""The image is there, and is an image, before anything is changed; a tag is resolved once."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from airlock.deploy import found
from airlock.errors import DeployError
from airlock.registry.reference import Reference
from airlock.registry.registry import Manifest
from memory_registry import HERE, MemoryRegistry

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def manifest(registry: MemoryRegistry, architecture: str = "amd64", **more: Any) -> Manifest:
    """Push an image; return its manifest."""
    config = json.dumps({"os": "linux", "architecture": architecture}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    registry.blobs[digest] = config
    document = {"config": {"digest": digest}, "layers": [{"digest": digest}], **more}
    made = Manifest(IMAGE, json.dumps(document).encode())
    registry.put_manifest(made, "tag")
    return made


def find(registry: MemoryRegistry, **name: str) -> found.Found:
    return found.find(registry, Reference(HERE, **name), found.refuse)


def test_a_tag_becomes_the_digest_that_it_names_now() -> None:
    registry = MemoryRegistry()
    digest = manifest(registry, "arm64").digest
    assert find(registry, tag="tag") == found.Found(
        Reference(HERE, digest=digest), frozenset({"linux/arm64"})
    )
    assert (
        find(registry, digest=digest) == find(registry, tag="tag", digest=digest) == find(registry, tag="tag")
    )


def test_an_index_has_the_platforms_of_its_images() -> None:
    registry = MemoryRegistry()
    child = manifest(registry).digest
    platforms = [{"os": "linux", "architecture": "arm64"}, {"os": "unknown", "architecture": "unknown"}]
    entries = [{"digest": child, "platform": one} for one in platforms]
    registry.put_manifest(
        Manifest(INDEX, json.dumps({"manifests": [*entries, {"digest": child}]}).encode()), "i"
    )
    assert find(registry, tag="i").platforms == {"linux/arm64"}


@pytest.mark.parametrize("name", [{"tag": "none"}, {"digest": f"sha256:{'0' * 64}"}])
def test_what_is_not_there_is_refused(name: dict[str, str]) -> None:
    with pytest.raises(DeployError, match="there is no image") as caught:
        find(MemoryRegistry(), **name)
    assert "airlock push" in caught.value.remedy


def test_a_digest_that_is_not_there_yet_can_be_told_instead() -> None:
    said: list[Reference] = []
    image = Reference(HERE, digest=f"sha256:{'0' * 64}")
    assert found.find(MemoryRegistry(), image, said.append) == found.Found(image)
    assert said == [image]
    with pytest.raises(DeployError, match="there is no image"):  # nobody could say which image it will be
        found.find(MemoryRegistry(), Reference(HERE, "none"), said.append)


@pytest.mark.parametrize("more", [{"subject": {}}, {"artifactType": "a/b"}, {"layers": []}])
def test_a_paper_is_no_image(more: dict[str, Any]) -> None:
    registry = MemoryRegistry()
    manifest(registry, **more)
    with pytest.raises(DeployError, match="no image that ECS could run"):
        find(registry, tag="tag")


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"artifactType": "application/spdx+json"}],
        [{"platform": {"os": "unknown", "architecture": "unknown"}}],
    ],
)
def test_an_index_without_an_image_is_no_image(entries: list[dict[str, Any]]) -> None:
    registry = MemoryRegistry()
    registry.manifests["sha256-0"] = Manifest(INDEX, json.dumps({"manifests": entries}).encode())
    with pytest.raises(DeployError, match="no image that ECS could run"):
        find(registry, tag="sha256-0")


def test_what_is_no_manifest_is_no_image() -> None:
    registry = MemoryRegistry()
    registry.manifests["tag"] = Manifest(IMAGE, b"[]")
    with pytest.raises(DeployError, match="no image that ECS could run"):
        find(registry, tag="tag")
