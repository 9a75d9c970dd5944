"""Publishes a folder as a release."""
from __future__ import annotations
import gzip, hashlib, uuid, zlib
from datetime import UTC, datetime
from pathlib import Path
from airlock.releases.location import Location
from airlock_spec.releases import layout, pointer
from airlock_spec.releases.index import Index, Place
from airlock_spec.releases.manifest import File, Manifest
from airlock_spec.releases.pointer import Pointer, Published
from airlock_spec.releases.reading import MAX_POINTER
from airlock_spec.releases.failures import AbsentError

def publish(location: Location, folder: Path) -> str:
    contents, files = {}, []
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            data = path.read_bytes()
            sha = hashlib.sha256(data).hexdigest()
            contents[sha] = data
            files.append(File(path.relative_to(folder).as_posix(), sha, len(data)))
    manifest = Manifest(tuple(sorted(files, key=lambda f: f.path)))
    name = uuid.uuid4().hex
    places, pack = {}, bytearray()
    for sha, data in contents.items():
        packed = zlib.compress(data)
        places[sha] = Place(name, len(pack), len(packed))
        pack += packed
    location.put(layout.pack(name), bytes(pack))
    location.put(layout.manifest(manifest.id), gzip.compress(manifest.data))
    location.put(layout.index(manifest.id), gzip.compress(Index({name: len(pack)}, places).to_data()))
    new = Published(manifest.id, datetime.now(UTC).replace(microsecond=0), "tests", len(files), manifest.size)
    there = _there(location)
    if there is None:
        assert location.swap(layout.POINTER, pointer.first(new).to_data(), "")
    else:
        assert location.swap(layout.POINTER, there[0].published(new).to_data(), there[1])
    return manifest.id

def roll_back(location: Location, release: str) -> None:
    there = _there(location)
    assert there
    at = datetime.now(UTC).replace(microsecond=0)
    assert location.swap(layout.POINTER, there[0].rolled_back(release, at, "tests").to_data(), there[1])

def _there(location: Location) -> tuple[Pointer, str] | None:
    try:
        stored = location.read(layout.POINTER, MAX_POINTER)
    except AbsentError:
        return None
    return Pointer.from_data(stored.data), stored.etag
