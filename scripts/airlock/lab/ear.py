"""What is heard on the wire: a packet socket that keeps only what begins something, and tells what it missed."""

from __future__ import annotations

import ctypes
import ipaddress
import select
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.lab import packets

if TYPE_CHECKING:
    from airlock.lab.report import Record

_LARGEST = 4096
_BUFFER = 1 << 22  # of which the kernel gives net.core.rmem_max at most
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER, asm-generic/socket.h
_SOL_PACKET, _STATISTICS = 263, 6  # packet(7)
_LAST = 0.05  # seconds that the last packet takes from the queue into the record
_INSTRUCTION = struct.Struct("=HBBI")  # struct sock_filter, linux/filter.h
# Instructions of the classic BPF, linux/bpf_common.h
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE, _LOAD_AT_X, _X_IS_HEADER = 0x20, 0x28, 0x30, 0x50, 0xB1
_AND, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x54, 0x15, 0x45, 0x06


@dataclass(frozen=True)
class Ear:
    """A packet socket on an interface, which takes down what `source` begins there."""

    record: Record
    interface: str
    source: str
    heard: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        # of no protocol until it is bound: so nothing comes by before the filter is there
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        program = filtering(self.source)
        kept = ctypes.create_string_buffer(program, len(program))
        described = struct.pack("@HP", len(program) // _INSTRUCTION.size, ctypes.addressof(kept))
        heard.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, described)
        heard.bind((self.interface, packets.IPV4))
        object.__setattr__(self, "heard", heard)

    def serve(self) -> None:
        """Take down each attempt that comes by, for ever."""
        while True:
            if found := packets.attempt(self.heard.recv(_LARGEST), self.source):
                self.record.tried(found)

    def settle(self, seconds: float) -> None:
        """Wait until all that was heard is taken down, for so many seconds at most."""
        end = time.monotonic() + seconds
        while select.select([self.heard], [], [], 0)[0] and time.monotonic() < end:
            time.sleep(_LAST)
        time.sleep(_LAST)

    def missed(self) -> int:
        """Return how many packets came faster than they were taken down, since this was asked last."""
        return int(struct.unpack("=2I", self.heard.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1])


def filtering(source: str) -> bytes:
    """Return what the kernel is to keep, as instructions: what `packets.attempt` gives something for, and little else.

    Without it, what goes on in connections (gigabytes, to S3) would crowd out the few packets that begin one.
    """
    address = int(ipaddress.IPv4Address(source))
    ethernet = 14
    program = (
        (_LOAD_WORD, 0, 0, ethernet + 12),
        (_IF_EQUAL, 0, 9, address),
        (_LOAD_HALF, 0, 0, ethernet + 6),
        (_IF_ANY_BIT, 7, 0, packets.LATER_FRAGMENT),
        (_LOAD_BYTE, 0, 0, ethernet + 9),
        (_IF_EQUAL, 0, 4, packets.TCP),
        (_X_IS_HEADER, 0, 0, ethernet),
        (_LOAD_AT_X, 0, 0, ethernet + 13),
        (_AND, 0, 0, packets.SYN | packets.ACK),
        (_IF_EQUAL, 0, 1, packets.SYN),
        (_RETURN, 0, 0, _LARGEST),
        (_RETURN, 0, 0, 0),
    )
    return b"".join(_INSTRUCTION.pack(*one) for one in program)
