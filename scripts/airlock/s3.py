"""Objects at a location of S3."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar

from airlock import aws, aws_failures
from airlock.aws import PATIENCE
from airlock.aws_failures import ConflictError, MissingObjectError, Service, TakenError, UnchangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from airlock.aws import Asking, Patience

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12

_CONFLICTS = 4  # attempts
_DELETED_AT_ONCE = 1000  # S3's limit of one request
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_DENIED = (
    "allow these credentials s3:ListBucket on the bucket and s3:GetObject (to push: s3:PutObject)\n"
    "on its keys; the VPC endpoint's policy may refuse, too. Whose they are: aws sts get-caller-identity"
)
SERVICE = Service("s3", "S3", _DENIED, "a gateway or interface VPC endpoint of the bucket's region")


@dataclass(frozen=True)
class Location:
    """A bucket, and the beginning of keys in it: empty, or with a slash at its end."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read `s3://BUCKET[/PREFIX]`. Raises ValueError for anything else."""
        match = _URL.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} has not the shape s3://BUCKET/PREFIX")
        prefix = (match[2] or "").strip("/")
        return cls(match[1], f"{prefix}/" if prefix else "")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class Held:
    """An object as a listing tells it.

    `size` is in bytes, `etag` is what to replace just this one by, `modified` is by the clock of S3.
    """

    size: int
    etag: str
    modified: datetime


class Content(NamedTuple):
    """An object's bytes, and the etag that names this state of it."""

    data: bytes
    etag: str


def connect(location: Location, connections: int, patience: Patience = PATIENCE) -> Bucket:
    """Return the objects at a location, for as many threads. Raises AwsError without credentials."""
    return Bucket(location, aws.connect(SERVICE, str(location), connections, patience))


class Bucket:
    """The objects at a location, by the rest of their keys; every failure is an AwsError."""

    def __init__(self, location: Location, asking: Asking[S3Client]) -> None:
        self.location = location
        self._asking = asking
        self._client = asking.client

    def objects(self, below: str = "") -> dict[str, Held]:
        """List all of them whose names begin so."""
        found: dict[str, Held] = {}
        prefix = self.location.prefix + below
        request: dict[str, Any] = {"Bucket": self.location.bucket, "Prefix": prefix}
        while True:
            page = self._ask("list", "", lambda: self._client.list_objects_v2(**request))
            if "Name" not in page and "KeyCount" not in page:  # a page for people, answered with 200
                cause = "its listing has neither a name nor a count"
                raise aws_failures.another_service(
                    SERVICE, self._asking.endpoint, cause, "list", str(self.location)
                )
            for item in page.get("Contents", []):
                name = item["Key"].removeprefix(self.location.prefix)
                found[name] = Held(item["Size"], item["ETag"], item["LastModified"])
            if "NextContinuationToken" not in page:
                return found
            request["ContinuationToken"] = page["NextContinuationToken"]

    def put(self, name: str, path: Path, sha256: str, *, instead_of: str = "", kms_key: str = "") -> bool:
        """Store a file, streamed from the disk, whose sha256 S3 checks; say whether it was stored.

        It is not where the name is taken, unless by the object of the etag `instead_of`.
        """
        condition = {"IfMatch": instead_of} if instead_of else {"IfNoneMatch": "*"}
        request: dict[str, Any] = condition | {"ChecksumSHA256": _base64(bytes.fromhex(sha256))}

        def send() -> None:
            with path.open("rb") as body:
                self._put(name, body, kms_key, **request)

        for attempt in range(_CONFLICTS):
            try:
                self._ask("write", name, send)
            except TakenError:
                return False
            except MissingObjectError:  # what was to be replaced was deleted meanwhile
                if request.pop("IfMatch", None) is None:
                    raise
                request["IfNoneMatch"] = "*"
            except ConflictError:
                if attempt == _CONFLICTS - 1:
                    raise
            else:
                break
        return True

    def write(self, name: str, data: bytes, kms_key: str = "", **condition: str) -> None:
        """Store an object whose sha256 S3 checks, under a condition, `IfMatch` or `IfNoneMatch`, as S3 has them.

        Raises TakenError where the condition does not hold, and ConflictError.
        """
        checksum = _base64(hashlib.sha256(data).digest())
        self._ask("write", name, lambda: self._put(name, data, kms_key, ChecksumSHA256=checksum, **condition))

    def get(self, name: str, limit: int, unless: str = "") -> Content | None:
        """Return an object of at most `limit` bytes, None where its etag still is `unless`.

        Raises MissingObjectError, BrokenTransferError, and TooBigError for one of more bytes.
        """
        key = self.location.prefix + name
        condition: Any = {"IfNoneMatch": unless} if unless else {}
        try:
            answer = self._ask(
                "read",
                name,
                lambda: self._client.get_object(Bucket=self.location.bucket, Key=key, **condition),
            )
        except UnchangedError:
            return None
        if (size := answer["ContentLength"]) > limit:
            answer["Body"].close()
            raise aws_failures.too_big(f"s3://{self.location.bucket}/{key}", size, limit)
        return Content(
            b"".join(aws.chunks(answer["Body"], f"s3://{self.location.bucket}/{key}")), answer["ETag"]
        )

    def chunks(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield an object's content, or `length` bytes of it.

        Raises MissingObjectError and BrokenTransferError, too.
        """
        key = self.location.prefix + name
        part: Any = {} if length is None else {"Range": f"bytes={offset}-{offset + length - 1}"}
        answer = self._ask(
            "read", name, lambda: self._client.get_object(Bucket=self.location.bucket, Key=key, **part)
        )
        yield from aws.chunks(answer["Body"], f"s3://{self.location.bucket}/{key}")

    def delete(self, etags: Mapping[str, str]) -> list[str]:
        """Delete the objects of these names that still have these etags; return the names that are gone.

        Raises AwsError for the first that S3 keeps for any other reason than that it is another object now.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
        """
        names, kept = list(etags), set[str]()
        for first in range(0, len(names), _DELETED_AT_ONCE):
            kept |= self._delete({name: etags[name] for name in names[first : first + _DELETED_AT_ONCE]})
        return [name for name in names if name not in kept]

    def _delete(self, etags: Mapping[str, str]) -> set[str]:
        """Return the names of those that were replaced."""
        listed = [{"Key": self.location.prefix + name, "ETag": etag} for name, etag in etags.items()]
        keys: Any = {"Objects": listed, "Quiet": True}
        bucket, kept = self.location.bucket, set[str]()
        answer = self._ask("delete", "", lambda: self._client.delete_objects(Bucket=bucket, Delete=keys))
        for failed in answer.get("Errors", []):
            refusal = aws_failures.Refusal(failed.get("Code", ""), failed.get("Message", ""))
            error = aws_failures.refused(SERVICE, refusal, "delete", f"s3://{bucket}/{failed.get('Key', '')}")
            if isinstance(error, (TakenError, ConflictError)):
                kept.add(failed["Key"].removeprefix(self.location.prefix))
            elif not isinstance(error, MissingObjectError):
                raise error
        return kept

    def _put(self, name: str, body: BinaryIO | bytes, kms_key: str, **request: Any) -> None:
        if kms_key:
            request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key, "BucketKeyEnabled": True}
        key = self.location.prefix + name
        self._client.put_object(Bucket=self.location.bucket, Key=key, Body=body, **request)

    def _ask(self, doing: str, name: str, request: Callable[[], _T]) -> _T:
        where = f"s3://{self.location.bucket}/{self.location.prefix}{name}"
        return self._asking.ask(doing, where, request)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
