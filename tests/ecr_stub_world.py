"""What the stub of Amazon ECR holds, how it misbehaves, and what it was asked."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCOUNT, REGION = "123456789012", "eu-central-1"
LARGEST_MANIFEST = 4 << 20  # bytes
NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*")
_LONGEST_NAME = 256
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class RefusedError(Exception):
    """The stub refuses: `code` is AWS's, `registry` the distribution specification's."""

    def __init__(self, code: str, message: str, registry: str = "UNSUPPORTED", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.registry, self.status = code, registry, status


@dataclass
class StubRepository:
    """What one repository holds, by digest, and how it is set up."""

    name: str
    mutability: str = "MUTABLE"
    exclusions: tuple[str, ...] = ()
    scan_on_push: bool = False
    encryption: dict[str, str] = field(default_factory=lambda: {"encryptionType": "AES256"})
    lifecycle: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)  # of the blobs
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # media type, content
    tags: dict[str, str] = field(default_factory=dict)
    scans: dict[str, int] = field(default_factory=dict)  # how often each is still to be asked about

    def has_fixed(self, tag: str) -> bool:
        """Whether a tag, once given, stays where it is."""
        excluded = any(fnmatchcase(tag, pattern) for pattern in self.exclusions)
        immutable = self.mutability.startswith("IMMUTABLE")
        return immutable != excluded if self.mutability.endswith("_WITH_EXCLUSION") else immutable

    def named(self, reference: str) -> tuple[str, str, bytes] | None:
        """Return digest, media type and content of what a tag or a digest names."""
        digest = self.tags.get(reference, reference)
        return (digest, *self.manifests[digest]) if digest in self.manifests else None

    def referred(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for digest, (kind, content) in self.manifests.items():
            yield digest, kind, json.loads(content)


@dataclass(frozen=True)
class Seen:
    """A request: whether it was authorized is all that is kept of that."""

    method: str
    path: str  # with the query
    authorized: bool
    size: int  # of its body
    action: str = ""  # of AWS's API


@dataclass
class World:
    """An account's registry in one region."""

    repositories: dict[str, StubRepository] = field(default_factory=dict)
    base: str = ""  # the stub's own URL
    tokens: dict[str, float] = field(default_factory=dict, repr=False)  # and when they expire
    token_seconds: float = 12 * 3600
    expired: int = 403  # the status for an expired token, without a challenge, as ECR's; 401 has one
    blob_mounting: bool = False  # an account's setting
    throttled: int = 0  # requests to come that are refused for their number
    denied: set[str] = field(default_factory=set)  # actions
    missing: set[str] = field(default_factory=set)  # actions that it answers with 500, as moto does
    page: int = 100  # findings
    polls: int = 2  # until a scan is finished
    finished: str = "COMPLETE"  # what a scan ends as
    enhanced: bool = False  # scanned by Inspector
    findings: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Seen] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def repository(self, name: str) -> StubRepository:
        if name not in self.repositories:
            raise RefusedError(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'",
                "NAME_UNKNOWN",
                404,
            )
        return self.repositories[name]

    def create(self, name: str, **settings: Any) -> StubRepository:
        if name in self.repositories:
            raise RefusedError("RepositoryAlreadyExistsException", f"'{name}' already exists in the registry")
        if not NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise RefusedError("InvalidParameterException", "Invalid parameter at 'repositoryName'")
        self.repositories[name] = StubRepository(name, **settings)
        return self.repositories[name]

    def expire(self) -> None:
        """Let every token be too old."""
        self.tokens = dict.fromkeys(self.tokens, time.time() - 1)

    def throttles(self) -> bool:
        """Count down, and say whether this request is one of those that are refused."""
        with self.lock:
            self.throttled, refused = max(self.throttled - 1, 0), self.throttled > 0
            return refused


def store(world: World, repository: StubRepository, manifest: tuple[str, bytes], reference: str) -> str:
    """Store a manifest under a tag or its digest, and return its digest; refuse what ECR refuses.

    A tag that may not move cannot be given again, be it to the same image (aws/containers-roadmap#2380).
    """
    media_type, content = manifest
    digest = digest_of(content)
    if len(content) > LARGEST_MANIFEST:
        raise RefusedError("InvalidParameterException", "the manifest is too large", "MANIFEST_INVALID", 413)
    document = _document(content)
    if reference.startswith("sha256:"):
        if reference != digest:
            raise RefusedError("ImageDigestDoesNotMatchException", "the digest differs", "DIGEST_INVALID")
    elif not _TAG.fullmatch(reference):
        raise RefusedError("InvalidParameterException", "Invalid tag", "TAG_INVALID")
    elif reference in repository.tags and repository.has_fixed(reference):
        raise RefusedError(
            "ImageTagAlreadyExistsException",
            f"The image tag '{reference}' already exists in the '{repository.name}' repository and cannot be "
            "overwritten because the tag is immutable.",
            "TAG_INVALID",
        )
    _require_parts(repository, document)
    new = digest not in repository.manifests
    repository.manifests[digest] = (media_type, content)
    if not reference.startswith("sha256:"):
        repository.tags[reference] = digest
    if new and "layers" in document and (repository.scan_on_push or world.enhanced):
        repository.scans[digest] = world.polls
    return digest


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise RefusedError("InvalidParameterException", "no JSON", "MANIFEST_INVALID") from error
    if not isinstance(document, dict):
        raise RefusedError("InvalidParameterException", "no JSON object", "MANIFEST_INVALID")
    return document


def _require_parts(repository: StubRepository, document: Mapping[str, Any]) -> None:
    parts = [*([document["config"]] if "config" in document else []), *document.get("layers", [])]
    lacking = [
        one["digest"]
        for one in parts
        if one["digest"] not in repository.blobs or one["digest"] in repository.archived
    ]
    if lacking:
        raise RefusedError(
            "LayersNotFoundException", f"layers not found: {', '.join(lacking)}", "MANIFEST_BLOB_UNKNOWN", 404
        )
    children = [one["digest"] for one in document.get("manifests", [])]
    if lacking := [one for one in children if one not in repository.manifests]:
        raise RefusedError(
            "ReferencedImagesNotFoundException",
            f"images not found: {', '.join(lacking)}",
            "MANIFEST_UNKNOWN",
            404,
        )
