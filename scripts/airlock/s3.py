"""Objects at a location of S3."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from airlock import aws, aws_failures
from airlock.aws import PATIENCE
from airlock.aws_failures import ConflictError, MissingObjectError, Service, TakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from airlock.aws import Asking, Patience

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12

_CONFLICTS = 4  # attempts
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
    """An object as a listing tells it: `size` in bytes, `etag` to replace just this one."""

    size: int
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

    def objects(self) -> dict[str, Held]:
        """List all of them."""
        found: dict[str, Held] = {}
        request: dict[str, Any] = {"Bucket": self.location.bucket, "Prefix": self.location.prefix}
        while True:
            page = self._ask("list", "", lambda: self._client.list_objects_v2(**request))
            if "Name" not in page and "KeyCount" not in page:  # a page for people, answered with 200
                cause = "its listing has neither a name nor a count"
                raise aws_failures.another_service(
                    SERVICE, self._asking.endpoint, cause, "list", str(self.location)
                )
            for item in page.get("Contents", []):
                found[item["Key"].removeprefix(self.location.prefix)] = Held(item["Size"], item["ETag"])
            if "NextContinuationToken" not in page:
                return found
            request["ContinuationToken"] = page["NextContinuationToken"]

    def put(self, name: str, path: Path, sha256: str, *, instead_of: str = "", kms_key: str = "") -> bool:
        """Store a file, streamed from the disk, whose sha256 S3 checks; say whether it was stored.

        It is not where the name is taken, unless by the object of the etag `instead_of`.
        """
        request: dict[str, Any] = {"Bucket": self.location.bucket, "Key": self.location.prefix + name}
        request |= {"IfMatch": instead_of} if instead_of else {"IfNoneMatch": "*"}
        request["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        if kms_key:
            request |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key, "BucketKeyEnabled": True}

        def send() -> None:
            with path.open("rb") as body:
                self._client.put_object(Body=body, **request)

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

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield an object's content. Raises MissingObjectError and BrokenTransferError, too."""
        key = self.location.prefix + name
        answer = self._ask(
            "read", name, lambda: self._client.get_object(Bucket=self.location.bucket, Key=key)
        )
        yield from aws.chunks(answer["Body"], f"s3://{self.location.bucket}/{key}")

    def _ask(self, doing: str, name: str, request: Callable[[], _T]) -> _T:
        where = f"s3://{self.location.bucket}/{self.location.prefix}{name}"
        return self._asking.ask(doing, where, request)
