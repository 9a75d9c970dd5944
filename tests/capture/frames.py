"""What a frame on the wire tries to reach: addresses, ports and names, read from its bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

ETHERNET = 14
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
DNS = 53
QUERY_TYPES = {1: "A", 28: "AAAA", 5: "CNAME", 12: "PTR", 16: "TXT", 33: "SRV", 65: "HTTPS"}
ECHO_REQUEST = {ICMP: 8, ICMPV6: 128}


@dataclass(frozen=True, order=True)
class Attempt:
    """Something that a container tried: an address by a protocol, or a name that it asked for."""

    protocol: str  # tcp, udp, icmp, arp, ip-N; or dns, where the target is a name
    target: str
    port: int = 0  # where the protocol has none

    def __str__(self) -> str:
        if not self.port:
            return f"{self.protocol} {self.target}"
        target = f"[{self.target}]" if ":" in self.target else self.target
        return f"{self.protocol} {target}:{self.port}"


class Flow(NamedTuple):
    """The two ends of a UDP datagram."""

    source: str
    source_port: int
    target: str
    target_port: int

    @property
    def reversed(self) -> Flow:
        return Flow(self.target, self.target_port, self.source, self.source_port)


class Frame(NamedTuple):
    """What one frame says: who sent it, what it tries, and the flow it belongs to where it is UDP."""

    source: str
    attempt: Attempt
    flow: Flow | None = None
    asks: bytes = b""  # a UDP datagram's payload


def read(frame: bytes) -> Frame | None:
    """Read an Ethernet frame; return None where it starts nothing: an answer, or upkeep of the link."""
    kind = int.from_bytes(frame[12:14])
    body = frame[ETHERNET:]
    if kind == ARP and len(body) >= 28:
        return _arp(body)
    if kind == IPV4 and len(body) >= 20:
        length = (body[0] & 0x0F) * 4
        return _transport(body[9], body[12:16], body[16:20], body[length:])
    if kind == IPV6 and len(body) >= 40:
        return _transport(body[6], body[8:24], body[24:40], body[40:])
    return None


def _arp(body: bytes) -> Frame | None:
    source, target = str(ip_address(body[14:18])), str(ip_address(body[24:28]))
    request = int.from_bytes(body[6:8]) == 1
    if not request or source in (target, "0.0.0.0"):  # noqa: S104 - announcing itself, or asking whether it is free
        return None
    return Frame(source, Attempt("arp", target))


def _transport(protocol: int, packed_source: bytes, packed_target: bytes, body: bytes) -> Frame | None:
    source, target = str(ip_address(packed_source)), str(ip_address(packed_target))
    if protocol == TCP and len(body) >= 14:
        begins = body[13] & 0x12 == 0x02  # SYN without ACK
        return Frame(source, Attempt("tcp", target, int.from_bytes(body[2:4]))) if begins else None
    if protocol == UDP and len(body) >= 8:
        source_port, target_port = struct.unpack("!HH", body[:4])
        flow = Flow(source, source_port, target, target_port)
        return Frame(source, Attempt("udp", target, target_port), flow, body[8:])
    if protocol in ECHO_REQUEST:
        # The other types answer something, or are the kernel's talk about neighbours and groups.
        asks = body[:1] == bytes([ECHO_REQUEST[protocol]])
        return Frame(source, Attempt("icmp", target)) if asks else None
    if protocol == 0:  # IPv6 hop-by-hop options: the kernel's reports of multicast groups
        return None
    return Frame(source, Attempt(f"ip-{protocol}", target))


def question(payload: bytes) -> str | None:
    """Return the name and type that a DNS query asks for, such as `db.internal AAAA`; None for what is none."""
    if len(payload) < 17 or payload[2] & 0x80:  # an answer
        return None
    labels = []
    at = 12
    while at < len(payload) and payload[at]:
        length = payload[at]
        labels.append(payload[at + 1 : at + 1 + length].decode("ascii", "backslashreplace").lower())
        at += 1 + length
    if at + 3 > len(payload):
        return None
    kind = int.from_bytes(payload[at + 1 : at + 3])
    return f"{'.'.join(labels)} {QUERY_TYPES.get(kind, kind)}"
