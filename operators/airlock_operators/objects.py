"""A bucket, as far as operators and triggers of this distribution need one; boto3 is here alone."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

GONE = {"NoSuchKey", "404"}
LOST = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
DENIED = {"AccessDenied", "403"}
CREATING = threading.RLock()  # making a client is not safe between threads; using one is


class DeniedError(Exception):
    """S3 refuses, and would again."""


@dataclass(frozen=True)
class Stored:
    """An object's bytes, and its ETag, which names this state of it."""

    data: bytes
    etag: str


@dataclass(frozen=True)
class About:
    """What S3 says of an object without its bytes; `size` is in bytes."""

    size: int
    etag: str


class Objects(Protocol):
    """A bucket. Every method raises DeniedError, and OSError where S3 does not answer."""

    def about(self, key: str) -> About | None:
        """Return what is said of an object, or None where there is none."""

    def read(self, key: str) -> Stored | None:
        """Read an object, or return None where there is none."""

    def create(self, key: str, data: bytes) -> bool:
        """Write an object where there is none; return False where there is one."""

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write an object where it still has this ETag; return False where it has not."""


@dataclass(frozen=True)
class S3Objects:
    """Implements `Objects` with the credentials of the task's role (boto3's default chain).

    Not with a connection: looking one up is a call of its own, and in a triggerer it would be one a trigger.
    """

    bucket: str
    region: str | None = None

    def about(self, key: str) -> About | None:
        found = self._ask("head_object", key)
        return None if found is None else About(found["ContentLength"], found["ETag"])

    def read(self, key: str) -> Stored | None:
        found = self._ask("get_object", key)
        if found is None:
            return None
        with found["Body"] as stream:
            return Stored(stream.read(), found["ETag"])

    def create(self, key: str, data: bytes) -> bool:
        return self._ask("put_object", key, Body=data, IfNoneMatch="*") is not None

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        return self._ask("put_object", key, Body=data, IfMatch=etag) is not None

    def _ask(self, operation: str, key: str, **arguments: Any) -> dict[str, Any] | None:
        """Call S3; return None where the object is missing, or is not as the condition asks."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in `client`

        try:
            answer = getattr(client(self.region), operation)(Bucket=self.bucket, Key=key, **arguments)
        except ClientError as error:
            if code(error) in GONE | LOST:
                return None
            if code(error) in DENIED:
                raise DeniedError(
                    f"S3 denies {operation} of s3://{self.bucket}/{key}: the task's role may not, or the object is"
                    " missing and the role lacks s3:ListBucket, without which S3 does not say so"
                ) from error
            raise OSError(f"{operation} of s3://{self.bucket}/{key}: {error}") from error
        except BotoCoreError as error:
            raise OSError(f"{operation} of s3://{self.bucket}/{key}: {error}") from error
        result: dict[str, Any] = answer
        return result


@functools.cache
def _client(region: str | None) -> Any:
    # Imported here: parsing a DAG that uses an operator is not to load boto3, which takes a third of a second.
    from boto3.session import Session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # Without an endpoint for S3, botocore's own defaults would hang for three minutes.
    config = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return Session().client("s3", region_name=region, config=config)


def client(region: str | None) -> Any:
    """Return the client of a region; all triggers of a process share it."""
    with CREATING:
        return _client(region)


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
