"""One repository of a registry over HTTP (distribution specification 1.1): blobs whole, manifests by digest.

Each blob goes in one piece, for ECR drops what follows a first chunk; what was refused or broke off is sent again
from its beginning, what arrived is never sent again.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from airlock import later
from airlock.registry import failures
from airlock.registry.exchange import BUSY, DOCUMENT, Ask
from airlock.registry.failures import RefusedError, UnansweredError
from airlock.registry.reference import DIGEST
from airlock.registry.registry import Manifest
from airlock.registry.sent_body import SentBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.descriptor import Descriptor
    from airlock.registry.exchange import Answer
    from airlock.registry.reference import Repository
    from airlock.registry.registry import Blob
    from airlock.registry.transport import Transport

THREADS = 6
OK, CREATED, ACCEPTED, MISSING, METHOD = 200, 201, 202, 404, 405
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
_INDEX = "application/vnd.oci.image.index.v1+json"
_SLOWEST = 1e6  # bytes a second at which a registry may put away what it was sent
_SENDS = 5  # of a blob that arrives altered, whose upload the registry forgot, or that got no answer
_PAGES = 50  # of a list of referrers; whoever can push could else keep everybody busy
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next\b')  # of a Link (RFC 8288)
_LASTING = frozenset({401, 403, 413})
# Some registries' files are seen half-written by whoever asks while another pushes the same.
_UNSETTLED = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"})


class Availability(Protocol):
    """Knows of many blobs at once whether they are there; None where it cannot tell."""

    def __call__(self, digests: Sequence[str]) -> set[str] | None: ...


class HttpRegistry:
    """A `Registry` (airlock.registry.registry) that is asked over HTTP."""

    def __init__(
        self, repository: Repository, transport: Transport, absent: Availability | None = None
    ) -> None:
        self.repository = repository
        self._http = transport
        self._absent = absent
        self._root = f"/v2/{repository.path}"

    def lacking(self, descriptors: Sequence[Descriptor]) -> list[Descriptor]:
        unique = list({one.digest: one for one in descriptors}.values())
        absent = self._absent([one.digest for one in unique]) if self._absent else None
        if absent is not None:
            return [one for one in unique if one.digest in absent]
        there = later.each(self._has, unique, THREADS)
        return [one for one, found in zip(unique, there, strict=True) if not found]

    def upload(self, blob: Blob, sent: Callable[[int], None], mount_from: Iterable[str] = ()) -> None:
        for attempt in range(1, _SENDS + 1):
            location = self._begin(blob, mount_from)
            if location is None:
                return
            if not blob.is_here:
                raise failures.homeless(blob.digest, self.repository)
            body = SentBody(blob, sent)
            try:
                self._put(blob, location, body)
            except (RefusedError, UnansweredError) as error:
                if isinstance(error, RefusedError):
                    body.require_intact()
                if attempt == _SENDS or getattr(error, "status", 0) in _LASTING:
                    raise
                if self._has(blob):  # the answer alone was lost
                    return
                sent(-body.counted)
                self._http.pause(attempt)
            else:
                return

    def blob(self, digest: str, limit: int) -> bytes:
        asked = Ask("GET", f"{self._root}/blobs/{digest}", limit=max(limit, DOCUMENT))
        content = self._http.ask(asked).body
        if len(content) > limit:
            raise failures.too_long(self._url(asked), limit)
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise failures.malformed(self._url(asked), "the blob is not what its digest promises")
        return content

    def manifest(self, name: str) -> Manifest | None:
        asked = Ask(
            "GET",
            f"{self._root}/manifests/{name}",
            {"Accept": _MANIFESTS},
            answers=frozenset({OK, MISSING}),
        )
        answer = self._http.ask(asked)
        if answer.status == MISSING:
            self._require_registry(answer)
            return None
        made = Manifest(answer.headers.get("Content-Type", "").partition(";")[0].strip(), answer.body)
        told = answer.headers.get("Docker-Content-Digest", made.digest)
        promised = name if DIGEST.fullmatch(name) else told
        if promised != made.digest:
            raise failures.malformed(self._url(asked), "the manifest is not what its digest promises")
        try:
            made.document  # noqa: B018 - whether it can be read
        except (ValueError, RecursionError) as error:
            raise failures.malformed(self._url(asked), "the manifest is no JSON object") from error
        return made

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        asked = Ask(
            "PUT",
            f"{self._root}/manifests/{tag or manifest.digest}",
            {"Content-Type": manifest.media_type},
            lambda: io.BytesIO(manifest.content),
            manifest.size,
            answers=frozenset({OK, CREATED, ACCEPTED}),
        )
        answer = self._settled(asked)
        told = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if told != manifest.digest:
            raise failures.malformed(self._url(asked), f"it took {manifest.digest} for {told}")
        subject = manifest.document.get("subject")
        if subject and "OCI-Subject" not in answer.headers:
            self._list_as_referrer(manifest, str(subject["digest"]))

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        url, listed = f"{self._root}/referrers/{digest}", []
        for _ in range(_PAGES):
            asked = Ask("GET", url, {"Accept": _INDEX}, answers=frozenset({OK, MISSING, METHOD, 400}))
            answer = self._http.ask(asked)
            if answer.status != OK:
                backup = self.manifest(_backup_tag(digest))
                return _listed(backup.content, self._url(asked)) if backup else []
            listed += _listed(answer.body, self._url(asked))
            following = _NEXT.search(answer.headers.get("Link", ""))
            if following is None:
                return listed
            url = urljoin(url, following[1])
        raise failures.malformed(self._url(asked), f"the list of referrers has more than {_PAGES} pages")

    def _list_as_referrer(self, manifest: Manifest, subject: str) -> None:
        """Add a manifest to the index that stands in for the API ("Unavailable Referrers API").

        Others may write it at the same time: it is looked at again.
        """
        document = manifest.document
        own = {
            "mediaType": manifest.media_type,
            "digest": manifest.digest,
            "size": manifest.size,
            "artifactType": document.get("artifactType") or document.get("config", {}).get("mediaType", ""),
            "annotations": document.get("annotations", {}),
        }
        tag = _backup_tag(subject)
        for _ in range(_SENDS):
            there = self.manifest(tag)
            listed = _listed(there.content, tag) if there else []
            if any(one["digest"] == manifest.digest for one in listed):
                return
            index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [*listed, own]}
            content = json.dumps(index, separators=(",", ":"), sort_keys=True).encode()
            self.put_manifest(Manifest(_INDEX, content), tag)
        raise failures.malformed(f"{self._http.base}/{tag}", "it does not keep what refers to an image")

    def _settled(self, asked: Ask) -> Answer:
        """Ask, and once more where a registry does not see yet what it has."""
        try:
            return self._http.ask(asked)
        except RefusedError as error:
            if not _UNSETTLED & set(error.codes):
                raise
        self._http.pause(1)
        return self._http.ask(asked)

    def _has(self, one: Descriptor | Blob) -> bool:
        asked = Ask(
            "HEAD", f"{self._root}/blobs/{one.digest}", answers=frozenset({OK, MISSING, *range(300, 309)})
        )
        answer = self._http.ask(asked)
        length = answer.headers.get("Content-Length", "")
        return answer.status != MISSING and (answer.status != OK or length in {"", str(one.size)})

    def _begin(self, blob: Blob, mount_from: Iterable[str]) -> str | None:
        """Begin an upload and return where it goes; None where the blob was mounted from one of the sources."""
        for query in [f"?mount={blob.digest}&from={quote(source, safe='')}" for source in mount_from] or [""]:
            asked = Ask("POST", f"{self._root}/blobs/uploads/{query}", answers=frozenset({CREATED, ACCEPTED}))
            answer = self._http.ask(asked)
            if answer.status == CREATED and query:
                return None
        try:
            return answer.location()
        except (KeyError, ValueError) as error:
            raise failures.malformed(self._url(asked), "it does not say where an upload goes on") from error

    def _put(self, blob: Blob, location: str, body: SentBody) -> None:
        separator = "&" if urlsplit(location).query else "?"
        asked = Ask(
            "PUT",
            f"{location}{separator}digest={quote(blob.digest, safe='')}",
            {"Content-Type": "application/octet-stream"},
            body.again,
            blob.size,
            answers=frozenset({OK, CREATED}),
            again=BUSY - {500},  # what 500 or a reset left of an upload nobody knows: another is begun
            repeatable=False,
            seconds=blob.size / _SLOWEST,
        )
        answer = self._http.ask(asked)
        told = answer.headers.get("Docker-Content-Digest", blob.digest)
        if told != blob.digest:
            raise failures.malformed(self._url(asked), f"it took {blob.digest} for {told}")

    def _require_registry(self, answer: Answer) -> None:
        """Tell a registry that has no such thing from whatever else answers 404."""
        if answer.body and not answer.body.lstrip().startswith(b"{"):
            raise failures.malformed(answer.url, "HTTP 404 without the errors of a registry")

    def _url(self, asked: Ask) -> str:
        return f"{self._http.base}{asked.url}" if asked.url.startswith("/") else asked.url


def _backup_tag(digest: str) -> str:
    return digest.replace(":", "-")


def _listed(content: bytes, where: str) -> list[dict[str, Any]]:
    """Return the descriptors of an index of referrers."""
    try:
        manifests = json.loads(content)["manifests"]
        good = all(DIGEST.fullmatch(one["digest"]) for one in manifests)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise failures.malformed(where, "the list of referrers cannot be read") from error
    if not good:
        raise failures.malformed(where, "the list of referrers names what is no digest")
    listed: list[dict[str, Any]] = manifests
    return listed
