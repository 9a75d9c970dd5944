"""From fragments to blobs: what is cached, what is joined, and what notices that a cache entry was altered."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import time
from typing import TYPE_CHECKING

import pytest
import zstandard

from airlock.cache import Cache
from airlock.compose import entry, fragment, layer
from airlock.compose.blobs import Blobs
from airlock.compose.compression import Zstd
from airlock.compose.fragments import Fragments, FragmentSpec
from airlock.compose.layer import LayerPlan

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.compose.entry import Entry


class Counter:
    """Makes fragments and counts how often."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def spec(self, package: str, *entries: Entry, weight: int = 1) -> FragmentSpec:
        def make() -> fragment.Fragment:
            self.made.append(package)
            return fragment.make(package, entries, Zstd())

        return FragmentSpec(
            package, f"{package} 1", f"inputs-of-{package}", f"key-of-{package}", weight, make
        )


def unpack(blob: bytes) -> list[tarfile.TarInfo]:
    content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(blob), read_across_frames=True).read()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return archive.getmembers()


def join(tmp_path: Path, *specs: FragmentSpec, folders: dict[str, Entry] | None = None) -> layer.Layer:
    cache = Cache(tmp_path / "cache")
    part = LayerPlan("part", specs)
    return layer.join(
        part, folders or {}, Fragments(cache, 2), Zstd(), cache, Blobs(tmp_path / "blobs", cache)
    )


def test_a_layer_is_one_archive_with_each_folder_once(tmp_path: Path) -> None:
    counter = Counter()
    first, second = (
        counter.spec("a", entry.file("opt/x/a", "1")),
        counter.spec("b", entry.file("opt/x/b", "2")),
    )
    made = join(tmp_path, first, second)
    blob = (tmp_path / "blobs" / made.digest).read_bytes()
    assert [item.name for item in unpack(blob)] == ["opt", "opt/x", "opt/x/a", "opt/x/b"]
    assert (hashlib.sha256(blob).hexdigest(), len(blob)) == (made.digest, made.size)


def test_the_diff_id_is_the_digest_of_the_uncompressed_archive(tmp_path: Path) -> None:
    made = join(tmp_path, Counter().spec("a", entry.file("x", "1")))
    blob = (tmp_path / "blobs" / made.digest).read_bytes()
    content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(blob), read_across_frames=True).read()
    assert hashlib.sha256(content).hexdigest() == made.diff_id


def test_parents_keep_the_attributes_they_have_elsewhere_in_the_image(tmp_path: Path) -> None:
    tmp = entry.directory("tmp", 0o1777)
    made = join(tmp_path, Counter().spec("a", entry.file("tmp/x", "1")), folders={"tmp": tmp})
    assert unpack((tmp_path / "blobs" / made.digest).read_bytes())[0].mode == 0o1777


def test_nothing_is_made_twice(tmp_path: Path) -> None:
    counter = Counter()
    spec = counter.spec("a", entry.file("x", "1"))
    first, second = join(tmp_path, spec), join(tmp_path, spec)
    assert (first.reused, second.reused, counter.made) == (False, True, ["a"])
    assert first.digest == second.digest


def test_a_lost_blob_is_joined_again_from_cached_fragments(tmp_path: Path) -> None:
    counter = Counter()
    spec = counter.spec("a", entry.file("x", "1"))
    first = join(tmp_path, spec)
    (tmp_path / "blobs" / first.digest).unlink()
    assert join(tmp_path, spec).digest == first.digest
    assert counter.made == ["a"]


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1], lambda content: content[:-1] + b"?", lambda _: b""]
)
@pytest.mark.parametrize("kind", ["frames", "facts", "layers"])
def test_an_altered_cache_entry_is_made_again(tmp_path: Path, kind: str, damage: object) -> None:
    counter = Counter()
    spec = counter.spec("a", entry.file("x", "1"))
    first = join(tmp_path, spec)
    (tmp_path / "blobs" / first.digest).write_bytes(b"altered as well")
    (stored,) = (path for path in (tmp_path / "cache" / kind).rglob("*") if path.is_file())
    stored.write_bytes(damage(stored.read_bytes()))  # type: ignore[operator]
    assert join(tmp_path, spec).digest == first.digest
    assert hashlib.sha256((tmp_path / "blobs" / first.digest).read_bytes()).hexdigest() == first.digest


def test_nothing_half_written_stays_when_a_fragment_fails(tmp_path: Path) -> None:
    def fail() -> fragment.Fragment:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        join(
            tmp_path,
            Counter().spec("a", entry.file("x", "1")),
            FragmentSpec("b", "b 1", "inputs-of-b", "key-of-b", 1, fail),
        )
    assert list((tmp_path / "blobs").iterdir()) == []


@pytest.mark.parametrize(("age", "moved"), [(3600, False), (90_000, True)])
def test_using_a_finished_layer_uses_what_it_is_made_of(tmp_path: Path, age: int, *, moved: bool) -> None:
    spec = Counter().spec("a", entry.file("x", "1"))
    join(tmp_path, spec)
    before = time.time() - age
    made_of = [
        path for kind in ("layers", "frames", "facts") for path in (tmp_path / "cache" / kind).glob("*/*")
    ]
    for path in made_of:
        os.utime(path, (before, before))
    assert join(tmp_path, spec).reused
    assert [path.stat().st_mtime > before + 1 for path in made_of] == [moved] * 3
