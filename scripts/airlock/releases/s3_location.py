"""Releases in S3: `Location` over the one module that talks to it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import s3
from airlock.aws_failures import ConflictError, MissingObjectError, TakenError, TooBigError
from airlock.errors import AwsError, ConfigError
from airlock.releases.location import Held
from airlock_spec.releases.contents import THREADS
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.objects import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock.s3 import Bucket

_ATTEMPTS = 4  # where S3 says that another request was under way, or broke off what it sent


def connect(text: str, kms_key: str = "") -> S3Location:
    """Return what is at s3://BUCKET/PREFIX; new objects are encrypted with a key of KMS, if one is named.

    Raises ConfigError for anything else, and AwsError without credentials.
    """
    try:
        location = s3.Location.parse(text)
    except ValueError as error:
        raise ConfigError(
            "releases are kept in S3",
            cause=str(error),
            remedy="name the place as s3://BUCKET/PREFIX, in [tool.airlock.sync] to, or as an option",
        ) from error
    return S3Location(s3.connect(location, THREADS), kms_key)


class S3Location:
    """Objects below a location of S3; the AwsError behind each failure is its `__cause__`."""

    def __init__(self, bucket: Bucket, kms_key: str = "") -> None:
        self._bucket = bucket
        self._kms_key = kms_key

    def __str__(self) -> str:
        return str(self._bucket.location)

    def read(self, key: str, limit: int, unless: str = "") -> Stored | None:
        with _in_its_words():
            found = self._bucket.get(key, limit, unless)
        return None if found is None else Stored(*found)

    def stream(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """Yield these bytes; where they break off, the rest is asked for anew."""
        end, attempt = offset + length, 0
        while offset < end:
            before = offset
            try:
                with _in_its_words():
                    for piece in self._bucket.chunks(key, offset, end - offset):
                        offset += len(piece)
                        yield piece
            except UnreachableError:
                attempt = attempt + 1 if offset == before else 1
                if attempt == _ATTEMPTS:
                    raise
            else:
                if offset < end:
                    raise RefusedError(f"{key} of {self} is shorter than the index says")

    def put(self, key: str, content: bytes | Path) -> None:
        if not self._write(key, content, {}):
            raise UnreachableError(
                f"S3 refuses to write {key} of {self}: a condition failed, but none was asked for"
            )

    def create(self, key: str, content: bytes | Path) -> bool:
        return self._write(key, content, {"IfNoneMatch": "*"})

    def swap(self, key: str, data: bytes, etag: str) -> bool:
        """Write an object in place of the one with this ETag; what was written by a request that broke off counts."""
        return self._write(key, data, {"IfMatch": etag} if etag else {"IfNoneMatch": "*"})

    def listing(self, prefix: str) -> dict[str, Held]:
        with _in_its_words():
            found = self._bucket.objects(prefix)
        return {key: Held(one.size, one.modified, one.etag) for key, one in found.items()}

    def delete(self, etags: Mapping[str, str]) -> list[str]:
        with _in_its_words():
            return self._bucket.delete(etags)

    def _write(self, key: str, content: bytes | Path, condition: dict[str, str]) -> bool:
        data = content.read_bytes() if isinstance(content, Path) else content
        with _in_its_words():
            for attempt in range(_ATTEMPTS):
                try:
                    self._bucket.write(key, data, self._kms_key, **condition)
                except MissingObjectError:
                    if not condition.get("IfMatch"):
                        raise
                    return False
                except TakenError:
                    return self._is_ours(key, data)
                except ConflictError:
                    if attempt == _ATTEMPTS - 1:
                        raise
                else:
                    break
        return True

    def _is_ours(self, key: str, data: bytes) -> bool:
        """Whether an object is what was to be written: a request that was repeated finds its own work done."""
        try:
            there = self._bucket.get(key, max(len(data), 1))
        except (MissingObjectError, TooBigError):
            return False
        return there is not None and there.data == data


@contextlib.contextmanager
def _in_its_words() -> Iterator[None]:
    try:
        yield
    except MissingObjectError as error:
        raise AbsentError(f"{error.fact}: {error.cause}") from error
    except TooBigError as error:
        raise RefusedError(f"{error.fact}: {error.cause}") from error
    except AwsError as error:
        raise UnreachableError(f"{error.fact}: {error.cause}") from error
