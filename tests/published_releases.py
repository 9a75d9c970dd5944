"""Publishes releases to any `Location` the short way: one pack, its index, the manifest, the pointer."""

from __future__ import annotations

import gzip
import hashlib
import uuid
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock_spec.releases import layout, pointer
from airlock_spec.releases.failures import AbsentError
from airlock_spec.releases.index import Index, Place
from airlock_spec.releases.manifest import Checked, File, Manifest
from airlock_spec.releases.pointer import Pointer, Published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.releases.location import Location


def manifest_of(
    files: Mapping[str, bytes], checked: Checked | None = None, executable: tuple[str, ...] = ()
) -> Manifest:
    """Return the manifest of files by their paths."""
    return Manifest(
        tuple(
            File(path, hashlib.sha256(data).hexdigest(), len(data), path in executable)
            for path, data in sorted(files.items())
        ),
        checked,
    )


def publish(location: Location, files: Mapping[str, bytes], checked: Checked | None = None) -> Manifest:
    """Publish these files as the release that serves from now on; what was published before stays listed."""
    manifest = manifest_of(files, checked)
    store(location, manifest, files)
    point(location, manifest)
    return manifest


def store(location: Location, manifest: Manifest, files: Mapping[str, bytes]) -> Index:
    """Put everything of a release but the pointer."""
    by_sha256 = {hashlib.sha256(data).hexdigest(): data for data in files.values()}
    packed = {sha256: zlib.compress(data) for sha256, data in by_sha256.items()}
    name = f"test-{uuid.uuid4().hex}"
    places: dict[str, Place] = {}
    offset = 0
    for sha256, data in packed.items():
        places[sha256] = Place(name, offset, len(data))
        offset += len(data)
    index = Index({name: offset}, {sha256: places[sha256] for sha256 in manifest.blobs})
    location.put(layout.pack(name), b"".join(packed.values()))
    location.put(layout.index(manifest.id), gzip.compress(index.to_data(), mtime=0))
    location.put(layout.manifest(manifest.id), gzip.compress(manifest.data, mtime=0))
    return index


def point(location: Location, manifest: Manifest, by: str = "tests") -> Pointer:
    """Let a release that was stored serve."""
    new = Published(manifest.id, datetime.now(UTC), by, len(manifest.files), manifest.size)
    try:
        stored = location.read(layout.POINTER, pointer.MAX_DOCUMENT)
    except AbsentError:
        stored = None
    said = Pointer.from_data(stored.data).published(new) if stored else pointer.first(new)
    assert location.swap(layout.POINTER, said.to_data(), stored.etag if stored else "")
    return said


def roll_back(location: Location, release: str) -> Pointer:
    """Let an earlier release serve again."""
    stored = location.read(layout.POINTER, pointer.MAX_DOCUMENT)
    assert stored is not None
    said = Pointer.from_data(stored.data).rolled_back(release, datetime.now(UTC), "tests")
    assert location.swap(layout.POINTER, said.to_data(), stored.etag)
    return said
