"""A partner's HTTP API, somewhere on the internet: it takes orders from whoever has its token."""

from __future__ import annotations

import json
import signal
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PORT = 8080  # in a sandbox no lower one is to be had
_LONGEST = 1 << 20
_SCHEME = "Bearer "


class Handler(BaseHTTPRequestHandler):
    """POST /v1/orders answers 201, and the same again for the same Idempotency-Key; 401 without a token."""

    protocol_version = "HTTP/1.1"
    timeout = 30.0
    orders: ClassVar[dict[str, dict[str, Any]]] = {}
    lock: ClassVar[threading.Lock] = threading.Lock()

    def do_GET(self) -> None:
        known = self.path == "/v1/orders"
        self._answer(HTTPStatus.OK, {"orders": len(self.orders)}) if known else self._unknown()

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > _LONGEST:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"at most {_LONGEST} bytes"})
            return
        body = self.rfile.read(size).decode(errors="replace")
        if self.path != "/v1/orders":
            self._unknown()
            return
        token = self.headers.get("Authorization", "")
        if not token.startswith(_SCHEME) or len(token) == len(_SCHEME):
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "no token"})
            return
        key = self.headers.get("Idempotency-Key", "")
        with self.lock:
            new = {"number": len(self.orders) + 1, "received": body}
            order = self.orders.setdefault(key or str(new["number"]), new)
        self._answer(HTTPStatus.CREATED, order)

    def log_message(self, *_: Any) -> None:
        """Say nothing: what is asked may hold what nobody is to read."""

    def _unknown(self) -> None:
        self._answer(HTTPStatus.NOT_FOUND, {"error": "there is /v1/orders"})

    def _answer(self, status: HTTPStatus, document: Mapping[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """The API at an address."""

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)


def run(_: Sequence[str], __: Mapping[str, str]) -> int:
    """Serve the API until a signal comes."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    Server(("0.0.0.0", PORT)).serve_forever()  # noqa: S104 - a container's network
    return 0
