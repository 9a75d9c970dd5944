"""A pushed image beside a rebuilt one: equal, or the first thing that differs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from airlock import layout
from airlock.errors import UntrustedError
from airlock.papers.provenance import Provenance
from airlock.registry.registry import Manifest
from airlock.verification import comparing
from airlock.verification.promises import Promised
from layouts import Member, folder, write_index, write_layout
from memory_registry import MemoryRegistry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMES = (
    {"dev.airlock.layer.name": "first"},
    {"dev.airlock.layer.name": "second"},
    {"dev.airlock.layer.name": "last"},
)


def file(name: str, content: bytes) -> Member:
    return Member(name, content=content)


PUSHED = [[folder("a")], [file("b", b"1"), file("c", b"2")], [folder("d")]]


@dataclass
class World:
    folder: Path
    registry: MemoryRegistry

    def push(self, layers: Sequence[Sequence[Member]] = PUSHED) -> Promised:
        """Put an image into the registry, and nowhere else."""
        place = self.folder / "pushed"
        write_layout(place, layers, annotations=NAMES)
        (image,) = layout.images(place)
        for one in image.blobs:
            self.registry.blobs[one.digest] = image.blob(one).read_bytes()
        manifest = Manifest(image.manifest.media_type, image.blob(image.manifest).read_bytes())
        told = Provenance(
            manifest.digest, image.platform, "", "0" * 40, dirty=False, files={}, builder="", toolchain=""
        )
        return Promised(manifest, told)

    def compare(self, one: Promised, layers: Sequence[Sequence[Member]], architecture: str = "amd64") -> str:
        write_layout(self.folder / "rebuilt", layers, annotations=NAMES, architecture=architecture)
        found = comparing.difference(
            self.registry, one.manifest.digest, [one], self.folder / "rebuilt", self.folder / "fetched"
        )
        return str(found) if found else ""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, MemoryRegistry())


def test_equal_images_have_no_difference(world: World) -> None:
    assert world.compare(world.push(), PUSHED) == ""


def test_the_first_file_that_differs_is_shown(world: World) -> None:
    rebuilt = [PUSHED[0], [file("b", b"1"), file("c", b"3")], [folder("other")]]
    said = world.compare(world.push(), rebuilt)
    assert said.startswith("linux/amd64, layer second: /c: its content differs")


def test_only_the_layer_that_differs_first_is_fetched(world: World) -> None:
    pushed = world.push()
    first, _, last = (layer["digest"] for layer in pushed.manifest.document["layers"])
    for digest in (first, last):
        del world.registry.blobs[digest]
    rebuilt = [PUSHED[0], [file("b", b"1")], [folder("other")]]
    assert "layer second: /c: only the first image has it" in world.compare(pushed, rebuilt)


def test_a_layer_that_is_gone_leaves_the_digests(world: World) -> None:
    pushed = world.push()
    del world.registry.blobs[pushed.manifest.document["layers"][1]["digest"]]
    said = world.compare(pushed, [PUSHED[0], [folder("x")], PUSHED[2]])
    assert "no more can be told" in said
    assert pushed.manifest.digest in said


def test_a_layer_that_is_too_big_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_LAYER_LIMIT", 10)
    said = world.compare(world.push(), [PUSHED[0], [folder("x")], PUSHED[2]])
    assert said.startswith("linux/amd64, layer second: its digest differs")


def test_a_configuration_that_differs_is_shown(world: World) -> None:
    pushed = world.push()
    write_layout(world.folder / "rebuilt", PUSHED, annotations=NAMES, settings={"User": "root"})
    found = comparing.difference(
        world.registry, pushed.manifest.digest, [pushed], world.folder / "rebuilt", world.folder / "fetched"
    )
    assert found is not None
    assert found.where == "linux/amd64, configuration"


def test_a_platform_that_was_not_rebuilt_is_refused(world: World) -> None:
    with pytest.raises(UntrustedError, match="the image for linux/amd64 was not built again"):
        world.compare(world.push(), PUSHED, architecture="arm64")


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'{"layers": 7, "config": {"digest": 7}}',
        b'{"layers": [{"digest": "sha256:../x", "size": 1}], "config": {}}',
    ],
)
def test_a_malformed_manifest_leaves_the_digests(world: World, content: bytes) -> None:
    pushed = Promised(Manifest("", content), world.push().provenance)
    assert "its manifest is malformed" in world.compare(pushed, PUSHED)


@pytest.mark.parametrize("size", [-1, 2**63 - 1, 2**70])
def test_a_layer_of_an_impossible_size_leaves_the_digests(world: World, size: int) -> None:
    pushed = world.push()
    document = pushed.manifest.document
    document["layers"][2]["size"] = size
    lie = replace(pushed, manifest=Manifest(pushed.manifest.media_type, json.dumps(document).encode()))
    rebuilt = [PUSHED[0], [file("b", b"1")], [folder("other")]]
    assert "its manifest is malformed" in world.compare(lie, rebuilt)


def test_an_index_around_one_image_is_not_that_image(world: World) -> None:
    pushed = world.push()
    write_layout(world.folder / "rebuilt", PUSHED, annotations=NAMES)
    found = comparing.difference(
        world.registry, f"sha256:{'0' * 64}", [pushed], world.folder / "rebuilt", world.folder / "fetched"
    )
    assert found is not None
    assert "every image is equal, the index is not" in str(found)


def test_of_several_platforms_the_index_is_compared_too(world: World, tmp_path: Path) -> None:
    write_index(tmp_path / "rebuilt", {"amd64": [[folder("a")]], "arm64": [[folder("b")]]})
    made = layout.images(tmp_path / "rebuilt")
    promised = [
        Promised(
            Manifest(one.manifest.media_type, one.blob(one.manifest).read_bytes()),
            replace(world.push().provenance, platform=one.platform),
        )
        for one in made
    ]
    digest = comparing.rebuilt_digest(tmp_path / "rebuilt")
    assert comparing.difference(world.registry, digest, promised, tmp_path / "rebuilt", tmp_path) is None
    found = comparing.difference(world.registry, "sha256:0", promised, tmp_path / "rebuilt", tmp_path)
    assert found is not None
    assert (found.where, found.shown) == ("the index", ("- sha256:0", f"+ {digest}"))
