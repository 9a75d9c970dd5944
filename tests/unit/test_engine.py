"""An image is sent to an engine once, without what the engine holds, and whole where that is refused."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from airlock import engine
from airlock.errors import EngineError
from airlock.layout import LaidOutImage, read_image
from airlock.platforms import AMD64
from airlock.terminal import Terminal
from layouts import Member, write_layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.archive import Reference

NAME = "docker.io/a/b:v1"
QUIET = Terminal(quiet=True)


@dataclass
class FakeEngine:
    """An engine in memory; it refuses as many archives as `refuses` says."""

    ids: dict[str, str] = field(default_factory=dict)
    images: list[list[str]] = field(default_factory=list)
    blobs: bool = True
    refuses: int = 0
    forgets: bool = False
    incomplete: int = 0  # as many archives leave an image that is not complete
    loaded: list[set[str]] = field(default_factory=list)  # the members of each archive

    def image_id(self, name: str) -> str | None:
        return self.ids.get(name)

    def is_complete(self, image_id: str) -> bool:
        return image_id in self.ids.values() and len(self.loaded) >= self.incomplete

    def tag(self, image_id: str, reference: Reference) -> None:
        self.ids[str(reference)] = image_id

    def layers_of_images(self) -> list[list[str]]:
        return self.images

    def keeps_blobs(self) -> bool:
        return self.blobs

    def load(self, pieces: Iterator[bytes]) -> str | None:
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
            self.loaded.append(set(archive.getnames()))
        if len(self.loaded) <= self.refuses:
            return "content digest not found"
        if not self.forgets:
            self.ids[NAME] = "sha256:new"
        return None


@pytest.fixture
def image(tmp_path: Path) -> LaidOutImage:
    write_layout(tmp_path, [[Member(name, name.encode())] for name in ("one", "two", "three")])
    return read_image(tmp_path, AMD64)


def sent(image: LaidOutImage, members: set[str]) -> list[bool]:
    """Tell of each layer whether an archive had it."""
    return [f"blobs/sha256/{layer.hex}" in members for layer in image.layers]


def test_an_engine_that_holds_nothing_is_sent_all(image: LaidOutImage) -> None:
    fake = FakeEngine()

    result = engine.load(image, "a/b:v1", QUIET, fake)

    assert [sent(image, members) for members in fake.loaded] == [[True, True, True]]
    assert (result.reference, result.image_id, result.reused_layers) == ("a/b:v1", "sha256:new", 0)
    assert result.bytes_sent > sum(blob.size for blob in image.blobs)


@pytest.mark.parametrize("which", ["manifest", "config"])
def test_an_image_that_is_held_is_only_named(image: LaidOutImage, which: str) -> None:
    digest = {"manifest": image.manifest, "config": image.config}[which].digest
    fake = FakeEngine(ids={digest: "sha256:held"})

    result = engine.load(image, "a/b:v1", QUIET, fake)

    assert fake.loaded == []
    assert fake.ids[NAME] == "sha256:held"
    assert result == engine.LoadResult("a/b:v1", "sha256:held", 0, 3)


def test_layers_of_other_images_are_not_sent_to_an_engine_that_keeps_blobs(image: LaidOutImage) -> None:
    fake = FakeEngine(images=[["sha256:other", image.diff_ids[2]], [image.diff_ids[0]]])

    result = engine.load(image, "a/b:v1", QUIET, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False, True, False]]
    assert result.reused_layers == 2


def test_an_engine_that_unpacks_layers_over_one_another_holds_only_a_common_start(
    image: LaidOutImage,
) -> None:
    one, two, three = image.diff_ids
    fake = FakeEngine(images=[[three], [one, three], [one, two, "sha256:other"], []], blobs=False)

    engine.load(image, "a/b:v1", QUIET, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False, False, True]]


def test_an_engine_that_refuses_a_thin_archive_is_sent_all(image: LaidOutImage) -> None:
    fake = FakeEngine(images=[list(image.diff_ids)], refuses=1)

    result = engine.load(image, "a/b:v1", QUIET, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False] * 3, [True] * 3]
    assert result.reused_layers == 0


def test_an_engine_that_takes_a_thin_archive_but_lacks_a_blob_is_sent_all(image: LaidOutImage) -> None:
    fake = FakeEngine(images=[list(image.diff_ids)], incomplete=2)

    result = engine.load(image, "a/b:v1", QUIET, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False] * 3, [True] * 3]
    assert result.reused_layers == 0


def test_an_image_that_is_held_incompletely_is_sent_again(image: LaidOutImage) -> None:
    fake = FakeEngine(ids={image.digest: "sha256:held"}, incomplete=1)

    assert engine.load(image, "a/b:v1", QUIET, fake).bytes_sent > 0


def test_an_engine_that_refuses_all_is_quoted(image: LaidOutImage) -> None:
    fake = FakeEngine(images=[list(image.diff_ids)], refuses=2)

    with pytest.raises(EngineError) as caught:
        engine.load(image, "a/b:v1", QUIET, fake)

    assert caught.value.cause == "content digest not found"


def test_a_full_archive_is_not_sent_twice(image: LaidOutImage) -> None:
    fake = FakeEngine(refuses=1)

    with pytest.raises(EngineError):
        engine.load(image, "a/b:v1", QUIET, fake)

    assert len(fake.loaded) == 1


def test_an_engine_that_does_not_know_what_it_took_is_told_of(image: LaidOutImage) -> None:
    with pytest.raises(EngineError, match="does not know"):
        engine.load(image, "a/b:v1", QUIET, FakeEngine(forgets=True))
