"""A moto server that can be copied: what took half a minute to put into it is there again at once, to be spoilt.

`python -m moto_forks` serves at a port of its own, which it prints. `POST /forks` answers with the port of a copy, which
holds all that it holds; `DELETE /forks` ends a copy.
"""

from __future__ import annotations

import os
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
        return [str(self.wanted.getsockname()[1]).encode()]


def main() -> None:
    """Serve, and go on as a copy where this process became one."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for copies
    application = Forking()
    listening = _listen()
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    while not application.ended:
        host, port = listening.getsockname()
        with make_server(host, port, application, fd=listening.fileno(), request_handler=_Quiet) as server:
            while not application.ended and not application.wanted:
                server.handle_request()
            if application.ended:
                return
            assert application.wanted
            copy, application.wanted = application.wanted, None
            if os.fork():  # one thread: no lock is held by another
                copy.close()
            else:
                listening.close()
                listening = copy


def _listen() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=128)


if __name__ == "__main__":
    main()
