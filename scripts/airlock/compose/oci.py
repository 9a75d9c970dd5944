"""The documents of an OCI image, deterministic to the byte (OCI image specification 1.1)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock.compose.tar import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.compose.image_file import RunConfig
    from airlock.compose.layer import Layer
    from airlock.debian.base import User
    from airlock.platforms import Platform

CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CREATED = datetime.fromtimestamp(EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
EMPTY = "application/vnd.oci.empty.v1+json"
LAYER_KEY = "dev.airlock.layer.key"
LAYER_NAME = "dev.airlock.layer.name"


@dataclass(frozen=True)
class Document:
    """A JSON document as a blob."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def descriptor(self, **extra: object) -> dict[str, object]:
        return {
            "mediaType": self.media_type,
            "digest": f"sha256:{self.digest}",
            "size": len(self.content),
            **extra,
        }


NOTHING = Document(EMPTY, b"{}")


def config(
    run: RunConfig, user: User, platform: Platform, layers: Sequence[Layer], labels: Mapping[str, str]
) -> Document:
    settings = {
        "User": f"{user.uid}:{user.gid}",
        "Env": [f"{key}={value}" for key, value in run.env],
        "Entrypoint": list(run.entrypoint),
        "Cmd": list(run.cmd),
        "WorkingDir": run.workdir,
        "StopSignal": run.stop_signal,
        "ExposedPorts": {port: {} for port in run.ports},
        "Labels": dict(run.labels) | dict(labels),
    }
    return _document(
        CONFIG,
        {
            "created": CREATED,
            "architecture": platform.architecture,
            "os": platform.os,
            "config": {key: value for key, value in settings.items() if value},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.diff_id}" for layer in layers]},
            "history": [{"created": CREATED, "created_by": f"airlock: {layer.name}"} for layer in layers],
        },
    )


def manifest(config_document: Document, layers: Sequence[Layer], annotations: Mapping[str, str]) -> Document:
    return _document(
        MANIFEST,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config_document.descriptor(),
            "layers": [
                {
                    "mediaType": layer.media_type,
                    "digest": f"sha256:{layer.digest}",
                    "size": layer.size,
                    "annotations": {LAYER_KEY: layer.key, LAYER_NAME: layer.name},
                }
                for layer in layers
            ],
            "annotations": dict(annotations),
        },
    )


def index(manifests: Sequence[tuple[Document, Platform]]) -> Document:
    """Return the index of an image for several platforms, or of a layout that holds one for one platform."""
    return _index(
        document.descriptor(platform={"architecture": platform.architecture, "os": platform.os})
        for document, platform in manifests
    )


def index_of_index(image: Document) -> Document:
    """Return the index.json of a layout that holds one image for several platforms.

    With one descriptor there, tools that read layouts take it for one image, and choose the platform.
    """
    return _index([image.descriptor()])


def marked(index: Document, annotations: Mapping[str, str]) -> Document:
    """Return the index.json of a layout with annotations on what it names, which change no digest of that."""
    listed = json.loads(index.content)["manifests"]
    return _index({**one, "annotations": {**one.get("annotations", {}), **annotations}} for one in listed)


def referrer(
    artifact_type: str, subject: Mapping[str, object], content: Document, annotations: Mapping[str, str]
) -> Document:
    """Return the manifest of an artifact that refers to an image (image-spec 1.1, manifest.md: subject)."""
    return _document(
        MANIFEST,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": artifact_type,
            "config": NOTHING.descriptor(),
            "layers": [content.descriptor()],
            "subject": dict(subject),
            "annotations": dict(annotations),
        },
    )


def index_of_referrers(descriptors: Iterable[dict[str, object]]) -> Document:
    """Return the index.json of a layout of artifacts."""
    return _index(descriptors)


def _index(descriptors: Iterable[dict[str, object]]) -> Document:
    return _document(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(descriptors)})


def _document(media_type: str, value: object) -> Document:
    return Document(media_type, json.dumps(value, separators=(",", ":"), sort_keys=True).encode())
