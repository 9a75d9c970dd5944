"""An image is sent to an engine once, without what the engine holds, and whole where that is refused."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from airlock import engine
from airlock.engine import Asked, Held
from airlock.errors import EngineError
from airlock.layout import LaidOutImage, read_image
from airlock.platforms import AMD64
from airlock.terminal import Terminal
from layouts import Member, write_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from airlock.archive import Reference

NAME = "docker.io/a/b:v1"
QUIET = Terminal(quiet=True)


@dataclass
class FakeEngine:
    """An engine in memory; it refuses as many archives as `refuses` says."""

    ids: dict[str, str] = field(default_factory=dict)
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: list[list[str]] = field(default_factory=list)
    listed: int = 0
    blobs: bool = True
    refuses: int = 0
    forgets: bool = False
    incomplete: int = 0  # as many archives leave an image that is not complete
    loaded: list[set[str]] = field(default_factory=list)  # the members of each archive

    def held(self, name: str) -> Held | None:
        image_id = self.ids.get(name)
        complete = len(self.loaded) >= self.incomplete
        return Held(image_id, self.layers.get(name, ()), complete) if image_id else None

    def tag(self, image_id: str, reference: Reference) -> None:
        self.ids[str(reference)] = image_id

    def images(self) -> list[Held]:
        self.listed += 1
        return [Held("sha256:some", tuple(layers)) for layers in self.others]

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


def load(image: LaidOutImage, fake: FakeEngine) -> engine.LoadResult:
    return engine.load(image, "a/b:v1", QUIET, Asked(fake, fake.held(NAME)))


def sent(image: LaidOutImage, members: set[str]) -> list[bool]:
    """Tell of each layer whether an archive had it."""
    return [f"blobs/sha256/{layer.hex}" in members for layer in image.layers]


def test_an_engine_that_holds_nothing_is_sent_all(image: LaidOutImage) -> None:
    fake = FakeEngine()

    result = load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[True, True, True]]
    assert (result.reference, result.image_id, result.reused_layers) == ("a/b:v1", "sha256:new", 0)
    assert result.bytes_sent > sum(blob.size for blob in image.blobs)


@pytest.mark.parametrize("which", ["manifest", "config"])
def test_an_image_that_is_held_is_only_named(image: LaidOutImage, which: str) -> None:
    digest = {"manifest": image.manifest, "config": image.config}[which].digest
    fake = FakeEngine(ids={digest: "sha256:held"})

    result = load(image, fake)

    assert fake.loaded == []
    assert fake.ids[NAME] == "sha256:held"
    assert result == engine.LoadResult("a/b:v1", "sha256:held", 0, 3)


def test_layers_of_other_images_are_not_sent_to_an_engine_that_keeps_blobs(image: LaidOutImage) -> None:
    fake = FakeEngine(others=[["sha256:other", image.diff_ids[2]], [image.diff_ids[0]]])

    result = load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False, True, False]]
    assert result.reused_layers == 2


def test_an_engine_that_unpacks_layers_over_one_another_holds_only_a_common_start(
    image: LaidOutImage,
) -> None:
    one, two, three = image.diff_ids
    fake = FakeEngine(others=[[three], [one, three], [one, two, "sha256:other"], []], blobs=False)

    load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False, False, True]]


def test_an_engine_that_refuses_a_thin_archive_is_sent_all(image: LaidOutImage) -> None:
    fake = FakeEngine(others=[list(image.diff_ids)], refuses=1)

    result = load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False] * 3, [True] * 3]
    assert result.reused_layers == 0


def test_an_engine_that_takes_a_thin_archive_but_lacks_a_blob_is_sent_all(image: LaidOutImage) -> None:
    fake = FakeEngine(others=[list(image.diff_ids)], incomplete=2)

    result = load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False] * 3, [True] * 3]
    assert result.reused_layers == 0


def test_an_image_that_is_held_incompletely_is_sent_again(image: LaidOutImage) -> None:
    fake = FakeEngine(ids={image.digest: "sha256:held"}, incomplete=1)

    assert load(image, fake).bytes_sent > 0


def test_an_engine_that_refuses_all_is_quoted(image: LaidOutImage) -> None:
    fake = FakeEngine(others=[list(image.diff_ids)], refuses=2)

    with pytest.raises(EngineError) as caught:
        load(image, fake)

    assert caught.value.cause == "content digest not found"


def test_a_full_archive_is_not_sent_twice(image: LaidOutImage) -> None:
    fake = FakeEngine(refuses=1)

    with pytest.raises(EngineError):
        load(image, fake)

    assert len(fake.loaded) == 1


def test_an_engine_that_does_not_know_what_it_took_is_told_of(image: LaidOutImage) -> None:
    with pytest.raises(EngineError, match="does not know"):
        load(image, FakeEngine(forgets=True))


def test_the_image_loaded_before_under_the_name_is_enough_to_tell_what_is_held(image: LaidOutImage) -> None:
    fake = FakeEngine(ids={NAME: "sha256:before"}, layers={NAME: (image.diff_ids[0], "sha256:gone")})

    result = load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False, True, True]]
    assert (result.reused_layers, fake.listed) == (1, 0)


def test_other_images_are_looked_at_where_the_one_before_shares_nothing(image: LaidOutImage) -> None:
    before = {NAME: ("sha256:other",)}
    fake = FakeEngine(ids={NAME: "sha256:before"}, layers=before, others=[list(image.diff_ids[:2])])

    load(image, fake)

    assert [sent(image, members) for members in fake.loaded] == [[False, False, True]]


def test_the_same_image_under_its_name_costs_one_question(image: LaidOutImage) -> None:
    fake = FakeEngine(ids={NAME: image.digest})

    assert load(image, fake) == engine.LoadResult("a/b:v1", image.digest, 0, 3)
    assert (fake.loaded, fake.listed) == ([], 0)
