"""Releases for tests: trees of a few files, published to a location by the format alone."""

from __future__ import annotations

import gzip
import hashlib
import os
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from airlock_spec.releases import contents, layout, reading
from airlock_spec.releases.failures import AbsentError
from airlock_spec.releases.index import Index, Place
from airlock_spec.releases.manifest import MAX_DOCUMENT, Checked, File, Manifest
from airlock_spec.releases.pointer import Pointer, Published, first

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from airlock.releases.location import Location
    from airlock_spec.releases.objects import Objects

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Tree:
    """Contents by their paths, and which of them can be executed."""

    contents: Mapping[str, bytes]
    executables: frozenset[str] = frozenset()

    def manifest(self, checked: Checked | None = None) -> Manifest:
        files = (
            File(path, hashlib.sha256(data).hexdigest(), len(data), path in self.executables)
            for path, data in sorted(self.contents.items())
        )
        return Manifest(tuple(files), checked)

    def expected(self) -> dict[str, tuple[bytes, int]]:
        """Return what `found` must find of it."""
        return {
            path: (data, 0o555 if path in self.executables else 0o444) for path, data in self.contents.items()
        }


def found(top: Path) -> dict[str, tuple[bytes, int]]:
    """Return the contents and the modes of all files below, by their paths."""
    there = {}
    for parent, _, names in os.walk(top):
        for name in names:
            path = Path(parent, name)
            there[path.relative_to(top).as_posix()] = path.read_bytes(), path.lstat().st_mode & 0o7777
    return there


def pack_of(blobs: Mapping[str, bytes], name: str = "") -> tuple[str, bytes, Index]:
    """Return the name and the bytes of a pack of contents, and the index that finds them in it."""
    name = name or f"pack-{uuid.uuid4().hex}"
    packed, places = b"", {}
    for sha256, data in sorted(blobs.items()):
        stream = zlib.compress(data)
        places[sha256] = Place(name, len(packed), len(stream))
        packed += stream
    return name, packed, Index({name: len(packed)}, places)


def upload(location: Location, tree: Tree) -> Manifest:
    """Write all objects of a release but the pointer."""
    manifest = tree.manifest()
    blobs = {hashlib.sha256(data).hexdigest(): data for data in tree.contents.values()}
    name, packed, index = pack_of(blobs)
    location.put(layout.pack(name), packed)
    location.put(layout.index(manifest.id), gzip.compress(index.to_data(), mtime=0))
    location.put(layout.manifest(manifest.id), gzip.compress(manifest.data, mtime=0))
    return manifest


def publish(location: Location, tree: Tree) -> Manifest:
    """Let a tree serve as a release."""
    manifest = upload(location, tree)
    new = Published(manifest.id, NOW, "a test", len(manifest.files), manifest.size)
    try:
        stored = location.read(layout.POINTER, MAX_DOCUMENT)
    except AbsentError:
        stored = None
    pointer = Pointer.from_data(stored.data).published(new) if stored else first(new)
    assert location.swap(layout.POINTER, pointer.to_data(), stored.etag if stored else "")
    return manifest


@dataclass
class Remote:
    """The contents of a release out of a location, as a Source; `asked` is what was wanted of it."""

    objects: Objects
    of: Manifest
    asked: list[str] = field(default_factory=list)

    def fetch(
        self, wanted: Mapping[str, int], opened: Callable[[str], AbstractContextManager[BinaryIO]]
    ) -> None:
        self.asked += wanted
        contents.fetch(self.objects, reading.index(self.objects, self.of), wanted, opened)
