"""Amazon ECR on this machine, with its quirks: the registry's API, and AWS's own, on one port.

boto3 gets here by AWS_ENDPOINT_URL_ECR (`environment`); the registry is at the proxy endpoint that comes with a
token, which plain HTTP leaves nowhere, for it is this machine's.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import ecr_stub_api
from ecr_stub_registry import Registry, Request, Response
from ecr_stub_world import ACCOUNT, REGION, Seen, World

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
_TARGET = "AmazonEC2ContainerRegistry_V20150921."


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def _answer(self) -> None:
        world = self.registry.world
        body = self._body()
        action = self.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
        authorized = "Authorization" in self.headers
        with world.lock:
            world.requests.append(Seen(self.command, self.path, authorized, len(body), action))
        if action:
            self._send(ecr_stub_api.answer(world, action, json.loads(body or b"{}")))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.registry.answer(Request(self.command, self.path, headers, body)))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(chunks)

    def _send(self, answer: Response) -> None:
        self.send_response(answer.status)
        for name, value in (answer.headers | {"Content-Length": str(len(answer.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        pass


def environment(world: World) -> dict[str, str]:
    """Return the variables by which boto3 asks the stub."""
    return {
        "AWS_ENDPOINT_URL_ECR": world.base,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "key-of-a-test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-a-test",
    }


@contextlib.contextmanager
def serving(world: World) -> Iterator[World]:
    """Serve on the loopback interface while the block runs; the world then knows its URL (`base`)."""
    handler = type("OfThisTest", (Handler,), {"registry": Registry(world)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        world.base = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield world
        finally:
            running.shutdown()
            thread.join()
