"""AWS, as moto doubles it: seeded first, then served on 443 under the real names, or at sockets that are inherited.

Nobody can see it half seeded: it is seeded by a port that only this process knows, and then opened.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer

from airlock_lab import authority, seed
from airlock_lab.refused import RefusedError
from airlock_spec.endpoints import ADR_001

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping, Sequence

SEED = "/opt/lab/seed.toml"
AUTHORITY = "ca.pem"  # in the folder LAB_CERTIFICATES
SILENCE = 60.0  # seconds that a connection may say nothing


def names(region: str) -> Iterator[str]:
    """Give the names of AWS that the lab answers to: those of the VPC's endpoints, and of a few that may be."""
    yield from (one.at(region, "*") for one in ADR_001)
    yield from (f"{service}.{region}.amazonaws.com" for service in ("sqs", "monitoring"))
    yield f"*.s3.{region}.amazonaws.com"  # buckets
    yield from ("localhost", "127.0.0.1")


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serve AWS until a signal comes: on 443 with TLS, or at inherited sockets.

    `--fd NUMBER` is one to answer plainly at. `--tls-fd NUMBER` is one to answer at with TLS, under `--names` alone;
    the certificate of the authority is then written to the descriptor `--authority-fd`, which is closed.
    """
    wanted = _options(arguments)
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    planted = seed.read(Path(environ.get("LAB_SEED", SEED)))
    application = DomainDispatcherApplication(create_backend_app)
    with _Server("127.0.0.1", 0, application) as private:
        threading.Thread(target=private.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{private.port}"
        seed.plant(planted, lambda service: _client(service, url, region))
        private.shutdown()
    if wanted.tls_fd is None and wanted.fd is None:
        issued = authority.issue(names(region))
        _publish(Path(environ.get("LAB_CERTIFICATES", "/certificates")) / AUTHORITY, issued.authority)
        servers = [_Server("0.0.0.0", 443, application, issued.context())]  # noqa: S104 - a container's network
    else:
        servers = list(_inherited(wanted, application))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    sys.stderr.write(f"lab: aws: seeded from {planted.path}, open\n")
    for other in servers[1:]:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    servers[0].serve_forever()
    return 0


def _inherited(wanted: argparse.Namespace, application: Any) -> Iterator[_Server]:
    if wanted.tls_fd is not None:
        issued = authority.issue(wanted.names.split(","))
        yield _Server(_kind(wanted.tls_fd), 0, application, issued.context(), descriptor=wanted.tls_fd)
        if wanted.authority_fd is not None:
            with os.fdopen(wanted.authority_fd, "wb") as out:
                out.write(issued.authority)
    if wanted.fd is not None:
        yield _Server(_kind(wanted.fd), 0, application, descriptor=wanted.fd)


def _kind(descriptor: int) -> str:
    """Return what tells werkzeug of which family a socket is."""
    with socket.socket(fileno=os.dup(descriptor)) as one:
        return "unix://inherited" if one.family == socket.AF_UNIX else "127.0.0.1"


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open, as AWS's do
    timeout = SILENCE

    def log_request(self, *_: Any) -> None:
        """Say nothing: a line for each of Airflow's requests would drown what matters."""


class _Server(ThreadedWSGIServer):
    """A thread for each connection; a TLS handshake is its thread's business, so that no silent client stops all."""

    def __init__(
        self,
        host: str,
        port: int,
        application: Any,
        context: ssl.SSLContext | None = None,
        descriptor: int | None = None,
    ) -> None:
        super().__init__(host, port, application, handler=_Handler, fd=descriptor)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.ssl_context = context

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away, or whose handshake failed; all else is a bug."""
        if not isinstance(sys.exc_info()[1], OSError):  # ssl.SSLError is one
            BaseWSGIServer.handle_error(self, request, client_address)


def _client(service: str, url: str, region: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="seed",
        aws_secret_access_key="seed",  # noqa: S106 - moto asks nobody who he is
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise RefusedError(f"{message}: {self.format_usage().strip()}")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options. Raises RefusedError for others."""
    parser = _Parser("aws", add_help=False, allow_abbrev=False)
    for name in ("--fd", "--tls-fd", "--authority-fd"):
        parser.add_argument(name, type=int, metavar="NUMBER")
    parser.add_argument("--names", metavar="NAME,…", default="localhost")
    return parser.parse_args(list(arguments))


def _publish(path: Path, content: bytes) -> None:
    """Write a file for others to read, beside its place, then rename it."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise RefusedError(f"{path} cannot be written ({error.strerror}): mount a volume there") from error
