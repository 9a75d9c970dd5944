"""A registry in memory: what was pushed to it, in which order, and what it is told to refuse."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.errors import RegistryError
from airlock.registry.reference import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.descriptor import Descriptor
    from airlock.registry.registry import Blob, Manifest

HERE = Repository("127.0.0.1:5000", "team/airflow")


@dataclass
class MemoryRegistry:
    """An `airlock.registry.registry.Registry`; `log` tells each change as (`blob`|`manifest`|`tag`, what)."""

    repository: Repository = HERE
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    immutable: bool = False

    def lacking(self, descriptors: Sequence[Descriptor]) -> list[Descriptor]:
        return [one for one in descriptors if one.digest not in self.blobs]

    def upload(self, blob: Blob, sent: Callable[[int], None], mount_from: Iterable[str] = ()) -> None:
        del mount_from
        content = blob.source if isinstance(blob.source, bytes) else blob.source.read_bytes()
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != blob.digest:
            raise RegistryError(f"{blob.digest} is not what its digest promises")
        sent(len(content))
        self.blobs[blob.digest] = content
        self.log.append(("blob", blob.digest))

    def blob(self, digest: str, limit: int) -> bytes:
        content = self.blobs.get(digest)
        if content is None or len(content) > limit:
            raise RegistryError(f"there is no blob {digest}")
        return content

    def manifest(self, name: str) -> Manifest | None:
        return self.manifests.get(self.tags.get(name, name))

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        document = manifest.document
        for one in [document.get("config"), *document.get("layers", [])]:
            if one and one["digest"] not in self.blobs:
                raise RegistryError(f"the manifest names {one['digest']}, which is not there")
        for one in document.get("manifests", []):
            if one["digest"] not in self.manifests:
                raise RegistryError(f"the index names {one['digest']}, which is not there")
        if tag and self.immutable and tag in self.tags:
            raise RegistryError(f"the tag {tag} is immutable")
        self.manifests[manifest.digest] = manifest
        self.log.append(("manifest", manifest.digest))
        if tag:
            self.tags[tag] = manifest.digest
            self.log.append(("tag", tag))

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        found = []
        for one in self.manifests.values():
            document = json.loads(one.content)
            if document.get("subject", {}).get("digest") == digest:
                found.append(
                    {
                        "mediaType": one.media_type,
                        "digest": one.digest,
                        "size": one.size,
                        "artifactType": document.get("artifactType", ""),
                        "annotations": document.get("annotations", {}),
                    }
                )
        return found
