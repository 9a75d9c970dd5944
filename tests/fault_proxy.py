"""A proxy in front of a registry: it counts what goes through, and does to each request what a schedule says."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import http.server
import os
import re
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from faults import UPLOAD, Fault, Honest, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faults import Schedule

_PIECE = 64 * 1024
_TICK = 0.05  # seconds between two pieces of a slow body
_OURS = frozenset({"connection", "keep-alive", "transfer-encoding"})  # headers of one hop
_TLS = b"\x16"  # the first byte of its handshake
_NONE = Fault("none")


class EndedError(Exception):
    """The connection has ended, as the schedule says or because one side went."""


@dataclass
class Seen:
    """A request that came: bytes of its body that were read, what was answered (0: nothing) and went wrong."""

    request: Request
    host: str
    authorization: bool
    read: int = 0
    status: int = 0
    sent: int = 0
    fault: Fault | None = None


@dataclass
class Proxy:
    """What stands in front of the registry at `upstream` (HOST:PORT, plain HTTP)."""

    upstream: str
    schedule: Schedule = field(default_factory=Honest)
    host: str = ""  # where it is reached
    seen: list[Seen] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def received(self) -> int:
        """Bytes of all bodies that clients sent."""
        return sum(one.read for one in self.seen)

    def asked(self, kind: str = "", method: str = "") -> list[Seen]:
        return [
            one for one in self.seen if kind in {"", one.request.kind} and method in {"", one.request.method}
        ]

    @property
    def befallen(self) -> list[str]:
        """What went wrong, in order."""
        return [f"{one.request.method} {one.request.kind}: {one.fault}" for one in self.seen if one.fault]


class Exchange(http.server.BaseHTTPRequestHandler):
    """One request, passed on and answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: Proxy

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        length = None if chunked else int(self.headers.get("Content-Length", 0))
        request = Request(self.command, path, query, length)
        host, authorization = self.headers.get("Host", ""), "Authorization" in self.headers
        self.one = Seen(request, host, authorization, fault=self.proxy.schedule.fault(request))
        self.doom = self.one.fault or _NONE
        self.proxy.seen.append(self.one)
        try:
            self._exchange()
        except (EndedError, OSError, http.client.HTTPException):
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names of the base

    def log_message(self, *_: Any) -> None:
        pass

    def _exchange(self) -> None:
        if self.doom.status:
            if not self.doom.early:
                self._drain()
            self._answer(self.doom.status, dict(self.doom.headers), self.doom.body)
        elif self.doom.swallowed and self.one.request.kind == UPLOAD:
            content = b"".join(self._body())
            digest = hashlib.sha256(content[:-1]).hexdigest()
            self._answer(201, {"Docker-Content-Digest": f"sha256:{digest}", "Location": self.path}, b"")
        else:
            upstream = http.client.HTTPConnection(self.proxy.upstream, timeout=60)
            with contextlib.closing(upstream):
                self._pass_on(upstream)

    def _pass_on(self, upstream: http.client.HTTPConnection) -> None:
        self._send_up(upstream)
        answer = upstream.getresponse()
        if self.doom.lost:
            answer.read()
            self._reset()
        if self.doom.silent:
            self.proxy.ended.wait()
            raise EndedError
        self._send_down(answer)

    def _send_up(self, upstream: http.client.HTTPConnection) -> None:
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _OURS:
                upstream.putheader(name, value)
        upstream.putheader("X-Forwarded-Proto", "https" if self._is_secure else "http")
        chunked = self.one.request.length is None
        if chunked:
            upstream.putheader("Transfer-Encoding", "chunked")
        upstream.endheaders()
        for piece in self._body():
            upstream.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            upstream.send(b"0\r\n\r\n")

    def _send_down(self, answer: http.client.HTTPResponse) -> None:
        self.one.status = answer.status
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() == "location" and self.doom.moved:
                value = re.sub("^(https?://[^/]+)?", self.doom.moved, value)  # noqa: PLW2901
            if name.lower() not in _OURS:
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or answer.status in {204, 304}
        chunked = not bodiless and answer.getheader("Content-Length") is None
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.doom.cut_answer == 0:
            self._end()
        for piece in [] if bodiless else self._pieces(answer):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _pieces(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        """Yield the answer's body as the client is to see it."""
        while piece := answer.read(self._step):
            changed = _turned(piece, self.one.sent, self.doom.corrupt_answer)
            if self.doom.cut_answer is not None:
                changed = changed[: self.doom.cut_answer - self.one.sent]
            self.one.sent += len(changed)
            yield changed
            if self.doom.cut_answer is not None and self.one.sent >= self.doom.cut_answer:
                self._end()
            self._wait()

    def _body(self) -> Iterator[bytes]:
        """Yield the request's body as the registry is to see it."""
        cut = self.doom.cut_request
        if cut == 0:
            self._reset()
        for piece in self._read():
            changed = _turned(piece, self.one.read, self.doom.corrupt_request)
            self.one.read += len(piece)
            if cut is not None and self.one.read >= cut:
                yield changed[: len(piece) - (self.one.read - cut)]
                self._reset()
            yield changed
            self._wait()
        if cut is not None:
            self._reset()

    def _read(self) -> Iterator[bytes]:
        left = self.one.request.length
        if left is not None:
            yield from self._read_exactly(left)
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield from self._read_exactly(size)
            self.rfile.readline()
        self.rfile.readline()

    def _read_exactly(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self.rfile.read(min(left, self._step))
            if not piece:
                raise EndedError
            left -= len(piece)
            yield piece

    def _drain(self) -> None:
        for piece in self._read():
            self.one.read += len(piece)

    @property
    def _step(self) -> int:
        return max(1, int(self.doom.rate * _TICK)) if self.doom.rate else _PIECE

    def _wait(self) -> None:
        if self.doom.rate and self.proxy.ended.wait(_TICK):
            raise EndedError

    @property
    def _is_secure(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.one.status = status
        self.send_response_only(status)
        length = {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        for name, value in (length | headers).items():
            self.send_header(name, value)
        if self.doom.early:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _end(self) -> NoReturn:
        if not self.doom.closes:
            self._reset()
        raise EndedError

    def _reset(self) -> NoReturn:
        """Close without what TCP calls an end; the registry's side is closed by whoever opened it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())  # close() would wait for the files made of it
        raise EndedError


def _turned(piece: bytes, start: int, at: int | None) -> bytes:
    """Return a piece of a body, which begins at `start`, with the lowest bit of the byte `at` turned."""
    if at is None or not start <= at < start + len(piece):
        return piece
    changed = bytearray(piece)
    changed[at - start] ^= 1
    return bytes(changed)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak TLS, where that is wanted, in the connection's own thread."""
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        elif request.recv(1, socket.MSG_PEEK) == _TLS:
            request.sendall(
                b"HTTP/1.0 400 Bad Request\r\n\r\n"
            )  # by which an engine knows to speak plain HTTP
            return
        super().finish_request(request, client_address)
        if self.context:
            with contextlib.suppress(OSError):
                request.close()

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that is gone."""


@contextlib.contextmanager
def proxy(
    upstream: str,
    schedule: Schedule | None = None,
    *,
    secure: tuple[str, Path, Path] | None = None,
    window: int = 0,
) -> Iterator[Proxy]:
    """Stand in front of the registry at `upstream` while the block runs.

    `secure` is a name of this machine, and the certificate and key for it: then it speaks TLS there. With a
    `window`, no more bytes than about that many are on their way before they are read.
    """
    made = Proxy(upstream, schedule or Honest())
    name = secure[0] if secure else "127.0.0.1"
    handler = type("OfThisProxy", (Exchange,), {"proxy": made})
    with _Server((name, 0), handler) as running:
        if window:
            running.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        if secure:
            running.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            running.context.load_cert_chain(secure[1], secure[2])
        made.host = f"{name}:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made
        finally:
            made.ended.set()
            running.shutdown()
            thread.join()
