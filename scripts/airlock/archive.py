"""An image as one tar for `docker load`: an OCI layout, with the manifest.json that Docker's older stores read."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from airlock.descriptor import Descriptor
    from airlock.layout import LaidOutImage

_CHUNK = 1 << 20
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Reference:
    """An image's name (distribution/reference): `repository` with a registry, as Docker completes it."""

    repository: str
    tag: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read NAME[:TAG]. Raises EngineError for a name with a digest, under which nothing can be loaded."""
        name, colon, tag = text.rpartition(":")
        if not colon or "/" in tag:
            name, tag = text, "latest"
        if "@" in text or not name or not tag:
            raise EngineError(f"{text!r} names no image that can be loaded", remedy="use NAME:TAG")
        first, slash, _ = name.partition("/")
        if not slash:
            name = f"docker.io/library/{name}"
        elif first != "localhost" and not set(first) & {".", ":"}:
            name = f"docker.io/{name}"
        return cls(name, tag)

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


def archive(image: LaidOutImage, name: Reference, without: Collection[str]) -> Iterator[bytes]:
    """Write the image as a tar, in pieces of up to 1 MiB.

    Blobs whose digests are in `without` are left out: the archive is then *thin*.
    """
    yield from _file("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    yield from _file("index.json", _json(_index(image, name)))
    yield from _file("manifest.json", _json([_docker_manifest(image, name)]))
    for blob in dict.fromkeys(image.blobs):
        if blob.digest not in without:
            yield _header(_blob_name(blob), blob.size)
            with image.blob(blob).open("rb") as file:
                while piece := file.read(_CHUNK):
                    yield piece
            yield bytes(-blob.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _index(image: LaidOutImage, name: Reference) -> Mapping[str, object]:
    """Name the image as containerd reads it: its importer completes no names."""
    descriptor = {
        "mediaType": image.manifest.media_type,
        "digest": image.manifest.digest,
        "size": image.manifest.size,
        "annotations": {"io.containerd.image.name": str(name), "org.opencontainers.image.ref.name": name.tag},
        "platform": {key: image.configuration[key] for key in ("architecture", "os")},
    }
    return {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [descriptor]}


def _docker_manifest(image: LaidOutImage, name: Reference) -> Mapping[str, object]:
    """Return the image's item in manifest.json (Docker image specification 1.2)."""
    layers = [_blob_name(layer) for layer in image.layers]
    return {"Config": _blob_name(image.config), "RepoTags": [str(name)], "Layers": layers}


def _blob_name(blob: Descriptor) -> str:
    return f"blobs/sha256/{blob.hex}"


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _file(name: str, content: bytes) -> Iterator[bytes]:
    yield _header(name, len(content)) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)
