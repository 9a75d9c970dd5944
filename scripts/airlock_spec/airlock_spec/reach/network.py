"""The seam: how a process reaches others, whoever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class CertificateError(OSError):
    """It speaks TLS, and its certificate is not one for the name, or of nobody who is trusted."""


class Network(Protocol):
    """How this process reaches others; every method raises OSError with a reason for people."""

    def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of a host, in the order in which to try them."""
        ...

    def connect(self, address: str, port: int, timeout: float) -> None:
        """Open a TCP connection within `timeout` seconds and close it."""
        ...

    def ask(self, host: str, address: str, timeout: float) -> str:
        """Ask for anything by HTTPS; return what was agreed on and answered, as "TLSv1.3, HTTP 403".

        The certificate must be the host's, else CertificateError. All of it within `timeout` seconds.
        """
        ...
