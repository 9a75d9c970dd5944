"""Sockets that hear a whole interface or namespace, with the kernel leaving out what starts nothing."""

from __future__ import annotations

import ctypes
import socket
import struct

ALL_PROTOCOLS = 0x0003  # ETH_P_ALL
SOL_PACKET, ADD_MEMBERSHIP, STATISTICS, PROMISCUOUS = 263, 1, 6, 1
SO_ATTACH_FILTER = 26
SENT = 4  # PACKET_OUTGOING

# Classic BPF (linux/filter.h), each line: code, where to jump if true, if false, operand.
# All but TCP segments that open no connection; 1,024 bytes of each frame.
FILTER = (
    (0x28, 0, 0, 12),  # load the EtherType
    (0x15, 0, 5, 0x0800),  # IPv4? else to the question for IPv6
    (0x30, 0, 0, 23),  # load its protocol
    (0x15, 0, 9, 6),  # TCP? else keep
    (0xB1, 0, 0, 14),  # X: the length of the IPv4 header
    (0x50, 0, 0, 27),  # load the flags, 14 + X + 13
    (0x05, 0, 0, 4),  # to the flags' test
    (0x15, 0, 5, 0x86DD),  # IPv6? else keep
    (0x30, 0, 0, 20),  # load its next header
    (0x15, 0, 3, 6),  # TCP? else keep
    (0x30, 0, 0, 67),  # load the flags
    (0x54, 0, 0, 0x12),  # SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone? else drop
    (0x06, 0, 0, 1024),  # keep
    (0x06, 0, 0, 0),  # drop
)


def hear(interface: str = "") -> socket.socket:
    """Return a socket with every frame of an interface, or of all interfaces of this thread's namespace."""
    protocol = 0 if interface else socket.htons(ALL_PROTOCOLS)  # with 0 nothing comes before bind
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, protocol)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in FILTER))
    pointed = struct.pack("HP", len(FILTER), ctypes.addressof(program))
    heard.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, pointed)
    if interface:
        heard.bind((interface, ALL_PROTOCOLS))
        # Frames from one port of a bridge to another come to the bridge only where it asks for all.
        request = struct.pack("iHH8s", socket.if_nametoindex(interface), PROMISCUOUS, 0, b"")
        heard.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, request)
    heard.settimeout(0.2)
    return heard


def lost(heard: socket.socket) -> int:
    """Return how many frames the socket had no room for, since this was last asked."""
    _, dropped = struct.unpack("II", heard.getsockopt(SOL_PACKET, STATISTICS, 8))
    return int(dropped)
