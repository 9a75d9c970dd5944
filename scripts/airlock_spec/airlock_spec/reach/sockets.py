"""The network as this host's resolver and kernel give it."""

from __future__ import annotations

import os
import re
import socket
import ssl
import time

from airlock_spec.reach.network import CertificateError

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
LINE = 1 << 10  # bytes within which an answer says its status
ASK = "GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: airlock-preflight\r\nConnection: close\r\n\r\n"
BUNDLE = "AWS_CA_BUNDLE"  # which boto3 trusts instead of the system's authorities


class SystemNetwork:
    """Implements `network.Network`.

    How long a name may take is the resolver's configuration (resolv.conf: 5 s a server, twice), not ours.
    """

    def resolve(self, host: str) -> list[str]:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except UnicodeError as error:  # a label that is empty or longer than 63 bytes
            raise OSError(f"not a host name: {error}") from error
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def connect(self, address: str, port: int, timeout: float) -> None:
        socket.create_connection((address, port), timeout).close()

    def ask(self, host: str, address: str, timeout: float, port: int = 443) -> str:
        """Trust whom boto3 trusts. Any status is an answer: without a signature, AWS refuses what is asked."""
        end = time.monotonic() + timeout
        context = ssl.create_default_context(cafile=os.environ.get(BUNDLE) or None)
        with socket.create_connection((address, port), timeout) as plain:
            plain.settimeout(remaining(end))
            try:
                secure = context.wrap_socket(plain, server_hostname=host)
            except ssl.SSLCertVerificationError as error:
                fact = f"its certificate is not trusted for {host}: {error.verify_message}"
                raise CertificateError(fact) from error
            except ssl.SSLError as error:
                raise OSError(f"no TLS: {error.reason or error}") from error
            with secure:
                secure.sendall(ASK.format(host).encode())
                return f"{secure.version()}, HTTP {status(secure, end)}"


def status(secure: ssl.SSLSocket, end: float) -> str:
    """Read as much of an answer as says its status. Raises OSError where it is no HTTP, or too late."""
    said = b""
    while len(said) < LINE and b"\n" not in said:
        secure.settimeout(remaining(end))
        part = secure.recv(LINE)
        if not part:
            break
        said += part
    found = STATUS.match(said)
    if found is None:
        raise OSError("TLS, but no HTTP in it" if said else "TLS, but it closes without an answer")
    return found[1].decode()


def remaining(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
