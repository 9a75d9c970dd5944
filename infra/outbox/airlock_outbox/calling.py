"""One HTTP call, bounded in time and size, which tells apart what never left from what may have arrived."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urljoin, urlsplit

from airlock_spec.outbox.credentials import gives_away

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airlock_spec.outbox.body import Body

CHUNK = 64 << 10
REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 5
MAX_HEADER = 2 << 10  # bytes of one header of an answer that is passed on
OURS = {"Accept-Encoding": "identity", "Connection": "close"}
AGENT = {"User-Agent": "airlock-outbox/1"}  # unless the request has one: some APIs ask for it


class UnreachableError(Exception):
    """No connection, or no TLS: the API has not seen the request."""


class UnansweredError(Exception):
    """The request was sent, perhaps in part, and no whole answer came: the API may have acted on it."""


@dataclass(frozen=True)
class Call:
    """What to send. `timeout` is seconds for all of it, redirects too; `max_response` is bytes."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body | None
    timeout: float
    max_response: int
    may_follow: Callable[[str], bool]


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is None where it is larger than asked for."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class Caller(Protocol):
    """Makes a call. Raises UnreachableError and UnansweredError."""

    def call(self, call: Call) -> Answer: ...


@dataclass(frozen=True)
class HttpCaller:
    """Implements `Caller` with the standard library."""

    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def call(self, call: Call) -> Answer:
        """Make the call; follow redirects of GET and HEAD within the same scheme, host and port alone."""
        end = time.monotonic() + call.timeout
        answer = self._once(call, call.url, end)
        for _ in range(MAX_REDIRECTS):
            target = redirect(call.method, answer)
            if target is None or not call.may_follow(target):
                break
            try:
                answer = self._once(call, target, end)
            except UnreachableError as error:
                raise UnansweredError(f"after a redirect, {error}") from error
        return answer

    def _once(self, call: Call, url: str, end: float) -> Answer:
        connection = self._connected(url, end, call.timeout)
        named = "user-agent" in {name.lower() for name in call.headers}
        headers = {**({} if named else AGENT), **call.headers, **OURS}
        with Watchdog(connection.sock, end - time.monotonic()) as watchdog:
            try:
                body = call.body.data if call.body else None
                connection.request(call.method, path_of(url), body, headers)
                response = connection.getresponse()
                answer = Answer(response.status, url, passed_on(response), read(response, call.max_response))
            except (OSError, http.client.HTTPException, ValueError) as error:
                if watchdog.fired:
                    raise UnansweredError(f"no whole answer within {call.timeout:g} s") from error
                raise UnansweredError(f"{type(error).__name__}: {error}") from error
            finally:
                connection.close()
        if watchdog.fired:  # what ends with the connection looks whole when we cut it
            raise UnansweredError(f"no whole answer within {call.timeout:g} s")
        return answer

    def _connected(self, url: str, end: float, seconds: float) -> http.client.HTTPConnection:
        """Connect, with TLS for https, before `end`: of what comes later the API is not to see anything."""
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        connection: http.client.HTTPConnection
        if secure:
            connection = http.client.HTTPSConnection(host, parts.port, context=self.context)
        else:
            connection = http.client.HTTPConnection(host, parts.port)
        try:
            connection.sock = dial(host, connection.port, end)
            if secure:
                connection.sock = self._secured(connection.sock, host, end)
        except (OSError, ValueError) as error:  # ValueError: a label too long for a name
            connection.close()
            late = f"no connection within {seconds:g} s"
            reason = late if time.monotonic() >= end else error
            raise UnreachableError(f"{parts.netloc}: {reason}") from error
        return connection

    def _secured(self, plain: socket.socket, host: str, end: float) -> ssl.SSLSocket:
        secure = self.context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        try:
            with Watchdog(secure, remaining(end)):
                secure.do_handshake()
            secure.settimeout(remaining(end))
        except OSError:
            secure.close()
            raise
        return secure


def dial(host: str, port: int, end: float) -> socket.socket:
    """Connect to the first address of a host that answers; each gets its share of the time until `end`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure = OSError("it has no address")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        connecting = socket.socket(family, kind, protocol)
        try:
            connecting.settimeout(remaining(end) / (len(found) - number))
            connecting.connect(address)
            connecting.settimeout(remaining(end))
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connecting.close()
            failure = error
        else:
            return connecting
    raise failure


def remaining(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class Watchdog:
    """Cuts a connection after some seconds: a socket's own timeout begins anew with every byte."""

    def __init__(self, connected: socket.socket, seconds: float) -> None:
        self.fired = False
        self.socket = connected
        self.timer = threading.Timer(max(seconds, 0), self._cut)
        self.timer.daemon = True

    def _cut(self) -> None:
        self.fired = True
        try:
            # Not the TLS socket's own method: it forgets the TLS, under the feet of who reads.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            return  # it ended on its own

    def __enter__(self) -> Self:
        self.timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


def read(response: http.client.HTTPResponse, most: int) -> bytes | None:
    """Read a body, or return None where it is longer than `most` bytes. Raises IncompleteRead."""
    if response.length is not None and response.length > most:
        return None
    parts, size = [], 0
    while part := response.read(CHUNK):
        parts.append(part)
        size += len(part)
        if size > most:
            return None
    if response.length:  # read(amount) ends early without a word
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def passed_on(response: http.client.HTTPResponse) -> dict[str, str]:
    """Return an answer's headers with names in lower case, without cookies, credentials and overlong ones."""
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        lower = name.lower()
        if gives_away(lower) or len(value) > MAX_HEADER:
            continue
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    return headers


def redirect(method: str, answer: Answer) -> str | None:
    """Return where an answer sends us, if to the same scheme, host and port, and if asking changes nothing."""
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or location is None or method not in {"GET", "HEAD"}:
        return None
    try:
        target = urlsplit(urljoin(answer.url, location))._replace(fragment="")
        before = urlsplit(answer.url)
        same = (target.scheme, target.hostname, target.port) == (before.scheme, before.hostname, before.port)
    except ValueError:
        return None
    text = target.geturl()
    return text if same and target.username is None and text.isascii() and text.isprintable() else None


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
