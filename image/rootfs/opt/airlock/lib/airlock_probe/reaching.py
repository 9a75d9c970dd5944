"""What a system call would reach: an address, or a name that is asked for."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from airlock_probe import kernel
from airlock_spec.check.facts import Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_probe.watch import Call

    Address = tuple[str, int]
    Peers = dict[tuple[int, int], Address]  # by process and descriptor

_DNS = 53
_MESSAGE, _MESSAGES_STEP = 56, 64  # struct msghdr, struct mmsghdr
_HEADER = 12  # of a message of DNS (RFC 1035, section 4.1.1)


@dataclass(frozen=True)
class Reach:
    """Where to, and how it fails; a target of "" is to be answered as if it had worked."""

    way: Way
    target: str
    errno: int = errno.ENETUNREACH


def of(call: Call, process: int, peers: Peers) -> Reach | None:
    """Say what a call would reach; None where it stays on this machine or sends nothing.

    `peers` remembers where sockets for datagrams are connected to. Raises OSError where the process is gone.
    """
    machine = kernel.machine()
    assert machine is not None
    with _Memory(process) as memory:
        descriptor = call.arguments[0] & 0xFFFFFFFF
        if call.number == machine.connect:
            peers.pop((process, descriptor), None)
            address = memory.address(call.arguments[1], call.arguments[2])
            return _connect(address, process, descriptor, peers)
        for destination, payload in _messages(call, memory):
            if found := _send(destination, payload, process, descriptor, peers):
                return found
    return None


def _connect(address: Address | None, process: int, descriptor: int, peers: Peers) -> Reach | None:
    if address is None:
        return None
    if not _protocol(process, descriptor).startswith("UDP"):
        return Reach(Way.CONNECT, shown(*address))
    # That alone sends nothing, and getaddrinfo(3) sorts addresses so. It must seem to work where there is no route:
    # what is sent to a name server says more.
    peers[process, descriptor] = address
    return Reach(Way.SEND, "")


def _send(
    destination: Address | None, payload: bytes, process: int, descriptor: int, peers: Peers
) -> Reach | None:
    destination = destination or peers.get((process, descriptor))
    if destination is None:
        if not _protocol(process, descriptor).startswith(("UDP", "TCP", "RAW", "PING")):
            return None
        return Reach(Way.SEND, "an unknown address")
    if destination[1] == _DNS and (name := asked_name(payload)):
        return Reach(Way.RESOLVE, name, errno.ECONNREFUSED)
    return Reach(Way.SEND, shown(*destination))


def _messages(call: Call, memory: _Memory) -> Iterator[tuple[Address | None, bytes]]:
    machine = kernel.machine()
    assert machine is not None
    if call.number == machine.sendto:
        _, buffer, length, _, address, size = call.arguments
        yield memory.address(address, size), memory.read(buffer, min(length, 512))
        return
    if call.number == machine.writev:
        yield None, memory.vectors(call.arguments[1], call.arguments[2])
        return
    many = call.number == machine.sendmmsg
    for number in range(min(call.arguments[2], 8) if many else 1):
        header = memory.read(call.arguments[1] + number * _MESSAGES_STEP, _MESSAGE)
        name, size, vectors, count = struct.unpack("QI4xQQ", header[:32])
        yield memory.address(name, size), memory.vectors(vectors, count)


def _protocol(process: int, descriptor: int) -> str:
    """Return the name of a socket's protocol, as `TCP` or `UDPv6` (sockfs(5) has it as an attribute)."""
    try:
        return os.getxattr(f"/proc/{process}/fd/{descriptor}", "system.sockprotoname").rstrip(b"\0").decode()
    except OSError:
        return "TCP"  # rather too much is refused


def asked_name(payload: bytes) -> str:
    """Return the name that a message of DNS asks for; "" where it is none (RFC 1035, section 4.1.2)."""
    labels, place = [], _HEADER
    while place < len(payload) and (length := payload[place]):
        if length > 63:  # noqa: PLR2004 - a pointer, which a question has none of
            return ""
        labels.append(payload[place + 1 : place + 1 + length].decode("ascii", "backslashreplace"))
        place += 1 + length
    return ".".join(labels)


def shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Memory:
    """Another process's memory, by /proc."""

    def __init__(self, process: int) -> None:
        self._file = os.open(f"/proc/{process}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self, place: int, length: int) -> bytes:
        return os.pread(self._file, length, place) if place and length else b""

    def vectors(self, place: int, count: int) -> bytes:
        """Return the beginning of what an array of struct iovec points at."""
        found = b""
        for number in range(min(count, 4)):
            base, length = struct.unpack("QQ", self.read(place + 16 * number, 16))
            found += self.read(base, min(length, 512))
        return found

    def address(self, place: int, length: int) -> Address | None:
        """Return host and port of a struct sockaddr; None for another family, or for none at all."""
        raw = self.read(place, min(length, 128))
        family = struct.unpack_from("H", raw)[0] if len(raw) > 1 else socket.AF_UNSPEC
        if family == socket.AF_INET and len(raw) >= 8:  # noqa: PLR2004
            return socket.inet_ntop(socket.AF_INET, raw[4:8]), struct.unpack_from("!H", raw, 2)[0]
        if family == socket.AF_INET6 and len(raw) >= 24:  # noqa: PLR2004
            host = ipaddress.IPv6Address(raw[8:24])
            return str(host.ipv4_mapped or host), struct.unpack_from("!H", raw, 2)[0]
        return None
