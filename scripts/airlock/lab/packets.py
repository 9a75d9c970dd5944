"""What a packet that leaves the tasks' subnet tries to reach (RFC 791, RFC 9293, RFC 768)."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

IPV4 = 0x0800
_ETHERNET = 14
TCP = 6
_ICMP, _UDP = 1, 17
SYN, ACK = 0x02, 0x10
LATER_FRAGMENT = 0x1FFF  # the bits of where a fragment begins
_LEAST = {TCP: 14, _UDP: 8, _ICMP: 1}
_NAMES = {TCP: "tcp", _UDP: "udp", _ICMP: "icmp"}


class Attempt(NamedTuple):
    """A protocol, an address and a port (0 where it has none); `key` is the same for what is only sent again."""

    protocol: str
    address: str
    port: int
    key: bytes


def attempt(frame: bytes, source: str) -> Attempt | None:
    """Read an Ethernet frame that `source` sent; None where it begins nothing."""
    packet = frame[_ETHERNET:]
    if len(packet) < 20 or int.from_bytes(frame[12:14]) != IPV4 or packet[0] >> 4 != 4:  # noqa: PLR2004
        return None
    if str(ipaddress.IPv4Address(packet[12:16])) != source or int.from_bytes(packet[6:8]) & LATER_FRAGMENT:
        return None
    target, kind = str(ipaddress.IPv4Address(packet[16:20])), packet[9]
    body = packet[(packet[0] & 0x0F) * 4 :]
    if kind not in _NAMES or len(body) < _LEAST[kind]:
        return Attempt(f"ip-{kind}", target, 0, b"")
    if kind == _ICMP:
        return Attempt("icmp", target, 0, body[:8])
    if kind == TCP and body[13] & (SYN | ACK) != SYN:
        return None
    # the ports and, of TCP, the number that it begins with
    return Attempt(_NAMES[kind], target, int.from_bytes(body[2:4]), body[:8] if kind == TCP else body)
