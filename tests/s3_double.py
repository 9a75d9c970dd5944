"""An S3 for many small requests, as a program: objects in memory, every answer a round trip later.

`python tests/s3_double.py SECONDS` prints its port, and serves until it is ended. It is for measuring: moto's
server takes 13 to 25 times the processor for a small object, so that it and not its clients would be measured.
What it does not know it answers with 501, which no client takes for success.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque

from s3_double_api import Answer, Buckets, Request

COUNTED = "/-/counted"  # asks what there was since it was asked last, at once; it is not counted itself
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_WORDS = {200: "OK", 204: "No Content", 206: "Partial Content", 304: "Not Modified"}


class Counted:
    """Requests that were answered, connections, and bytes of all bodies that came and went."""

    def __init__(self) -> None:
        self.requests = self.connections = self.received = self.sent = 0
        self.kinds: dict[str, int] = {}


class Connection(asyncio.Protocol):
    """One connection: what it is answered with waits for as long as a packet to S3 and back would take."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._came = bytearray()
        self._head: Request | None = None
        self._length = 0
        self._leaving: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.counted.connections += 1
        self._open = self._loop.time() + self._server.delay  # TCP's handshake is a round trip, too

    def data_received(self, data: bytes) -> None:
        self._came += data
        while self._head or self._read_head():
            assert self._head
            if len(self._came) < self._length:
                return
            body = bytes(self._came[: self._length])
            del self._came[: self._length]
            request, self._head = self._head, None
            self._answer(request, body)

    def connection_lost(self, _: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()

    def _read_head(self) -> bool:
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._came[:end].decode("latin-1").split("\r\n")
        del self._came[: end + 4]
        method, target, _ = first.split(" ")
        fields = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        self._head = Request.of(method, target, headers)
        self._length = int(headers.get("content-length", 0))
        if headers.get("expect"):
            self._send(_CONTINUE, delayed=True)
        return True

    def _answer(self, request: Request, body: bytes) -> None:
        if request.path == COUNTED:
            data = json.dumps(vars(self._server.counted)).encode()
            self._server.counted = Counted()
            self._send(_written(Answer(200, data), request.method), delayed=False)
            return
        answer = self._server.buckets.answer(request, body)
        counted = self._server.counted
        counted.requests += 1
        counted.received += len(body)
        counted.sent += 0 if request.method == "HEAD" else len(answer.body)
        kind = f"{request.method} {answer.status}"
        counted.kinds[kind] = counted.kinds.get(kind, 0) + 1
        self._send(_written(answer, request.method), delayed=True)

    def _send(self, data: bytes, *, delayed: bool) -> None:
        if not (delayed and self._server.delay):
            self._transport.write(data)
            return
        self._leaving.append((max(self._loop.time(), self._open) + self._server.delay, data))
        if self._timer is None:
            self._timer = self._loop.call_at(self._leaving[0][0], self._leave)

    def _leave(self) -> None:
        self._timer = None
        now = self._loop.time() + 1e-4
        while self._leaving and self._leaving[0][0] <= now:
            self._transport.write(self._leaving.popleft()[1])
        if self._leaving:
            self._timer = self._loop.call_at(self._leaving[0][0], self._leave)


class Server:
    """The buckets, what was counted, and the seconds of a round trip."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.buckets = Buckets()
        self.counted = Counted()


def _written(answer: Answer, method: str) -> bytes:
    headers = answer.headers
    if answer.status not in {204, 304}:
        headers = {"Content-Length": str(len(answer.body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {answer.status} {_WORDS.get(answer.status, 'Refused')}\r\nServer: double\r\n{lines}\r\n"
    return head.encode("latin-1") + (b"" if method == "HEAD" else answer.body)


async def main(delay: float) -> None:
    server = Server(delay)
    loop = asyncio.get_running_loop()
    running = await loop.create_server(lambda: Connection(server), "127.0.0.1", 0, backlog=1024)
    print(running.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - whoever started it waits for it
    await running.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
