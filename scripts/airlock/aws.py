"""AWS through boto3, the only module that imports it: clients that give up within seconds, failures in our words.

Credentials, region, endpoint, proxies and certificates come from boto3's own chain: variables, profiles, roles.
boto3 takes half a second to import, hence the imports inside the functions.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from airlock import aws_failures
from airlock.aws_failures import BrokenTransferError, Refusal
from airlock.index.locations import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3
    from botocore.exceptions import ClientError

    from airlock.aws_failures import Service
    from airlock.errors import AwsError

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12
_Client = TypeVar("_Client")

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 20, 3
CREDENTIALS_SECONDS = (
    30.0  # for whoever gives them: STS, a metadata service, a program, a person with a token
)
ANSWER_SECONDS = 15.0  # for the first: a name may have eight addresses, and each is tried for CONNECT_SECONDS
_CHUNK = 1 << 20
_USERINFO = re.compile(r"[^\s/'\"`]*@")


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds: for the first answer of a service, and for credentials."""

    answer: float = ANSWER_SECONDS
    credentials: float = CREDENTIALS_SECONDS


PATIENCE = Patience()


class Asking(Generic[_Client]):
    """A boto3 client and the asking of it: every failure of `ask` is an AwsError; used by several threads."""

    def __init__(self, service: Service, client: _Client, answer_seconds: float) -> None:
        self.client = client
        self._service = service
        self._answer_seconds = answer_seconds
        self._answered = threading.Event()

    @property
    def endpoint(self) -> str:
        meta: Any = getattr(self.client, "meta")  # noqa: B009 - every client has it, and no type says so
        return redact(meta.endpoint_url)

    @property
    def region(self) -> str:
        meta: Any = getattr(self.client, "meta")  # noqa: B009 - as above
        return str(meta.region_name or "")

    def ask(self, doing: str, where: str, request: Callable[[], _T]) -> _T:
        """Make a request, told as what is done (`read`) to what; until one was answered time is short.

        Raises what `aws_failures.refused` returns, and AwsError where there is no answer.
        """
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from botocore.parsers import ResponseParserError  # noqa: PLC0415

        try:
            if self._answered.is_set():
                return request()
            answer = _begin(request).result(self._answer_seconds)
        except TimeoutError as error:
            cause = f"no answer from {self.endpoint} within {self._answer_seconds:g} s"
            raise aws_failures.unanswered(self._service, cause, doing, where) from error
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError):
                self._answered.set()
            raise _failure(self._service, error, doing, where) from error
        except ResponseParserError as error:
            raise aws_failures.another_service(
                self._service, self.endpoint, str(error), doing, where
            ) from error
        self._answered.set()
        return answer


def connect(
    service: Service, where: str, connections: int = 4, patience: Patience = PATIENCE, region: str = ""
) -> Asking[Any]:
    """Return a client of a service, for as many threads; `where` is what it is for, as failures tell it.

    Raises AwsError without credentials.
    """
    return Connector(where, connections, patience, region)(service)


class Connector:
    """Makes clients of several services, with credentials that are asked for once; for one thread at a time.

    `connections` and `where` are as `connect` has them, and so are failures.
    """

    def __init__(
        self, where: str, connections: int = 4, patience: Patience = PATIENCE, region: str = ""
    ) -> None:
        self._where, self._patience, self._region = where, patience, region
        self._connections = connections
        self._known: boto3.Session | None = None

    def __call__(self, service: Service) -> Asking[Any]:
        """Return a client of a service. Raises AwsError without credentials."""
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415

        if self._known is None:
            self._known = _session(service, self._where, self._patience.credentials)
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=self._connections,
        )
        name: Any = service.name  # the stubs know a client for each literal name
        try:
            endpoint, region = service.url or None, self._region or None
            client = self._known.client(name, config=config, region_name=region, endpoint_url=endpoint)
        except BotoCoreError as error:
            raise _failure(service, error, "use", self._where) from error
        except ValueError as error:
            raise aws_failures.bad_endpoint(service, _masked(str(error)), "use", self._where) from error
        return Asking(service, client, self._patience.answer)


def chunks(body: Any, where: str) -> Iterator[bytes]:
    """Yield a streaming body of an answer. Raises BrokenTransferError."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    try:
        yield from body.iter_chunks(_CHUNK)
    except BotoCoreError as error:
        raise BrokenTransferError(
            f"{where} did not arrive whole", cause=_masked(str(error)), remedy="run it again"
        ) from error
    finally:
        body.close()


def _session(service: Service, where: str, seconds: float) -> boto3.Session:
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
        raise aws_failures.role_refused(service, _refusal(error), "use", where) from error
    except (known.ConnectionError, known.HTTPClientError) as error:
        remedy = aws_failures.WAY_TO_CREDENTIALS
        raise aws_failures.no_credentials(_masked(str(error)), "use", where, remedy) from error
    except known.BotoCoreError as error:
        raise _failure(service, error, "use", where) from error
    except (
        ValueError,
        OSError,
    ) as error:  # a program (credential_process) that is not there, or talks nonsense
        raise aws_failures.no_credentials(_masked(str(error)), "use", where) from error
    if credentials is None:
        raise aws_failures.no_credentials("no variable, profile or role has any", "use", where)
    return session


def _begin(request: Callable[[], _T]) -> Future[_T]:
    """Make a request in a thread that nobody has to wait for."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(request())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is wanted
            future.set_exception(error)

    threading.Thread(target=run, name="aws", daemon=True).start()
    return future


def _failure(service: Service, error: Exception, doing: str, where: str) -> AwsError:
    """Return a failure of boto3's in our words."""
    from botocore import exceptions as known  # noqa: PLC0415

    if isinstance(error, known.ClientError):
        return aws_failures.refused(service, _refusal(error), doing, where)
    cause = _masked(str(error))
    if isinstance(error, (known.ConnectionError, known.HTTPClientError)):
        return aws_failures.unanswered(service, cause, doing, where)
    if isinstance(error, known.EndpointProviderError):
        return aws_failures.bad_endpoint(service, cause, doing, where)
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
    return aws_failures.unusable(cause, doing, where)


def _refusal(error: ClientError) -> Refusal:
    told: dict[str, Any] = {**error.response.get("Error", {})}
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = str(told.get("Region") or headers.get("x-amz-bucket-region", ""))
    return Refusal(str(told.get("Code", "")), str(told.get("Message", "")), region)


def _masked(text: str) -> str:
    """Return a message without the user and password of an endpoint or a proxy in it."""
    return _USERINFO.sub("", text)
