"""Celery's broker: whether it answers, by a connection to it and, for Redis, a PING."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from airlock_runtime.settings import Settings

OPTIONS = "celery_broker_transport_options"  # the section of Airflow's configuration
PORTS = {
    "redis": 6379,
    "rediss": 6379,
    "valkey": 6379,
    "amqp": 5672,
    "pyamqp": 5672,
    "amqps": 5671,
    "sentinel": 26379,
}
HTTP, HTTPS = 80, 443
# Set, SQS has another name or is not reached directly.
_OTHER_WAYS = ("HTTPS_PROXY", "https_proxy", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
_NOT_NOW = ("-LOADING", "-MASTERDOWN", "-BUSY")


class BrokerError(Exception):
    """The broker cannot be used now: why, in one line, without a secret."""


class BrokerDeniedError(BrokerError):
    """It answers and refuses."""


@dataclass(frozen=True)
class Broker:
    """One place where a broker listens; `str` of it shows no password."""

    kind: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    asked: bool = True  # a Redis answers only whom Airflow alone knows, else

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.port}"

    def ask(self, timeout: float) -> None:
        """Connect, and PING a Redis that can be asked. Raises BrokerError."""
        try:
            with socket.create_connection((self.host, self.port), timeout) as connection:
                if self.kind in {"redis", "valkey"}:
                    self._ping(connection)
                elif self.kind == "rediss":
                    # whether its certificate is to be trusted is for Celery's options to say
                    with _unchecked().wrap_socket(connection, server_hostname=self.host) as secured:
                        self._ping(secured)
        except ssl.SSLError as error:
            if "ALERT" in (error.reason or ""):  # it is there, and wants Celery's certificate
                return
            raise BrokerError(error.reason or "no TLS is spoken there") from error
        except OSError as error:
            raise BrokerError(error.strerror or str(error)) from error

    def _ping(self, connection: socket.socket) -> None:
        """Ask in Redis' own protocol (RESP)."""
        if not self.asked:
            return
        if self.password:
            given = [self.user, self.password] if self.user else [self.password]
            connection.sendall(_command("AUTH", *given))
            self._read(connection)
        connection.sendall(_command("PING"))
        self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        said = connection.recv(512).decode(errors="replace").strip()
        if self.password:  # which a Redis without AUTH repeats
            said = said.replace(self.password, "…")
        if said.startswith(_NOT_NOW) or not said:
            raise BrokerError(said.lstrip("-") or "it closed the connection")
        if said.startswith("-"):
            raise BrokerDeniedError(said.lstrip("-"))


def _command(*words: str) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def brokers(url: str, settings: Settings, environ: Mapping[str, str]) -> list[Broker]:
    """Return the places of a broker URL, of which one must answer; none where it cannot be told from the settings.

    Raises ValueError, without repeating the URL, for one that is none. Several (Sentinel, RabbitMQ) are
    separated by semicolons.
    """
    if url.startswith(("sqs:", "sqs+")):
        return _sqs(_split(url), settings, environ)
    found = []
    for one in url.split(";"):
        parts = _split(one.strip())
        if not parts.scheme or "://" not in one:
            raise ValueError("it is no URL of the form redis://:PASSWORD@HOST:PORT/0")
        kind = parts.scheme.partition("+")[0]
        number = parts.port or PORTS.get(kind)
        if kind == "redis" and settings.flag("celery", "ssl_active", default=False):
            kind = "rediss"
        if number and parts.hostname:
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            provided = "credential_provider=" in parts.query or settings.is_set(
                OPTIONS, "credential_provider"
            )
            found.append(Broker(kind, parts.hostname, number, user, password, asked=not provided))
    return found


def _split(url: str) -> SplitResult:
    """Split a URL. Raises ValueError, unlike urllib's without a part of it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - read here, for it is checked when it is read
    except ValueError:
        raise ValueError(
            "its host or port is none (a '/', '@', ':' or '[' of the password must be %2F, …)"
        ) from None
    return parts


def _sqs(parts: SplitResult, settings: Settings, environ: Mapping[str, str]) -> list[Broker]:
    """Return where kombu and botocore look for SQS; none where that is not its regional name, or behind a proxy."""
    if parts.hostname:
        secure = settings.flag(OPTIONS, "is_secure", default=False)
        return [Broker("sqs", parts.hostname, parts.port or (HTTPS if secure else HTTP))]
    if settings.is_set(OPTIONS, "predefined_queues"):
        return []
    if elsewhere := environ.get("AWS_ENDPOINT_URL_SQS") or environ.get("AWS_ENDPOINT_URL"):
        parts = _split(elsewhere)
        port = parts.port or (HTTPS if parts.scheme == "https" else HTTP)
        return [Broker("sqs", parts.hostname or "localhost", port)]
    region = (
        settings.get(OPTIONS, "region")
        or environ.get("AWS_DEFAULT_REGION")
        or environ.get("AWS_REGION")
        or ""
    )
    if not region or "iso" in region or any(environ.get(name) for name in _OTHER_WAYS):
        return []
    china = ".cn" if region.startswith("cn-") else ""
    return [Broker("sqs", f"sqs.{region}.amazonaws.com{china}", HTTPS)]
