"""What `s3_double.py` knows of S3: objects with conditions and ranges, listings of both versions, deletion.

Answers follow the S3 API Reference; signatures are not looked at.
"""

from __future__ import annotations

import hashlib
import re
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape, unescape

_PAGE = 1000  # keys of a listing, as S3 has it
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_KEPT = ("content-type", "cache-control")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_SUBRESOURCES = {"acl", "uploads", "uploadId", "versioning", "versions", "tagging", "lifecycle", "policy"}


class Request(NamedTuple):
    """A request, but for its body; names of headers in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]

    @classmethod
    def of(cls, method: str, target: str, headers: dict[str, str]) -> Request:
        path, _, query = target.partition("?")
        return cls(method, unquote(path), dict(parse_qsl(query, keep_blank_values=True)), headers)


class Answer(NamedTuple):
    """An answer; its length is written by whoever sends it, unless it is among the headers."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


@dataclass(frozen=True)
class Object:
    """An object: its content, ETag, time of writing, and headers that come back as they came."""

    data: bytes
    etag: str
    modified: float
    headers: dict[str, str]

    def described(self) -> dict[str, str]:
        return {
            "ETag": self.etag,
            "Last-Modified": formatdate(self.modified, usegmt=True),
            "Accept-Ranges": "bytes",
            **self.headers,
        }


@dataclass
class Bucket:
    """Objects by key; whoever names a bucket has it."""

    objects: dict[str, Object] = field(default_factory=dict)
    _sorted: list[str] | None = None

    def keys(self) -> list[str]:
        if self._sorted is None:
            self._sorted = sorted(self.objects)
        return self._sorted

    def put(self, key: str, made: Object) -> None:
        if key not in self.objects:
            self._sorted = None
        self.objects[key] = made

    def delete(self, key: str) -> None:
        if self.objects.pop(key, None):
            self._sorted = None


class Buckets:
    """All buckets, made as they are named."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def answer(self, request: Request, body: bytes) -> Answer:
        name, _, key = request.path.lstrip("/").partition("/")
        bucket = self._buckets.setdefault(name, Bucket())
        if request.query.keys() & _SUBRESOURCES or "x-amz-copy-source" in request.headers:
            return _refused(501, "NotImplemented", f"{request.method} {request.path} {request.query}")
        if key:
            return _of_object(bucket, key, request, body)
        return _of_bucket(bucket, name, request, body)


def _of_bucket(bucket: Bucket, name: str, request: Request, body: bytes) -> Answer:
    match request.method:
        case "GET" if "location" in request.query:
            return _xml(f"<LocationConstraint {_NAMESPACE}/>")
        case "GET" if name:
            return _listing(bucket, name, request.query)
        case "HEAD" | "PUT":
            return Answer(200, b"", {"x-amz-bucket-region": "us-east-1"})
        case "POST" if "delete" in request.query:
            for key in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                bucket.delete(unescape(key))
            return _xml(f"<DeleteResult {_NAMESPACE}/>")
    return _refused(501, "NotImplemented", f"{request.method} {request.path}")


def _of_object(bucket: Bucket, key: str, request: Request, body: bytes) -> Answer:
    there = bucket.objects.get(key)
    match request.method:
        case "PUT":
            return _put(bucket, key, request, body)
        case "DELETE":
            bucket.delete(key)
            return Answer(204)
        case "GET" | "HEAD":
            if there is None:
                return _refused(404, "NoSuchKey", key)
            return _read(there, request.method, request.headers)
    return _refused(501, "NotImplemented", f"{request.method} {request.path}")


def _put(bucket: Bucket, key: str, request: Request, body: bytes) -> Answer:
    there, headers = bucket.objects.get(key), request.headers
    if headers.get("if-none-match") == "*" and there:
        return _refused(412, "PreconditionFailed", key)
    if wanted := headers.get("if-match"):
        if there is None:
            return _refused(404, "NoSuchKey", key)
        if there.etag.strip('"') != wanted.strip('"'):
            return _refused(412, "PreconditionFailed", key)
    if "aws-chunked" in headers.get("content-encoding", ""):
        body = _dechunked(body)
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    kept = {name: value for name, value in headers.items() if name in _KEPT or name.startswith("x-amz-meta-")}
    # S3 keeps whole seconds.
    bucket.put(key, Object(body, etag, int(time.time()), kept))
    return Answer(200, b"", {"ETag": etag})


def _read(there: Object, method: str, headers: dict[str, str]) -> Answer:
    described = there.described()
    if headers.get("if-none-match", "").strip('"') == there.etag.strip('"'):
        return Answer(304, b"", described)
    if (wanted := headers.get("if-match")) and wanted.strip('"') != there.etag.strip('"'):
        return _refused(412, "PreconditionFailed", "")
    size = len(there.data)
    if method == "GET" and (found := _RANGE.fullmatch(headers.get("range", ""))):
        start, end = int(found[1]), min(int(found[2] or size), size - 1) + 1
        if start >= size:
            return _refused(416, "InvalidRange", "")
        return Answer(
            206, there.data[start:end], described | {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
        )
    return Answer(200, there.data, described)


def _dechunked(body: bytes) -> bytes:
    """Return what was sent in pieces with a signature each, or with a checksum at their end."""
    pieces: list[bytes] = []
    at = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].partition(b";")[0], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(body[end + 2 : end + 2 + size])
        at = end + 2 + size + 2


def _listing(bucket: Bucket, name: str, query: dict[str, str]) -> Answer:
    second = query.get("list-type") == "2"
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    after = (
        query.get("continuation-token") or query.get("start-after") if second else query.get("marker")
    ) or ""
    limit = min(int(query.get("max-keys", _PAGE)), _PAGE)
    keys, commons, more = _page(bucket.keys(), (prefix, delimiter, after), limit)
    shown = quote if query.get("encoding-type") == "url" else escape
    parts = [
        f"<Contents><Key>{shown(key)}</Key>"
        f"<LastModified>{_iso(bucket.objects[key].modified)}</LastModified>"
        f"<ETag>&quot;{bucket.objects[key].etag[1:-1]}&quot;</ETag><Size>{len(bucket.objects[key].data)}</Size>"
        f"<StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys
    ]
    parts += [f"<CommonPrefixes><Prefix>{shown(one)}</Prefix></CommonPrefixes>" for one in commons]
    if more:
        last = max([*keys[-1:], *commons[-1:]])
        token = "NextContinuationToken" if second else "NextMarker"
        parts.append(f"<{token}>{escape(last) if second else shown(last)}</{token}>")
    count = f"<KeyCount>{len(keys) + len(commons)}</KeyCount>" if second else ""
    encoding = "<EncodingType>url</EncodingType>" if "encoding-type" in query else ""
    return _xml(
        f"<ListBucketResult {_NAMESPACE}><Name>{name}</Name><Prefix>{shown(prefix)}</Prefix>{count}{encoding}"
        f"<MaxKeys>{limit}</MaxKeys><Delimiter>{shown(delimiter)}</Delimiter>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>{''.join(parts)}</ListBucketResult>"
    )


def _page(keys: list[str], asked: tuple[str, str, str], limit: int) -> tuple[list[str], list[str], bool]:
    """Return keys, common prefixes, and whether there are more."""
    prefix, delimiter, after = asked
    found: list[str] = []
    commons: list[str] = []
    at = max(bisect_left(keys, prefix), bisect_right(keys, after) if after else 0)
    if delimiter and after.endswith(delimiter):
        at = max(at, bisect_left(keys, after[:-1] + chr(ord(after[-1]) + 1)))
    while at < len(keys) and keys[at].startswith(prefix):
        if len(found) + len(commons) == limit:
            return found, commons, True
        end = keys[at].find(delimiter, len(prefix)) if delimiter else -1
        if end < 0:
            found.append(keys[at])
            at += 1
        else:
            common = keys[at][: end + len(delimiter)]
            commons.append(common)
            at = bisect_left(keys, common[:-1] + chr(ord(common[-1]) + 1))
    return found, commons, False


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))


def _xml(text: str) -> Answer:
    return Answer(200, (_XML + text).encode(), {"Content-Type": "application/xml"})


def _refused(status: int, code: str, about: str) -> Answer:
    text = f"{_XML}<Error><Code>{code}</Code><Message>{escape(about)}</Message></Error>"
    return Answer(status, text.encode(), {"Content-Type": "application/xml"})
