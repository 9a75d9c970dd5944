"""Small OCI layouts, honest and hostile."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
TIME = 315532800


@dataclass(frozen=True)
class Member:
    """A member of a layer's tar, under any name and of any type."""

    name: str
    content: bytes = b""
    type: bytes = tarfile.REGTYPE
    target: str = ""
    mode: int = 0o644


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
            info.size, info.mtime, info.uid = len(member.content), TIME, 50000
            archive.addfile(info, io.BytesIO(member.content))
    return buffer.getvalue()


def compress(content: bytes, media_type: str = ZSTD) -> bytes:
    """Compress into many frames (or gzip members), as airlock's layers are."""
    frame = gzip.compress if media_type == GZIP else zstandard.ZstdCompressor().compress
    return b"".join(frame(content[start : start + 4096]) for start in range(0, len(content), 4096))


def write_layout(
    layout: Path,
    layers: Sequence[Sequence[Member]],
    *,
    settings: Mapping[str, object] | None = None,
    media_type: str = ZSTD,
    architecture: str = "amd64",
) -> str:
    """Write an image of these layers; return its digest."""
    tars = [tar(members) for members in layers]
    described = [_blob(layout, compress(content, media_type), media_type) for content in tars]
    platform = {"architecture": architecture, "os": "linux"}
    diff_ids = [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in tars]
    config = platform | {"config": settings or {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _blob(layout, _json(config), "application/vnd.oci.image.config.v1+json"),
        "layers": described,
    }
    descriptor = _blob(layout, _json(manifest), "application/vnd.oci.image.manifest.v1+json")
    index = {"schemaVersion": 2, "manifests": [descriptor | {"platform": platform}]}
    (layout / "index.json").write_bytes(_json(index))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    return str(descriptor["digest"])


def _blob(layout: Path, content: bytes, media_type: str) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
