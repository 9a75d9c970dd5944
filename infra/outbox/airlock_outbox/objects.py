"""S3 and Secrets Manager, by boto3, behind what the rest asks of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.outbox.layout import Layout
    from airlock_spec.outbox.request import Secret

CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 5})
GONE = {"NoSuchKey", "404"}
LOST = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}
NO_SECRET = {
    "ResourceNotFoundException",
    "AccessDeniedException",
    "InvalidRequestException",
    "DecryptionFailure",
}


@dataclass(frozen=True)
class Stored:
    """An object's bytes, and its ETag, which names this state of it. None where it is larger than asked for."""

    data: bytes | None
    etag: str


class Objects(Protocol):
    """A bucket."""

    def read(self, key: str, most: int) -> Stored | None:
        """Read an object, or return None where there is none. `most` is bytes."""

    def exists(self, key: str) -> bool: ...

    def create(self, key: str, data: bytes) -> bool:
        """Write an object where there is none; return False where there is one."""

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Write an object where it still has this ETag; return False where it has not."""

    def names(self, layout: Layout, folder: str) -> Iterator[str]:
        """List the identifiers in `requests/` or `responses/`."""


class SecretError(Exception):
    """There is no such secret, or this function may not read it; the message holds nothing of its value."""


class Secrets(Protocol):
    """Where secrets are. Raises SecretError."""

    def get(self, secret: Secret) -> str: ...


class S3Objects:
    """Implements `Objects`."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.client: Any = boto3.client("s3", config=CONFIG)

    def read(self, key: str, most: int) -> Stored | None:
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code(error) in GONE:
                return None
            raise
        with found["Body"] as stream:
            return Stored(stream.read() if found["ContentLength"] <= most else None, found["ETag"])

    def exists(self, key: str) -> bool:
        try:
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code(error) in GONE:
                return False
            raise
        return True

    def create(self, key: str, data: bytes) -> bool:
        return self._put(key, data, IfNoneMatch="*")

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        return self._put(key, data, IfMatch=etag)

    def names(self, layout: Layout, folder: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{layout.prefix}{folder}/"):
            for one in page.get("Contents", ()):
                name = layout.name(one["Key"])
                if name is not None:
                    yield name

    def _put(self, key: str, data: bytes, **condition: str) -> bool:
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        try:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=kind, **condition)
        except ClientError as error:
            if code(error) in LOST | GONE:
                return False
            raise
        return True


class SecretsManager:
    """Implements `Secrets`. Each call asks anew: a rotated secret counts at once."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("secretsmanager", config=CONFIG)

    def get(self, secret: Secret) -> str:
        try:
            found = self.client.get_secret_value(SecretId=secret.secret)
        except ClientError as error:
            if code(error) in NO_SECRET:
                raise SecretError(f"secret {secret.secret} cannot be read: {code(error)}") from error
            raise
        return value_of(secret, found.get("SecretString"))


def value_of(secret: Secret, text: str | None) -> str:
    """Pick what a header is to hold out of a secret's text. Raises SecretError."""
    value: object = text
    if text is not None and secret.field:
        try:
            value = json.loads(text)[secret.field]
        except (ValueError, TypeError, KeyError):
            value = None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        field = f"field {secret.field} of " if secret.field else ""
        raise SecretError(f"{field}secret {secret.secret} is no printable text on one line")
    return value


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
