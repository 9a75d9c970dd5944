"""The network as this host's resolver and kernel give it."""

from __future__ import annotations

import socket


class SystemNetwork:
    """Implements `endpoints.Network`.

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
