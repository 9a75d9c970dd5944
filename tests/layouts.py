"""Small OCI layouts, honest and hostile."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TIME = 315532800


@dataclass(frozen=True)
class Member:
    """A member of a layer's tar, under any name and of any type."""

    name: str
    content: bytes = b""
    type: bytes = tarfile.REGTYPE
    target: str = ""
    mode: int = 0o644
    uid: int = 50000
    mtime: int = TIME


def folder(name: str, mode: int = 0o755) -> Member:
    return Member(name, type=tarfile.DIRTYPE, mode=mode)


def symlink(name: str, target: str) -> Member:
    return Member(name, type=tarfile.SYMTYPE, target=target, mode=0o777)


def hardlink(name: str, target: str) -> Member:
    return Member(name, type=tarfile.LNKTYPE, target=target)


def tar(members: Sequence[Member]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname, info.mode = member.type, member.target, member.mode
            info.size, info.mtime, info.uid = len(member.content), member.mtime, member.uid
            archive.addfile(info, io.BytesIO(member.content))
    return buffer.getvalue()


def pax_member(
    name: str, content: bytes, headers: Mapping[str, str], type_: bytes = tarfile.REGTYPE
) -> bytes:
    """Return a member with an extended header (pax) of any records, without the end of a tar."""
    info = tarfile.TarInfo(name)
    info.pax_headers, info.size, info.type = dict(headers), len(content), type_
    return info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % tarfile.BLOCKSIZE)


def compress(content: bytes, media_type: str = ZSTD) -> bytes:
    """Compress into many frames (or gzip members), as airlock's layers are."""
    frame = gzip.compress if media_type == GZIP else zstandard.ZstdCompressor().compress
    return b"".join(frame(content[start : start + 4096]) for start in range(0, len(content), 4096))


def write_layout(
    layout: Path,
    layers: Sequence[Sequence[Member] | bytes],
    *,
    settings: Mapping[str, object] | None = None,
    media_type: str = ZSTD,
    architecture: str = "amd64",
    configuration: Mapping[str, object] | None = None,
    annotations: Sequence[Mapping[str, object]] = (),
) -> str:
    """Write an image of these layers, each of members or a tar; return its digest.

    `configuration` replaces keys of the image's, `annotations` are the layers'.
    """
    platform = _platform(architecture)
    descriptor = _image(
        layout, layers, settings or {}, media_type, platform, configuration or {}, annotations
    )
    _index(layout, [descriptor])
    return str(descriptor["digest"])


def write_index(
    layout: Path,
    images: Mapping[str, Sequence[Sequence[Member]]],
    *,
    system: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Write one image for several architectures, by way of a nested index; return platform: digest."""
    platforms = {name: _platform(name, (system or {}).get(name, "linux")) for name in images}
    descriptors = [_image(layout, images[name], {}, ZSTD, platforms[name]) for name in images]
    content = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors})
    _index(layout, [_blob(layout, content, INDEX)])
    names = [f"{one['os']}/{one['architecture']}" for one in platforms.values()]
    return {name: str(one["digest"]) for name, one in zip(names, descriptors, strict=True)}


def write_platforms(
    layout: Path, platforms: Sequence[Mapping[str, str]], layers: Sequence[Sequence[Member]]
) -> None:
    """Write an image of the same layers for each platform, as the index and the configurations name it."""
    _index(layout, [_image(layout, layers, {}, ZSTD, platform) for platform in platforms])


def _platform(architecture: str, system: str = "linux") -> dict[str, str]:
    return {"architecture": architecture, "os": system}


def _image(
    layout: Path,
    layers: Sequence[Sequence[Member] | bytes],
    settings: Mapping[str, object],
    media_type: str,
    platform: Mapping[str, str],
    configuration: Mapping[str, object] = MappingProxyType({}),
    annotations: Sequence[Mapping[str, object]] = (),
) -> dict[str, object]:
    tars = [layer if isinstance(layer, bytes) else tar(layer) for layer in layers]
    described = [_blob(layout, compress(content, media_type), media_type) for content in tars]
    for layer, notes in zip(described, annotations, strict=False):
        layer["annotations"] = notes
    diff_ids = [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in tars]
    roots = {"type": "layers", "diff_ids": diff_ids}
    config = {**platform, "config": settings, "rootfs": roots, **configuration}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _blob(layout, _json(config), "application/vnd.oci.image.config.v1+json"),
        "layers": described,
    }
    descriptor = _blob(layout, _json(manifest), MANIFEST)
    return descriptor | {"platform": platform}


def _index(layout: Path, descriptors: Sequence[Mapping[str, object]]) -> None:
    (layout / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": descriptors}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def _blob(layout: Path, content: bytes, media_type: str) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
