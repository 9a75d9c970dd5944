"""Hosts, ports and addresses, and which addresses only a private network routes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

HTTPS = 443
LAST_PORT = 65535

# Not ipaddress's is_private: that holds for documentation and reserved ranges, which no endpoint has, and
# not for RFC 6598, which a VPC may use. Loopback is what a lab on one machine has.
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        *("100.64.0.0/10", "fc00::/7"),  # RFC 6598, RFC 4193
        *("127.0.0.0/8", "::1/128"),
    )
)


@dataclass(frozen=True)
class Destination:
    """A host (a name or an address) and a TCP port."""

    host: str
    port: int = HTTPS

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Read `host`, `host:port`, `[ipv6]` or `[ipv6]:port`. Raises ValueError for anything else."""
        host, colon, port = text.strip(), "", ""
        if host.startswith("["):
            host, bracket, rest = host[1:].partition("]")
            if not bracket or (rest and not rest.startswith(":")):
                raise ValueError(f"{text!r} is not [address] or [address]:port")
            colon, port = rest[:1], rest[1:]
        elif host.count(":") == 1:
            host, colon, port = host.partition(":")
        if not host or set(host) & set(" /@?#"):
            raise ValueError(f"{text!r} is not a host or host:port (no scheme, no path)")
        if not colon:
            return cls(host)
        if not (port.isascii() and port.isdigit() and 0 < int(port) <= LAST_PORT):
            raise ValueError(f"{text!r} has no port between 1 and {LAST_PORT} after the colon")
        return cls(host, int(port))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def is_private(address: str) -> bool:
    """Tell whether an address, as a resolver gives it, is one that only a private network routes."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in PRIVATE if network.version == parsed.version)
