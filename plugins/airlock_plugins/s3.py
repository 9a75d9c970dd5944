"""Releases in S3, for whoever reads them in the image; boto3 is here alone, and loaded at the first request."""

from __future__ import annotations

import functools
import os
import re
import threading
from typing import TYPE_CHECKING, Any, Protocol

from airlock_spec.releases.failures import AbsentError, RefusedError, ReleaseError, UnreachableError
from airlock_spec.releases.objects import Objects, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCATION = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
_GONE = {"NoSuchKey", "404", "NotFound"}
_SAME = {"304", "NotModified"}
_DENIED = {"AccessDenied", "403", "Forbidden"}
_SHORT = {"InvalidRange", "416"}
_ATTEMPTS = 3  # at a range whose answer broke off; a request that fails is tried as often by botocore
_PIECE = 1 << 18
_ONCE, _OFTEN = 1, 3  # attempts at a request; botocore waits a little between them
_CREATING = threading.RLock()  # making a client is not safe between threads; using one is


class Noting(Objects, Protocol):
    """Objects that can be read, and beside them what readers write: receipts and claims."""

    @property
    def fetched(self) -> int:
        """Return how many bytes were read so far."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object, whether there is one or not. Raises as reading does."""


class S3Objects:
    """Implements `Noting` with the credentials of the task's role (boto3's default chain): no connection is needed."""

    def __init__(
        self, location: str, region: str | None = None, client: Callable[[str | None], Any] | None = None
    ) -> None:
        match = LOCATION.fullmatch(location)
        if match is None:
            raise ValueError(f"a location must be s3://BUCKET/PREFIX, not {location!r}")
        self.bucket = match["bucket"]
        self.prefix = (match["prefix"] or "").strip("/")
        self.fetched = 0
        self._region = region
        self._client_of = client
        self._counting = threading.Lock()

    def read(self, key: str, limit: int, unless: str = "") -> Stored | None:
        # Who has it and looks whether it has changed asks again in seconds: that is attempt enough.
        attempts, condition = (_ONCE, {"IfNoneMatch": unless}) if unless else (_OFTEN, {})
        for last in (False, True):
            answer = self._ask("get_object", key, attempts, **condition)
            if answer is None:
                return None
            if answer["ContentLength"] > limit:
                answer["Body"].close()
                raise RefusedError(f"{key} has {answer['ContentLength']} bytes, more than {limit}")
            try:
                with answer["Body"] as body:
                    data = body.read()
            except _broken_off() as error:
                if last:
                    raise UnreachableError(f"S3 broke off {self._name(key)}: {error}") from error
            else:
                self._count(len(data))
                return Stored(data, answer["ETag"])
        raise AssertionError

    def stream(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        end, at = offset + length, offset
        for attempt in range(1, _ATTEMPTS + 1):
            answer = self._ask("get_object", key, Range=f"bytes={at}-{end - 1}")
            assert answer is not None
            try:
                with answer["Body"] as body:
                    while at < end and (piece := body.read(min(_PIECE, end - at))):
                        at += len(piece)
                        self._count(len(piece))
                        yield piece
            except _broken_off() as error:
                if attempt == _ATTEMPTS:
                    raise UnreachableError(f"S3 broke off {self._name(key)} at {at}: {error}") from error
            if at == end:
                return
        raise UnreachableError(f"S3 ends {self._name(key)} at {at}, where {end} was asked for")

    def put(self, key: str, content: bytes) -> None:
        self._ask("put_object", key, Body=content, ContentType="application/json", ChecksumAlgorithm="SHA256")

    def _count(self, size: int) -> None:
        with self._counting:
            self.fetched += size

    def _name(self, key: str) -> str:
        return f"s3://{self.bucket}/{self._key(key)}"

    def _key(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _ask(
        self, operation: str, key: str, attempts: int = _OFTEN, **arguments: Any
    ) -> dict[str, Any] | None:
        """Call S3; return None where an object is as the condition says."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in `_client`

        doing = f"{operation} of {self._name(key)}"
        try:
            client = (
                self._client_of(self._region) if self._client_of else _client_here(self._region, attempts)
            )
            answer = getattr(client, operation)(Bucket=self.bucket, Key=self._key(key), **arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _SAME:
                return None
            raise _meaning(code, doing) from error
        except (BotoCoreError, ValueError) as error:  # the latter for an endpoint that is no URL
            raise UnreachableError(f"{doing}: {error}") from error
        result: dict[str, Any] = answer
        return result


def _meaning(code: str, doing: str) -> ReleaseError:
    if code in _GONE:
        return AbsentError(f"{doing}: there is none ({code})")
    if code in _SHORT:
        return RefusedError(f"{doing}: it is shorter than the release's index says ({code})")
    if code in _DENIED:
        return UnreachableError(
            f"{doing}: S3 denies it ({code}): the task's role may not, or the object is missing and the role lacks"
            " s3:ListBucket, without which S3 does not say so"
        )
    return UnreachableError(f"{doing}: S3 answers {code}")


def _broken_off() -> tuple[type[BaseException], ...]:
    from botocore.exceptions import BotoCoreError, HTTPClientError  # noqa: PLC0415 - as in `_client`
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    return BotoCoreError, HTTPClientError, HTTPError, OSError


def _client_here(region: str | None, attempts: int) -> Any:
    """Return the client of this process: connections are not to be shared across a fork."""
    with _CREATING:
        return _client(region, attempts, os.getpid())


@functools.cache
def _client(region: str | None, attempts: int, _pid: int) -> Any:
    # Imported here: a bundle is made often, and boto3 takes a third of a second.
    from boto3.session import Session  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        # The dag-processor stands still meanwhile, and counts as dead after 30 s. botocore's own defaults would hang
        # for three minutes without an endpoint for S3, whose name has eight addresses: each is tried.
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=16,
        response_checksum_validation="when_required",  # every content is verified by its sha256
    )
    return Session().client("s3", region_name=region, config=config)
