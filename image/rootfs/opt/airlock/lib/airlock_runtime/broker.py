"""Celery's broker: whether it answers, by a connection to it and, for Redis, a PING."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

PORTS = {
    "redis": 6379,
    "rediss": 6379,
    "valkey": 6379,
    "amqp": 5672,
    "pyamqp": 5672,
    "amqps": 5671,
    "sentinel": 26379,
}
HTTPS = 443
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

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.port}"

    def ask(self, timeout: float) -> None:
        """Connect, and PING a Redis. Raises BrokerError."""
        try:
            with socket.create_connection((self.host, self.port), timeout) as connection:
                if self.kind in {"redis", "valkey"}:
                    self._ping(connection)
                elif self.kind == "rediss":
                    # whether its certificate is to be trusted is for Celery's options to say
                    with _unchecked().wrap_socket(connection, server_hostname=self.host) as secured:
                        self._ping(secured)
        except OSError as error:
            raise BrokerError(error.strerror or str(error)) from error

    def _ping(self, connection: socket.socket) -> None:
        """Ask in Redis' own protocol (RESP)."""
        if self.password:
            given = [self.user, self.password] if self.user else [self.password]
            connection.sendall(_command("AUTH", *given))
            self._read(connection)
        connection.sendall(_command("PING"))
        self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        said = connection.recv(512).decode(errors="replace").strip()
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


def brokers(url: str, environ: Mapping[str, str]) -> list[Broker]:
    """Return the places of a broker URL, of which one must answer; none where it cannot be told from the URL.

    Raises ValueError, without repeating the URL, for one that is none. Several (Sentinel, RabbitMQ) are
    separated by semicolons.
    """
    if url.startswith(("sqs:", "sqs+")):
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
        elsewhere = environ.get("AWS_ENDPOINT_URL_SQS") or environ.get("AWS_ENDPOINT_URL")
        if elsewhere:
            parts = urlsplit(elsewhere)
            port = parts.port or (HTTPS if parts.scheme == "https" else 80)
            return [Broker("sqs", parts.hostname or "localhost", port)]
        return [Broker("sqs", f"sqs.{region}.amazonaws.com", HTTPS)] if region else []
    found = []
    for one in url.split(";"):
        parts = urlsplit(one.strip())
        if not parts.scheme or "://" not in one:
            raise ValueError("it is no URL of the form redis://:PASSWORD@HOST:PORT/0")
        kind = parts.scheme.partition("+")[0]
        try:
            number = parts.port or PORTS.get(kind)
        except ValueError:
            raise ValueError(
                "its port is no number (a '/', '@' or ':' of the password must be %2F, …)"
            ) from None
        if number and parts.hostname:
            found.append(
                Broker(
                    kind, parts.hostname, number, unquote(parts.username or ""), unquote(parts.password or "")
                )
            )
    return found
