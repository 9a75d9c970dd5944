"""The API server, asked for the version of Airflow: the cheapest of its routes, without database or log-in."""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from airlock_runtime.verdict import Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock_runtime.settings import Settings

ROUTE = "/api/v2/version"
EXECUTION = "/execution/health"  # what `api-server --apps execution` has instead
ANSWER = "answer"
PORT = 8080  # Airflow's default
_LIMIT = 65536  # bytes of an answer that are read
_EVERYWHERE = {"", "0.0.0.0", "::", "*"}  # noqa: S104 - what a server may listen on; we ask on loopback
_PORT = re.compile(r"(?:^| )(?:port:|--port[ =]|-p ?)(\d+)(?: |$)")
_HOST = re.compile(r"(?:^| )(?:host:|--host[ =]|-H ?)(\S+)")
_CERTIFICATE = re.compile(r"(?:^| )--ssl-cert[ =]")
_OK, _NOT_FOUND = 200, 404


class Address(NamedTuple):
    """Where an API server listens."""

    host: str
    port: int
    path: str
    encrypted: bool


def address(settings: Settings, words: Sequence[str]) -> Address:
    """Return where to ask, by the settings and the server's command line. Raises SettingError, ValueError."""
    line = " ".join(words)
    number, name = _PORT.search(line), _HOST.search(line)
    port = int(number[1] if number else settings.get("api", "port") or PORT)
    host = name[1] if name else settings.get("api", "host") or ""
    base = re.sub(r"^\w+://[^/]*", "", settings.get("api", "base_url") or "").rstrip("/")
    encrypted = bool(settings.get("api", "ssl_cert")) or bool(_CERTIFICATE.search(line))
    return Address("127.0.0.1" if host in _EVERYWHERE else host, port, f"{base}{ROUTE}", encrypted)


def sign(
    at: Address, seconds: float, answered: float | None, asking: Callable[[Address, float], int]
) -> Sign:
    """Ask within so many seconds. `answered` is when an earlier check last had an answer."""
    where = f"{'https' if at.encrypted else 'http'}://{at.host}:{at.port}{at.path}"
    late = False
    try:
        status = asking(at, seconds)
        if status == _NOT_FOUND:
            status = asking(at._replace(path=at.path.removesuffix(ROUTE) + EXECUTION), seconds)
    except TimeoutError:
        late, reason = True, f"{where} gives none in {seconds:.1f} s"
    except OSError as error:
        reason = f"{where}: {error.strerror or error}"
    else:
        if status == _OK:
            return Sign("beat", ANSWER, time.time())
        reason = f"{where} says {status or 'something that is no HTTP'}"
    if answered is None:
        return Sign("none", ANSWER, reason=reason)
    return Sign("late" if late else "gone", ANSWER, answered, reason)


def asked_by_bash(at: Address) -> str:
    """Return where the next check may ask without Python (airlock-health); nothing where that takes TLS."""
    words = (at.host, str(at.port), at.path)
    return "" if at.encrypted or any(set(word) & set(" \n\\") for word in words) else " ".join(words)


def ask(at: Address, seconds: float) -> int:
    """Return the status of the answer, or 0 for what is no HTTP. Raises OSError, TimeoutError among them."""
    end = time.monotonic() + seconds
    with socket.create_connection((at.host, at.port), seconds) as plain:
        connection = _encrypted(plain) if at.encrypted else plain
        request = f"GET {at.path} HTTP/1.1\r\nHost: {at.host}:{at.port}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while b"\r\n" not in answer and len(answer) < _LIMIT:
            connection.settimeout(max(end - time.monotonic(), 0.001))
            part = connection.recv(4096)
            if not part:
                break
            answer += part
    found = re.match(rb"HTTP/1\.[01] (\d{3})\b", answer)
    return int(found[1]) if found else 0


def _encrypted(plain: socket.socket) -> socket.socket:
    """Speak TLS to the server that we know by its address: whose name its certificate has is for clients."""
    import ssl  # noqa: PLC0415 - health checks pay for every import, and few servers end TLS themselves

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)
