"""An HTTP API on loopback that behaves well and badly, and notes what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    import ssl

HUGE = 5 << 20  # bytes


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Api:
    """`with` starts and ends it. What is a path's behaviour is in Handler."""

    tls: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.api = self  # type: ignore[attr-defined]
        if self.tls:
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}"


def serve(port: int = 8080) -> None:
    """Serve for ever, on all addresses of a container, and print what is asked: a line of JSON each."""

    class Printed(list[Asked]):
        def append(self, asked: Asked) -> None:
            body = asked.body.decode(errors="replace")
            line = json.dumps({**vars(asked), "body": body})
            sys.stdout.write(f"{line}\n")  # in one piece: another thread may say something, too
            sys.stdout.flush()

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104 - a container's
    server.api = Api(asked=Printed())  # type: ignore[attr-defined]
    server.serve_forever()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # of clients that went away, as they are to
            super().handle()

    @property
    def api(self) -> Api:
        return cast("Any", self.server).api  # type: ignore[no-any-return]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def any_method(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.api.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        name = self.path.strip("/").partition("?")[0].partition("/")[0] or "echo"
        getattr(self, name.replace("-", "_"), self.echo)()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = any_method  # noqa: N815 - the server's names

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(header.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def echo(self) -> None:
        said = json.dumps({"method": self.command, "path": self.path}).encode()
        self.answer(200, said, Content_Type="application/json", Set_Cookie="sid=secret; HttpOnly")

    def status(self) -> None:
        self.answer(int(self.path.rpartition("/")[2]), b"said")

    def leak(self) -> None:
        self.answer(200, self.headers.get("Authorization", "").encode())

    def huge(self) -> None:
        self.answer(200, bytes(HUGE))

    def huge_chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(HUGE // 65536):
            self.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def large(self) -> None:
        self.answer(200, b"large " * 20_000)

    def binary(self) -> None:
        self.answer(200, b"\xff\x00")

    def silent(self) -> None:
        """Say nothing until the test lets it."""
        self.api.released.wait(30)
        self.answer(200, b"at last")

    def drip(self) -> None:
        """Send a byte now and then, so that no timeout of a single read is ever reached."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b".")
            time.sleep(0.1)

    def drip_header(self) -> None:
        for _ in range(100):
            self.wfile.write(b"H")
            time.sleep(0.1)

    def endless(self) -> None:
        """Answer without a length: what is cut off looks whole."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        for _ in range(100):
            self.wfile.write(b".")
            time.sleep(0.1)

    def short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"too short")
        self.hang_up()

    def cut(self) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def moved(self) -> None:
        """Redirect to the URL, or to the path, in the query."""
        self.answer(302, b"moved", Location=self.path.partition("?")[2])

    def again(self) -> None:
        self.answer(302, b"again", Location=self.path)
