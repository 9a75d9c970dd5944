"""Reads releases from whoever holds them; every byte is verified before anybody sees it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.index import Index
from airlock_spec.releases.manifest import MAX_DOCUMENT, Manifest
from airlock_spec.releases.pointer import MAX_DOCUMENT as MAX_POINTER
from airlock_spec.releases.pointer import Pointer

if TYPE_CHECKING:
    from airlock_spec.releases.objects import Objects


class Known:
    """The pointer as it was read last; looking again costs one request, and no content where nothing changed."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._etag = ""
        self._pointer: Pointer | None = None

    def look(self) -> Pointer:
        """Return what the pointer says now. Raises AbsentError where nothing was ever published."""
        try:
            stored = self._objects.read(layout.POINTER, MAX_POINTER, self._etag)
        except AbsentError as error:
            raise AbsentError("nothing was published there yet: there is no current release") from error
        if stored is not None:
            self._pointer, self._etag = Pointer.from_data(stored.data), stored.etag
        if self._pointer is None:
            raise RefusedError("S3 says of a pointer that nobody has read that it is unchanged")
        return self._pointer

    def forget(self) -> None:
        """Read it anew the next time, whatever its ETag."""
        self._etag = ""


def manifest(objects: Objects, release: str) -> Manifest:
    return Manifest.from_data(_document(objects, layout.manifest(release)), release)


def index(objects: Objects, of: Manifest) -> Index:
    return Index.from_data(_document(objects, layout.index(of.id)), of.blobs)


def _document(objects: Objects, key: str) -> bytes:
    """Return a gzipped document (RFC 1952). Raises RefusedError, also for one of more than MAX_DOCUMENT bytes."""
    stored = objects.read(key, MAX_DOCUMENT)
    if stored is None:
        raise RefusedError(f"S3 says of {key}, which nobody has read, that it is unchanged")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        data = unpacker.decompress(stored.data, MAX_DOCUMENT)
    except zlib.error as error:
        raise RefusedError(f"{key} is not compressed as the format says: {error}") from error
    if not unpacker.eof and len(data) >= MAX_DOCUMENT:
        raise RefusedError(f"{key} becomes more than {MAX_DOCUMENT} bytes when it is unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise RefusedError(f"{key} does not end where it should")
    return data
