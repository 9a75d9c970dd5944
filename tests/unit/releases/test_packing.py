"""How contents come into packs, release after release."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

from airlock.releases import packing
from airlock_spec.releases.index import Index, Place

if TYPE_CHECKING:
    from pathlib import Path


def contents(*texts: bytes) -> dict[str, bytes]:
    return {hashlib.sha256(text).hexdigest(): text for text in texts}


def sizes(held: dict[str, bytes]) -> dict[str, int]:
    return dict(sorted((blob, len(data)) for blob, data in held.items()))


def published(held: dict[str, bytes], before: Index | None, folder: Path) -> tuple[Index, int]:
    """Return the index of a release of these contents, and the bytes that were packed for it."""
    planned = packing.plan(sizes(held), before)
    packed = [packing.pack(group, held.__getitem__, folder) for group in planned.groups]
    return packing.index(planned, packed), sum(one.size for one in packed)


def test_each_content_is_a_zlib_stream_at_its_place(tmp_path: Path) -> None:
    held = contents(b"one", b"two" * 1000, b"")
    index, _ = published(held, None, tmp_path)
    assert sorted(index.places) == sorted(held)
    for blob, place in index.places.items():
        packed = (tmp_path / place.pack).read_bytes()[place.offset : place.offset + place.length]
        assert zlib.decompress(packed) == held[blob]
    assert {name: (tmp_path / name).stat().st_size for name in index.packs} == dict(index.packs)


def test_nothing_is_packed_where_an_earlier_release_has_all(tmp_path: Path) -> None:
    held = contents(b"one", b"two")
    before, _ = published(held, None, tmp_path)
    del held[next(iter(held))]
    after, sent = published(held, before, tmp_path)
    assert sent == 0
    assert after.packs == before.packs
    assert set(after.places) == set(held)


def test_big_releases_become_several_packs_and_a_big_content_one_of_its_own() -> None:
    blobs = {"a": 5 << 20, "b": 5 << 20, "c": 1 << 20, "d": 90 << 20, "e": 1}
    assert packing.plan(blobs, None).groups == (("a",), ("b", "c"), ("d",), ("e",))


def test_a_pack_that_nobody_needs_any_more_is_no_part_of_the_index(tmp_path: Path) -> None:
    before, _ = published(contents(b"x" * 100_000), None, tmp_path)
    after, _ = published(contents(b"other"), before, tmp_path)
    assert not set(before.packs) & set(after.packs)


def test_a_small_change_leaves_big_packs_alone_and_takes_small_ones_with_it() -> None:
    blobs = {"big": 5 << 20, "small": 1000, "new": 2000}
    before = Index(
        {"pack-big": 2 << 20, "pack-small": 500},
        {"big": Place("pack-big", 0, 2 << 20), "small": Place("pack-small", 0, 500)},
    )
    planned = packing.plan(blobs, before)
    assert planned.groups == (("new", "small"),)
    assert planned.packs == {"pack-big": 2 << 20}


def test_a_pack_that_is_mostly_dead_is_written_anew_with_the_next_change() -> None:
    before = Index({"pack": 1000_000}, {"live": Place("pack", 0, 100_000)})
    planned = packing.plan({"live": 300_000, "new": 10}, before)
    assert planned.groups == (("live", "new"),)


def test_hundreds_of_releases_have_few_packs_and_send_a_small_part_each(tmp_path: Path) -> None:
    texts = {number: f"# dag {number}\n".encode() * 200 for number in range(300)}
    index, first = published(contents(*texts.values()), None, tmp_path)
    most, sent = 0, 0
    for release in range(300):
        texts[release % 300] = f"# dag {release} again\n".encode() * 200
        index, packed = published(contents(*texts.values()), index, tmp_path)
        most, sent = max(most, len(index.packs)), sent + packed
    assert most <= 8
    assert sent / 300 < first / 10
