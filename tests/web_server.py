"""A web server on this machine that serves what a test puts there, and misbehaves as the test wishes."""

from __future__ import annotations

import base64
import contextlib
import http.server
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Served:
    """What the server has, by path, and how it misbehaves; what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # Content-Type, where it is not text/html
    cut: dict[str, int] = field(default_factory=dict)  # bytes after which the next connection breaks
    moved: dict[str, str] = field(default_factory=dict)  # where it redirects to
    busy: dict[str, int] = field(default_factory=dict)  # answers 503 to come
    password: str = ""
    refusal: int = 401  # the status for whoever does not give the password
    program: Callable[[str, bytes], tuple[int, bytes]] | None = (
        None  # answers instead of files: path, what was posted
    )
    stalled: threading.Event | None = None  # holds back the second half of what is under /files/
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Range


class Handler(http.server.BaseHTTPRequestHandler):
    world: Served

    def do_GET(self) -> None:
        world, path = self.world, self.path
        wanted = self.headers.get("Range", "")
        world.asked.append((path, wanted))
        expected = "Basic " + base64.b64encode(world.password.encode()).decode()
        if world.password and self.headers.get("Authorization") != expected:
            return self._send(world.refusal, b"", {"WWW-Authenticate": "Basic"})
        if world.busy.get(path):
            world.busy[path] -= 1
            return self._send(503, b"", {"Retry-After": "0"})
        if path in world.moved:
            return self._send(302, b"", {"Location": world.moved[path]})
        if world.program:
            return self._send(*world.program(path, self._posted()), {})
        return self._send_file(path, wanted)

    def _send_file(self, path: str, wanted: str) -> None:
        body = self.world.files.get(path)
        if body is None:
            return self._send(404, b"no such file", {})
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if part:
            start, end = int(part[1]), int(part[2] or len(body) - 1) + 1
            extent = {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
            return self._send(206, body[start:end], extent)
        return self._send(200, body, {"Content-Type": self.world.kinds.get(path, "text/html")})

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()  # _send leaves the body out

    def _posted(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.world.cut.pop(self.path, None)
        if self.world.stalled and self.path.startswith("/files/"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.world.stalled.wait(30)
            return
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving(world: Served) -> Iterator[int]:
    """Serve on the loopback interface while the block runs; give the port."""
    handler = type("OfThisTest", (Handler,), {"world": world})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.server_port
        finally:
            running.shutdown()
            thread.join()
