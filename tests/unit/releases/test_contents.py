"""Contents out of packs: each is what its sha256 says, or refused; and hostile streams take neither time nor memory."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import tracemalloc
import zlib
from typing import TYPE_CHECKING, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock_spec.releases import contents, layout, reading
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.index import Index, Place
from airlock_spec.releases.manifest import MAX_DOCUMENT
from memory_location import MemoryLocation
from published_releases import manifest_of, publish
from release_strategies import CONTENTS

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping

PACK = "pack-aaaa"


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Written:
    """Where contents are written to, in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @contextlib.contextmanager
    def opened(self, sha256: str) -> Iterator[BinaryIO]:
        file = io.BytesIO()
        yield file
        self.files[sha256] = file.getvalue()


def fetched(
    packs: Mapping[str, bytes], places: Mapping[str, Place], sizes: Mapping[str, int]
) -> dict[str, bytes]:
    location, written = MemoryLocation(), Written()
    for name, data in packs.items():
        location.put(layout.pack(name), data)
    index = Index({name: len(data) for name, data in packs.items()}, places)
    contents.fetch(location, index, sizes, written.opened)
    return written.files


def fetched_alone(stream: bytes, sha256: str, size: int) -> dict[str, bytes]:
    return fetched({PACK: stream}, {sha256: Place(PACK, 0, len(stream))}, {sha256: size})


@given(st.lists(CONTENTS, unique=True, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_all_contents_come_whatever_their_order_the_gaps_and_the_packs(
    datas: list[bytes], order: random.Random
) -> None:
    packs: dict[str, bytes] = {PACK: b"", "pack-bbbb": b""}
    places = {}
    order.shuffle(datas)
    for data in datas:
        name, stream = order.choice(sorted(packs)), zlib.compress(data)
        packs[name] += bytes(order.choice([0, 0, 9, 100_000]))
        places[sha256_of(data)] = Place(name, len(packs[name]), len(stream))
        packs[name] += stream
    wanted = [data for data in datas if order.random() < 0.8]
    sizes = {sha256_of(data): len(data) for data in wanted}
    assert fetched(packs, places, sizes) == {sha256_of(data): data for data in wanted}


@given(st.data())
def test_a_place_that_is_wrong_in_any_way_gives_the_content_or_is_refused(data: st.DataObject) -> None:
    datas = [b"one", b"two" * 1000, b""]
    packed, places = b"", {}
    for one in datas:
        stream = zlib.compress(one)
        places[sha256_of(one)] = Place(PACK, len(packed), len(stream))
        packed += stream
    for sha256 in places:
        if data.draw(st.booleans()):
            offset = data.draw(st.integers(0, len(packed) - 1))
            places[sha256] = Place(PACK, offset, data.draw(st.integers(1, len(packed) - offset)))
    wanted = {sha256_of(one): len(one) for one in datas}
    try:
        files = fetched({PACK: packed}, places, wanted)
    except RefusedError:
        return
    assert files == {sha256_of(one): one for one in datas}


@given(st.binary(max_size=300))
def test_bytes_at_random_are_refused(stream: bytes) -> None:
    with pytest.raises((RefusedError, UnreachableError)):
        fetched_alone(stream or b"x", sha256_of(b"never"), 5)


@given(st.data())
def test_a_turned_bit_is_refused(data: st.DataObject) -> None:
    content = data.draw(st.binary(min_size=1, max_size=200))
    stream = bytearray(zlib.compress(content))
    bit = data.draw(st.integers(0, 8 * len(stream) - 1))
    stream[bit // 8] ^= 1 << bit % 8
    try:
        files = fetched_alone(bytes(stream), sha256_of(content), len(content))
    except RefusedError:
        return
    assert files == {sha256_of(content): content}  # a bit that zlib has no use for


def bomb(kind: Callable[[], zlib._Compress]) -> bytes:
    packer = kind()
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(80)), packer.flush()])


@pytest.mark.parametrize(
    ("size", "said"), [(100, "longer than"), (0, "longer than"), (1 << 40, "not what its sha256")]
)
def test_a_bomb_takes_no_memory(size: int, said: str) -> None:
    stream = bomb(zlib.compressobj)
    tracemalloc.start()
    with pytest.raises(RefusedError, match=said):
        fetched_alone_to_nowhere(stream, size)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_what_follows_a_content_takes_no_memory() -> None:
    stream = zlib.compress(b"x") + bytes(64 << 20)
    tracemalloc.start()
    with pytest.raises(RefusedError, match="ends before its place does"):
        fetched_alone(stream, sha256_of(b"x"), 1)
    assert tracemalloc.get_traced_memory()[1] < 200 << 20  # the pack in memory, and what is cut from it
    tracemalloc.stop()


def fetched_alone_to_nowhere(stream: bytes, size: int) -> None:
    class Nowhere(io.BytesIO):
        def write(self, _: object) -> int:
            return 0

    @contextlib.contextmanager
    def opened(_: str) -> Iterator[BinaryIO]:
        yield Nowhere()

    location = MemoryLocation({layout.pack(PACK): stream})
    sha256 = sha256_of(b"never")
    index = Index({PACK: len(stream)}, {sha256: Place(PACK, 0, len(stream))})
    contents.fetch(location, index, {sha256: size}, opened)


def test_a_document_that_is_a_bomb_is_refused() -> None:
    location = MemoryLocation()
    manifest = publish(location, {"a.py": b"1"})
    for key, read in (
        (layout.manifest(manifest.id), lambda: reading.manifest(location, manifest.id)),
        (layout.index(manifest.id), lambda: reading.index(location, manifest)),
    ):
        location.put(key, bomb(lambda: zlib.compressobj(wbits=31)))
        with pytest.raises(RefusedError, match=f"more than {MAX_DOCUMENT} bytes when it is unpacked"):
            read()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:-1], "does not end where it should"),
        (lambda data: data + b"x", "does not end where it should"),
        (lambda data: data + data, "does not end where it should"),
        (gzip.decompress, "not compressed as the format says"),
        (lambda data: zlib.compress(gzip.decompress(data)), "not compressed as the format says"),
        (lambda _: b"", "does not end where it should"),
        (lambda data: data[:-8] + bytes(8), "not compressed as the format says"),
        (lambda _: gzip.compress(b"{}"), "is not what its name says"),
    ],
)
def test_a_document_that_is_spoiled_is_refused(spoil: Callable[[bytes], bytes], said: str) -> None:
    location = MemoryLocation()
    manifest = publish(location, {"a.py": b"1"})
    key = layout.manifest(manifest.id)
    location.put(key, spoil(location.objects[key]))
    with pytest.raises(RefusedError, match=said):
        reading.manifest(location, manifest.id)


def test_the_index_of_another_release_is_of_no_use_but_does_no_harm() -> None:
    location, written = MemoryLocation(), Written()
    one = publish(location, {"a.py": b"1", "b.py": b"2"})
    other = publish(location, {"a.py": b"3", "b.py": b"4"})
    location.put(layout.index(one.id), location.objects[layout.index(other.id)])
    with pytest.raises(RefusedError, match=r"is not what its sha256 says|longer than its manifest"):
        contents.fetch(location, reading.index(location, one), one.blobs, written.opened)
    assert not written.files


def test_what_is_not_there_is_said() -> None:
    location, written = MemoryLocation(), Written()
    with pytest.raises(AbsentError, match="nothing was published there yet"):
        reading.Known(location).look()
    manifest = publish(location, {"a.py": b"1"})
    index = reading.index(location, manifest)
    for pack in index.packs:
        del location.objects[layout.pack(pack)]
    with pytest.raises(AbsentError, match="there is no packs/"):
        contents.fetch(location, index, manifest.blobs, written.opened)
    with pytest.raises(AbsentError, match="there is no releases/"):
        reading.manifest(location, "0" * 64)


def test_an_answer_that_says_unchanged_of_what_nobody_has_read_is_refused() -> None:
    class Unchanged(MemoryLocation):
        def read(self, *_: object) -> None:
            return None

    manifest = manifest_of({"a.py": b"1"})
    for read in (
        lambda: reading.manifest(Unchanged(), manifest.id),
        lambda: reading.index(Unchanged(), manifest),
        reading.Known(Unchanged()).look,
    ):
        with pytest.raises(RefusedError, match="nobody has read"):
            read()


def test_neighbours_are_one_request_and_what_is_far_is_another() -> None:
    places = {
        "a": Place(PACK, 0, 10),
        "b": Place(PACK, 10, 10),
        "c": Place(PACK, 20 + (64 << 10), 10),
        "d": Place(PACK, 200_000, 10),
        "e": Place(PACK, 205_000, 5 << 20),
        "f": Place("pack-bbbb", 0, 10),
    }
    runs = contents.plan(Index({PACK: 1 << 30, "pack-bbbb": 10}, places), places)
    assert [[name for name, _ in run.places] for run in runs] == [["a", "b", "c"], ["d"], ["e"], ["f"]]


def test_places_that_overlap_are_asked_for_one_by_one() -> None:
    places = {"a": Place(PACK, 0, 10), "b": Place(PACK, 5, 10), "c": Place(PACK, 5, 10)}
    assert len(list(contents.plan(Index({PACK: 15}, places), places))) == 3
