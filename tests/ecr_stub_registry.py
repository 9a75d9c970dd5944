"""The registry's API of the stub of Amazon ECR (distribution specification 1.1), without sockets."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ecr_stub_world import REGION, RefusedError, digest_of, store

if TYPE_CHECKING:
    from ecr_stub_world import StubRepository, World

_INDEX = "application/vnd.oci.image.index.v1+json"
_PATH = re.compile(r"/v2/(.+)/(blobs/uploads|blobs|manifests|referrers|tags)/([^/]*)")
BUCKET = f"/prod-{REGION}-starport-layer-bucket"
_SHIFT = "X-Amz-Signature=signature-of-a-test"


@dataclass(frozen=True)
class Request:
    """What a client asks; names of headers are in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def query(self, name: str) -> str:
        return parse_qs(urlsplit(self.url).query).get(name, [""])[0]


@dataclass(frozen=True)
class Response:
    """What it is answered."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Upload:
    """A blob on its way: ECR keeps its first chunk alone (aws/containers-roadmap#2831)."""

    content: bytes = b""
    begun: bool = False

    def add(self, chunk: bytes) -> None:
        if chunk and not self.begun:
            self.content, self.begun = chunk, True


class Registry:
    """Answers as ECR's registry; uploads under way are its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._uploads: dict[str, Upload] = {}

    def answer(self, request: Request) -> Response:
        try:
            if request.path.startswith(BUCKET):
                return self._bucket(request)
            if self.world.throttles():
                return _errors(429, "TOOMANYREQUESTS", "Rate exceeded")
            if refusal := self._unauthorized(request):
                return refusal
            with self.world.lock:
                return self._routed(request)
        except RefusedError as error:
            return _errors(error.status, error.registry, str(error))

    def _unauthorized(self, request: Request) -> Response | None:
        """Basic alone, of the user AWS; there is no token service."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        user, token = "", ""
        if scheme == "Basic":
            user, _, token = base64.b64decode(value).decode().partition(":")
        expires = self.world.tokens.get(token) if user == "AWS" else None
        if expires is not None and expires > time.time():
            return None
        challenge = {"WWW-Authenticate": f'Basic realm="{self.world.base}/",service="ecr.amazonaws.com"'}
        if expires is None:
            return _errors(401, "UNAUTHORIZED", "Not Authorized", challenge)
        said = "Your authorization token has expired. Reauthenticate and try again."
        return _errors(self.world.expired, "DENIED", said, challenge if self.world.expired == 401 else {})

    def _routed(self, request: Request) -> Response:
        if request.path in {"/v2", "/v2/"}:
            return Response(200, b"{}", {"Docker-Distribution-Api-Version": "registry/2.0"})
        path = _PATH.fullmatch(request.path)
        if path is None:
            return _errors(404, "NAME_UNKNOWN", "no such path")
        repository, name = self.world.repository(path[1]), path[3]
        answer = _errors(405, "UNSUPPORTED", "The operation is unsupported.")
        match path[2], request.method:
            case "blobs/uploads", "POST" if not name:
                answer = self._begin(repository, request)
            case "blobs/uploads", "PATCH" | "PUT":
                answer = self._go_on(repository, name, request)
            case "blobs", "GET" | "HEAD" as method:
                answer = self._blob(repository, name, method)
            case "manifests", "GET" | "HEAD":
                answer = _manifest(repository, name)
            case "manifests", "PUT":
                answer = self._put_manifest(repository, name, request)
            case "referrers", "GET":
                answer = _referrers(repository, name, request.query("artifactType"))
            case "tags", "GET":
                answer = Response(200, _json({"name": repository.name, "tags": sorted(repository.tags)}))
        return answer

    def _begin(self, repository: StubRepository, request: Request) -> Response:
        if (digest := request.query("mount")) and self._mounts(repository, digest, request.query("from")):
            return Response(201, b"", self._stored(repository, digest))
        name = str(uuid.uuid4())
        self._uploads[name] = Upload()
        return Response(202, b"", self._going_on(repository, name, 0))

    def _go_on(self, repository: StubRepository, name: str, request: Request) -> Response:
        upload = self._uploads.get(name)
        if upload is None:
            return _errors(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        upload.add(request.body)
        if request.method == "PATCH":
            return Response(202, b"", self._going_on(repository, name, len(upload.content)))
        del self._uploads[name]
        digest = request.query("digest")
        if digest_of(upload.content) != digest:
            said = f"Layer digest '{digest}' does not match '{digest_of(upload.content)}'"
            return _errors(400, "DIGEST_INVALID", said)
        repository.blobs[digest] = upload.content
        repository.archived.discard(digest)
        return Response(201, b"", self._stored(repository, digest))

    def _mounts(self, repository: StubRepository, digest: str, source: str) -> bool:
        """Only with the account's setting, and of what some manifest names (aws/containers-roadmap#2860)."""
        there = self.world.repositories.get(source)
        if not self.world.blob_mounting or there is None or digest not in there.blobs:
            return False
        if digest in there.archived or not any(digest in repr(one) for _, _, one in there.referred()):
            return False
        repository.blobs[digest] = there.blobs[digest]
        return True

    def _blob(self, repository: StubRepository, digest: str, method: str) -> Response:
        content = repository.blobs.get(digest)
        if content is None:
            return _errors(404, "BLOB_UNKNOWN", "blob unknown to registry")
        headers = {"Docker-Content-Digest": digest, "Content-Type": "application/octet-stream"}
        if method == "HEAD":  # an archived layer, too, has one
            return Response(200, content, headers)
        if digest in repository.archived:
            return _errors(404, "BLOB_UNKNOWN", "the layer is archived")
        elsewhere = self.world.base.replace(
            "127.0.0.1", "localhost"
        )  # clients send our authorization to no other host
        place = f"{elsewhere}{BUCKET}/{repository.name}/{digest}?X-Amz-Expires=3600&{_SHIFT}"
        return Response(307, b"", {"Location": place})

    def _bucket(self, request: Request) -> Response:
        """Answer as S3, which wants one way of authorization: the signature in the URL."""
        if "authorization" in request.headers:
            return Response(400, b"<Error><Code>InvalidArgument</Code></Error>")
        if _SHIFT not in request.url:
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>")
        name, _, digest = request.path.removeprefix(f"{BUCKET}/").rpartition("/")
        return Response(200, self.world.repositories[name].blobs[digest])

    def _put_manifest(self, repository: StubRepository, reference: str, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        digest = store(self.world, repository, (kind, request.body), reference)
        headers = {"Docker-Content-Digest": digest, "Location": f"/v2/{repository.name}/manifests/{digest}"}
        subject = json.loads(request.body).get("subject")
        return Response(201, b"", headers | ({"OCI-Subject": subject["digest"]} if subject else {}))

    def _going_on(self, repository: StubRepository, name: str, size: int) -> dict[str, str]:
        place = f"{self.world.base}/v2/{repository.name}/blobs/uploads/{name}"
        return {"Location": place, "Docker-Upload-UUID": name, "Range": f"0-{max(size - 1, 0)}"}

    def _stored(self, repository: StubRepository, digest: str) -> dict[str, str]:
        place = f"{self.world.base}/v2/{repository.name}/blobs/{digest}"
        return {"Location": place, "Docker-Content-Digest": digest}


def _manifest(repository: StubRepository, reference: str) -> Response:
    found = repository.named(reference)
    if found is None:
        return _errors(404, "MANIFEST_UNKNOWN", "Requested image not found")
    digest, kind, content = found
    return Response(200, content, {"Content-Type": kind, "Docker-Content-Digest": digest})


def _referrers(repository: StubRepository, subject: str, wanted: str) -> Response:
    """Return an index of what refers to an image; an empty one of an image that is not there."""
    listed = []
    for digest, kind, document in repository.referred():
        artifact = document.get("artifactType") or document.get("config", {}).get("mediaType", "")
        if document.get("subject", {}).get("digest") != subject or (wanted and artifact != wanted):
            continue
        one = {"mediaType": kind, "digest": digest, "size": len(repository.manifests[digest][1])}
        listed.append({**one, "artifactType": artifact, "annotations": document.get("annotations", {})})
    headers = {"Content-Type": _INDEX} | ({"OCI-Filters-Applied": "artifactType"} if wanted else {})
    return Response(200, _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": listed}), headers)


def _errors(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    told = {"Content-Type": "application/json"} | (headers or {})
    return Response(status, _json({"errors": [{"code": code, "message": message}]}), told)


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()
