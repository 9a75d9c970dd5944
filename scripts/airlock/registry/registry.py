"""The seam: what one repository of a registry can be asked, whoever answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from airlock.descriptor import Descriptor
    from airlock.registry.reference import Repository


@dataclass(frozen=True)
class Blob:
    """What is uploaded: a file of this machine, streamed, or a small document; `size` in bytes."""

    digest: str
    size: int
    source: Path | bytes

    @property
    def is_here(self) -> bool:
        return isinstance(self.source, bytes) or self.source.is_file()


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index as a registry gave it, whose digest was checked."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object. Raises ValueError where it is none."""
        document = json.loads(self.content)
        if not isinstance(document, dict):
            raise ValueError("it is no JSON object")  # noqa: TRY004 - as json.loads for what is not JSON
        return document


class Registry(Protocol):
    """One repository; used by several threads. Every method raises RegistryError, with no secret in it."""

    @property
    def repository(self) -> Repository: ...

    def lacking(self, descriptors: Sequence[Descriptor]) -> list[Descriptor]:
        """Return those whose blobs are not there."""
        ...

    def upload(self, blob: Blob, sent: Callable[[int], None], mount_from: Iterable[str] = ()) -> None:
        """Make a blob be there: mounted from another repository (a path) where that is offered, else sent."""
        ...

    def blob(self, digest: str, limit: int) -> bytes:
        """Return a document of at most `limit` bytes, checked against its digest."""
        ...

    def manifest(self, name: str) -> Manifest | None:
        """Return what a tag or a digest names, checked where it is a digest; None where there is none."""
        ...

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        """Store a manifest under its digest or, too, under a tag; what it names must be there.

        One with a subject is found by `referrers` from then on, whether or not the registry has that API.
        """
        ...

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        """Return the descriptors of what refers to a manifest (with `artifactType` and annotations)."""
        ...
