"""A moto server that can be copied: what took half a minute to put into it is there again at once, to be spoilt.

`POST /forks` answers with the URL of a copy, which holds all that it holds; `DELETE /forks` ends a copy. The server and
all its copies end with their common stdin.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PATH = "/forks"


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Forking:
    """The application, and the socket of a copy that is to be made when the request that wants it is answered."""

    moto: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))
    wanted: socket.socket | None = None
    ended: bool = False

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            answer: Iterable[bytes] = self.moto(environ, start)
            return answer
        start("200 OK", [("Content-Type", "text/plain")])
        if environ["REQUEST_METHOD"] == "DELETE":
            self.ended = True
            return []
        self.wanted = _listen()
        return [_url(self.wanted).encode()]


def serve() -> None:
    """Serve at a port of its own, which is printed; and go on as a copy where this process became one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for copies
    application = Forking()
    listening = _listen()
    sys.stdout.write(f"{_url(listening)}\n")
    sys.stdout.flush()
    for said in (1, 2):  # moto says much, nobody reads it, and a full pipe would stop it
        os.dup2(os.open(os.devnull, os.O_WRONLY), said)
    while copy := _serve_until_copied(application, listening):
        if os.fork():  # one thread: no lock is held by another
            copy.close()
        else:
            listening.close()
            listening = copy


def _serve_until_copied(application: Forking, listening: socket.socket) -> socket.socket | None:
    """Answer requests one after another; return the socket of the copy that is wanted, or None at the end.

    A connection is read when there is something to read: clients open some that they do not use.
    """
    waiting: dict[socket.socket, Any] = {}
    host, port = listening.getsockname()
    fd = listening.fileno()
    with make_server(host, port, application, fd=fd, request_handler=_Quiet) as server:
        while not application.ended and not application.wanted:
            ready = select.select([listening, sys.stdin, *waiting], [], [])[0]
            if sys.stdin in ready:
                return None
            if listening in ready:
                connection, address = server.get_request()
                waiting[connection] = address
            for connection in waiting.keys() & ready:
                with contextlib.suppress(OSError):  # whoever asked is gone
                    server.process_request(connection, waiting.pop(connection))
    for connection in waiting:
        connection.close()
    copy, application.wanted = application.wanted, None
    return copy


def _listen() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}"
