"""S3 through boto3: a client that gives up within seconds, and objects at a location.

Credentials, region, endpoint, proxies and certificates come from boto3's own chain: variables, profiles, roles.
boto3 takes half a second to import, hence the imports inside the functions.
"""

from __future__ import annotations

import base64
import re
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from airlock import aws_failures
from airlock.aws_failures import ConflictError, MissingObjectError, Refusal, TakenError
from airlock.errors import AwsError
from airlock.index.locations import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import boto3
    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 20, 3
CREDENTIALS_SECONDS = (
    30.0  # for whoever gives them: STS, a metadata service, a program, a person with a token
)
ANSWER_SECONDS = 15.0  # for the first: a name may have eight addresses, and each is tried for CONNECT_SECONDS
_CONFLICTS = 4  # attempts
_CHUNK = 1 << 20
_USERINFO = re.compile(r"[^\s/'\"`]*@")
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


class BrokenTransferError(AwsError):
    """An object's content ended early, or was altered on its way: it is worth another attempt."""


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


def connect(
    location: Location,
    connections: int,
    answer_seconds: float = ANSWER_SECONDS,
    credentials_seconds: float = CREDENTIALS_SECONDS,
) -> Bucket:
    """Return the objects at a location, for as many threads. Raises AwsError without credentials."""
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    where = str(location)
    session = _session(where, credentials_seconds)
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=connections,
    )
    try:
        client = session.client("s3", config=config)
    except BotoCoreError as error:
        raise _failure(error, "use", where) from error
    except ValueError as error:
        raise aws_failures.bad_endpoint(_masked(str(error)), "use", where) from error
    return Bucket(location, client, answer_seconds)


def _session(where: str, seconds: float) -> boto3.Session:
    """Return boto3's session after its credentials were had, for which it sets itself no limit."""
    import boto3  # noqa: PLC0415
    from botocore import exceptions as known  # noqa: PLC0415

    def begin() -> tuple[boto3.Session, object]:
        session = boto3.Session()
        credentials = session.get_credentials()
        return session, credentials and credentials.get_frozen_credentials()

    try:
        session, credentials = _begin(begin).result(seconds)
    except TimeoutError as error:
        cause = f"whoever gives them did not answer within {seconds:g} s"
        remedy = aws_failures.WAY_TO_CREDENTIALS
        raise aws_failures.no_credentials(cause, "use", where, remedy) from error
    except known.ClientError as error:
        raise aws_failures.role_refused(_refusal(error), "use", where) from error
    except (known.ConnectionError, known.HTTPClientError) as error:
        remedy = aws_failures.WAY_TO_CREDENTIALS
        raise aws_failures.no_credentials(_masked(str(error)), "use", where, remedy) from error
    except known.BotoCoreError as error:
        raise _failure(error, "use", where) from error
    except (
        ValueError,
        OSError,
    ) as error:  # a program (credential_process) that is not there, or talks nonsense
        raise aws_failures.no_credentials(_masked(str(error)), "use", where) from error
    if credentials is None:
        raise aws_failures.no_credentials("no variable, profile or role has any", "use", where)
    return session


class Bucket:
    """The objects at a location, by the rest of their keys; every failure is an AwsError."""

    def __init__(self, location: Location, client: S3Client, answer_seconds: float) -> None:
        self.location = location
        self._client = client
        self._answer_seconds = answer_seconds
        self._answered = threading.Event()

    def objects(self) -> dict[str, Held]:
        """List all of them."""
        found: dict[str, Held] = {}
        request: dict[str, Any] = {"Bucket": self.location.bucket, "Prefix": self.location.prefix}
        while True:
            page = self._ask("list", "", lambda: self._client.list_objects_v2(**request))
            if "Name" not in page and "KeyCount" not in page:  # a page for people, answered with 200
                cause = "its listing has neither a name nor a count"
                raise aws_failures.no_s3(self._endpoint, cause, "list", str(self.location))
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
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415

        key = self.location.prefix + name
        answer = self._ask(
            "read", name, lambda: self._client.get_object(Bucket=self.location.bucket, Key=key)
        )
        body = answer["Body"]
        try:
            yield from body.iter_chunks(_CHUNK)
        except BotoCoreError as error:
            raise BrokenTransferError(
                f"s3://{self.location.bucket}/{key} did not arrive whole",
                cause=_masked(str(error)),
                remedy="run it again",
            ) from error
        finally:
            body.close()

    @property
    def _endpoint(self) -> str:
        return redact(self._client.meta.endpoint_url)

    def _ask(self, doing: str, name: str, request: Callable[[], _T]) -> _T:
        """Make a request; until one was answered, `answer_seconds` are all the time there is."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        where = f"s3://{self.location.bucket}/{self.location.prefix}{name}"
        try:
            if self._answered.is_set():
                return request()
            answer = _begin(request).result(self._answer_seconds)
        except TimeoutError as error:
            cause = f"no answer from {self._endpoint} within {self._answer_seconds:g} s"
            raise aws_failures.unanswered(cause, doing, where) from error
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError):
                self._answered.set()
            raise _failure(error, doing, where) from error
        except ResponseParserError as error:
            raise aws_failures.no_s3(self._endpoint, str(error), doing, where) from error
        self._answered.set()
        return answer


def _begin(request: Callable[[], _T]) -> Future[_T]:
    """Make a request in a thread that nobody has to wait for."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(request())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is wanted
            future.set_exception(error)

    threading.Thread(target=run, name="s3", daemon=True).start()
    return future


def _failure(error: Exception, doing: str, where: str) -> AwsError:
    """Return a failure of boto3's in our words."""
    from botocore import exceptions as known  # noqa: PLC0415

    if isinstance(error, known.ClientError):
        return aws_failures.refused(_refusal(error), doing, where)
    cause = _masked(str(error))
    if isinstance(error, (known.ConnectionError, known.HTTPClientError)):
        return aws_failures.unanswered(cause, doing, where)
    if isinstance(error, known.EndpointProviderError):
        return aws_failures.bad_endpoint(cause, doing, where)
    if isinstance(
        error,
        (
            known.NoCredentialsError,
            known.PartialCredentialsError,
            known.CredentialRetrievalError,
            known.TokenRetrievalError,
            known.SSOError,
        ),
    ):
        return aws_failures.no_credentials(cause, doing, where)
    remedy = "check AWS_PROFILE, AWS_DEFAULT_REGION and the files of the AWS CLI: aws configure list"
    return AwsError(f"cannot {doing} {where}", cause=cause, remedy=remedy)


def _refusal(error: ClientError) -> Refusal:
    told: dict[str, Any] = {**error.response.get("Error", {})}
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = str(told.get("Region") or headers.get("x-amz-bucket-region", ""))
    return Refusal(str(told.get("Code", "")), str(told.get("Message", "")), region)


def _masked(text: str) -> str:
    """Return a message without the user and password of an endpoint or a proxy in it."""
    return _USERINFO.sub("", text)
