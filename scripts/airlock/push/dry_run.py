"""A registry that is read and never written: what a push would do, told by doing it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airlock.registry import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.descriptor import Descriptor
    from airlock.registry.reference import Repository
    from airlock.registry.registry import Blob, Manifest, Registry


class DryRun:
    """A `Registry` that remembers what it was given and answers as if it had passed it on."""

    def __init__(self, repository: Repository, registry: Registry | None) -> None:
        """`registry` is None where there is no such repository yet."""
        self.repository = repository
        self._registry = registry
        self._manifests: dict[str, Manifest] = {}

    def lacking(self, descriptors: Sequence[Descriptor]) -> list[Descriptor]:
        return self._registry.lacking(descriptors) if self._registry else list(descriptors)

    def upload(self, blob: Blob, sent: Callable[[int], None], mount_from: Iterable[str] = ()) -> None:
        del mount_from
        sent(blob.size)

    def blob(self, digest: str, limit: int) -> bytes:
        if self._registry is None:
            raise failures.homeless(digest, self.repository)
        return self._registry.blob(digest, limit)

    def manifest(self, name: str) -> Manifest | None:
        there = self._manifests.get(name)
        return there or (self._registry.manifest(name) if self._registry else None)

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        self._manifests[manifest.digest] = manifest
        if tag:
            self._manifests[tag] = manifest

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        own = [
            {"mediaType": one.media_type, "digest": one.digest, "size": one.size}
            for one in {one.digest: one for one in self._manifests.values()}.values()
            if json.loads(one.content).get("subject", {}).get("digest") == digest
        ]
        return [*(self._registry.referrers(digest) if self._registry else []), *own]
