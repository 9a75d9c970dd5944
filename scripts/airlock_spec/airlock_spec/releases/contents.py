"""Fetches contents out of packs: neighbours in one request, several requests at once, each content verified."""

from __future__ import annotations

import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from airlock_spec.releases import layout
from airlock_spec.releases.failures import RefusedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from airlock_spec.releases.index import Index, Place
    from airlock_spec.releases.objects import Objects

THREADS = 8
_GAP = 64 << 10  # bytes that are fetched for nothing, rather than asking once more
_RUN = 4 << 20  # bytes of one request, where its contents are not bigger: more run beside each other
_PIECE = 1 << 18


@dataclass(frozen=True)
class Run:
    """Contents of one pack that are fetched by one request, in their order there."""

    pack: str
    places: tuple[tuple[str, Place], ...]  # sha256 and place

    @property
    def offset(self) -> int:
        return self.places[0][1].offset

    @property
    def end(self) -> int:
        return max(place.offset + place.length for _, place in self.places)


def fetch(
    objects: Objects,
    index: Index,
    wanted: Mapping[str, int],
    opened: Callable[[str], AbstractContextManager[BinaryIO]],
) -> None:
    """Write the contents of these sha256s and sizes to where `opened` says, from several threads.

    Raises RefusedError for a content that is not what its sha256 says, and what `Objects` raises; then what was
    written is worth nothing.
    """
    runs = list(plan(index, wanted))
    if not runs:
        return
    with ThreadPoolExecutor(min(THREADS, len(runs)), "fetch") as pool:
        waiting = [pool.submit(_fetch, objects, run, wanted, opened) for run in runs]
        try:
            for one in waiting:
                one.result()
        finally:
            for one in waiting:
                one.cancel()


def plan(index: Index, wanted: Iterable[str]) -> Iterator[Run]:
    """Yield the requests that fetch these contents."""
    of_pack: dict[str, list[tuple[str, Place]]] = {}
    for sha256 in wanted:
        place = index.places[sha256]
        of_pack.setdefault(place.pack, []).append((sha256, place))
    for pack, places in of_pack.items():
        places.sort(key=lambda one: one[1].offset)
        run: list[tuple[str, Place]] = []
        for one in places:
            if run and not _joins(run, one[1]):
                yield Run(pack, tuple(run))
                run = []
            run.append(one)
        yield Run(pack, tuple(run))


def _joins(run: list[tuple[str, Place]], place: Place) -> bool:
    first, last = run[0][1], run[-1][1]
    end = last.offset + last.length
    # What overlaps is asked for on its own: no pack that we write has it.
    return 0 <= place.offset - end <= _GAP and place.offset + place.length - first.offset <= _RUN


def _fetch(
    objects: Objects,
    run: Run,
    sizes: Mapping[str, int],
    opened: Callable[[str], AbstractContextManager[BinaryIO]],
) -> None:
    stream = _Stream(objects.stream(layout.pack(run.pack), run.offset, run.end - run.offset), run.offset)
    for sha256, place in run.places:
        stream.skip_to(place.offset)
        with opened(sha256) as file:
            _unpack(stream, place.length, sha256, sizes[sha256], file)


def _unpack(stream: _Stream, length: int, sha256: str, size: int, file: BinaryIO) -> None:
    """Unpack one content of `length` packed bytes, and never more than its size. Raises RefusedError."""
    unpacker, digest, written = zlib.decompressobj(), hashlib.sha256(), 0
    try:
        for packed in stream.take(length):
            for data in _inflated(unpacker, packed):
                digest.update(data)
                written += len(data)
                if written > size:
                    raise RefusedError(f"the content {sha256[:12]} is longer than its manifest says")
                file.write(data)
            if unpacker.unused_data:  # which zlib would hold in memory, however much follows
                raise RefusedError(f"the content {sha256[:12]} ends before its place does")
    except zlib.error as error:
        raise RefusedError(f"the content {sha256[:12]} cannot be unpacked: {error}") from error
    if not unpacker.eof or written != size or digest.hexdigest() != sha256:
        raise RefusedError(f"the content {sha256[:12]} is not what its sha256 says")


def _inflated(unpacker: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """Yield what these bytes become, in pieces of a bounded size."""
    while True:
        data = unpacker.decompress(packed, _PIECE)
        yield data
        packed = unpacker.unconsumed_tail
        if len(data) < _PIECE and not packed:
            return


class _Stream:
    """Bytes that come in pieces of any size, taken in pieces as they are needed."""

    def __init__(self, pieces: Iterator[bytes], offset: int) -> None:
        self._pieces = pieces
        self._held = b""
        self._offset = offset

    def skip_to(self, offset: int) -> None:
        for _ in self.take(offset - self._offset):
            pass

    def take(self, length: int) -> Iterator[bytes]:
        while length:
            if not self._held:
                self._held = next(self._pieces, b"")
                if not self._held:
                    raise UnreachableError("S3 answered with fewer bytes than were asked for")
            piece, self._held = self._held[:length], self._held[length:]
            length -= len(piece)
            self._offset += len(piece)
            yield piece
