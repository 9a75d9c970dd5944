# ruff: noqa: PLC0415, S106 - each client is imported where it is tried; nothing here is a password
"""Connect with every TLS library of the image to a server of ours, and print what each made of its certificate.

Arguments: the folder that holds NAME.pem (certificate and key) for each server, and perhaps names of clients,
for not all of them are to be tried. The server tells what a client
thinks of its certificate: one that trusts it goes on to ask for something, one that does not goes away.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import socket
import ssl
import sys
import threading
import time
import urllib.request
from pathlib import Path

HERE = "127.0.0.1"
SECONDS = 5
HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"  # an empty frame, with which an HTTP/2 server begins
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # PostgreSQL's, before the handshake


class Server(threading.Thread):
    """Notes what a client did: it asked for something once it trusted the certificate, else it went away."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.set_alpn_protocols(["http/1.1", "h2", "postgresql"])
        self.listening = socket.create_server((HERE, 0))
        self.port = self.listening.getsockname()[1]
        self.seen: set[str] = set()
        self.start()

    def run(self) -> None:
        while True:
            plain, _ = self.listening.accept()
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain: socket.socket) -> None:
        plain.settimeout(SECONDS)
        if plain.recv(8, socket.MSG_PEEK) == SSL_REQUEST:
            plain.recv(8)
            plain.sendall(b"S")
        asked = b""
        with contextlib.suppress(OSError), self.context.wrap_socket(plain, server_side=True) as secure:
            asked = secure.recv(65536)
            if asked.startswith(b"PRI * HTTP/2"):
                secure.sendall(SETTINGS)
                secure.recv(65536)
            elif b" HTTP/1.1\r\n" in asked:
                secure.sendall(HTTP)
        self.seen.add("asked" if asked else "went away")


def standard_library(port: int) -> None:
    urllib.request.urlopen(f"https://{HERE}:{port}", timeout=SECONDS)


def requests(port: int) -> None:
    import requests

    requests.get(f"https://{HERE}:{port}", timeout=SECONDS)


def urllib3(port: int) -> None:
    import urllib3

    urllib3.PoolManager(retries=False).request("GET", f"https://{HERE}:{port}", timeout=SECONDS)


def httpx(port: int) -> None:
    import httpx

    httpx.get(f"https://{HERE}:{port}", timeout=SECONDS)


def aiohttp(port: int) -> None:
    import asyncio

    import aiohttp

    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(f"https://{HERE}:{port}"):
            pass

    asyncio.run(get())


def botocore(port: int) -> None:
    import boto3
    from botocore.config import Config

    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=SECONDS, read_timeout=SECONDS)
    boto3.client("s3", endpoint_url=f"https://{HERE}:{port}", config=once, **keys).list_buckets()


def slack_sdk(port: int) -> None:
    from slack_sdk import WebClient

    WebClient(token="none", base_url=f"https://{HERE}:{port}/").api_test()


def snowflake(port: int) -> None:
    from snowflake.connector.vendored import requests

    requests.get(f"https://{HERE}:{port}", timeout=SECONDS)


def grpc(port: int) -> None:
    import grpc

    with grpc.secure_channel(f"{HERE}:{port}", grpc.ssl_channel_credentials()) as channel:
        grpc.channel_ready_future(channel).result(timeout=1)


def arrow_s3(port: int) -> None:
    from pyarrow import fs

    fs.S3FileSystem(
        access_key="a",
        secret_key="b",
        endpoint_override=f"{HERE}:{port}",
        request_timeout=1,
        connect_timeout=1,
    ).get_file_info("bucket/key")


def arrow_flight(port: int) -> None:
    from pyarrow import flight

    flight.connect(f"grpc+tls://{HERE}:{port}").wait_for_available(1)


def debian_libpq(port: int) -> None:
    libpq = ctypes.CDLL("libpq.so.5")
    libpq.PQconnectdb.restype = ctypes.c_void_p
    libpq.PQconnectdb(postgres(port).encode())


def psycopg2(port: int) -> None:
    import psycopg2

    psycopg2.connect(postgres(port))


def psycopg(port: int) -> None:
    import psycopg

    psycopg.connect(postgres(port))


def asyncpg(port: int) -> None:
    import asyncio

    import asyncpg

    trusting = "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt"
    asyncio.run(asyncpg.connect(f"postgres://u@{HERE}:{port}/d?{trusting}", timeout=SECONDS))


def openssl(port: int) -> None:
    import subprocess

    command = ["openssl", "s_client", "-verify_return_error", "-verify_ip", HERE, f"{HERE}:{port}"]
    subprocess.run(command, input=b"GET / HTTP/1.1\r\n\r\n", check=True, capture_output=True)


def postgres(port: int) -> str:
    return f"host={HERE} port={port} user=u sslmode=verify-full sslrootcert=system connect_timeout={SECONDS}"


CLIENTS = (
    standard_library, requests, urllib3, httpx, aiohttp, botocore, slack_sdk, snowflake, grpc,
    arrow_s3, arrow_flight, debian_libpq, psycopg2, psycopg, asyncpg, openssl,
)  # fmt: skip


def main() -> None:
    result: dict[str, dict[str, str]] = {}
    for path in sorted(Path(sys.argv[1]).glob("*.pem")):
        result[path.stem] = {}
        for client in (one for one in CLIENTS if not sys.argv[2:] or one.__name__ in sys.argv[2:]):
            server = Server(path)
            said = "-"
            try:
                client(server.port)
            except Exception as error:  # noqa: BLE001 - what the server saw is the result
                said = f"{type(error).__name__}: {error}"
            deadline = time.monotonic() + 1
            while not server.seen and time.monotonic() < deadline:
                time.sleep(0.01)
            seen = " and ".join(sorted(server.seen)) or "never came"
            sys.stderr.write(f"{path.stem} {client.__name__}: {seen}: {said}\n")
            result[path.stem][client.__name__] = seen
    sys.stdout.write(json.dumps(result))


main()
