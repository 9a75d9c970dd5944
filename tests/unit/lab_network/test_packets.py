"""What frames try to reach, and which of them the kernel is told to keep."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from airlock.lab.ear import filtering
from airlock.lab.packets import Attempt, attempt

ME = "10.20.1.10"
SYN, ACK = 0x02, 0x10


def frame(target: str, protocol: int, body: bytes, source: str = ME, kind: int = 0x0800) -> bytes:
    packed = [ipaddress.IPv4Address(one).packed for one in (source, target)]
    header = bytes([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0]) + b"".join(packed)
    return bytes(12) + kind.to_bytes(2) + header + body


def tcp(port: int, flags: int, number: int = 1, source_port: int = 40000) -> bytes:
    return struct.pack(">HHIIBBHHH", source_port, port, number, 0, 0x50, flags, 0, 0, 0)


def test_a_connection_that_is_begun_is_an_attempt() -> None:
    found = attempt(frame("203.0.113.9", 6, tcp(443, SYN)), ME)

    assert found
    assert found[:3] == ("tcp", "203.0.113.9", 443)


def test_what_goes_on_in_a_connection_is_none() -> None:
    for flags in (ACK, SYN | ACK, 0x11):
        assert attempt(frame("203.0.113.9", 6, tcp(443, flags)), ME) is None


def test_the_same_packet_sent_again_is_the_same_attempt() -> None:
    first, again, other = (
        attempt(frame("203.0.113.9", 6, tcp(443, SYN, number)), ME) for number in (1, 1, 2)
    )

    assert first == again != other


def test_datagrams_and_echoes_are_attempts() -> None:
    assert attempt(frame("192.0.2.1", 17, struct.pack(">4H", 40000, 514, 9, 0) + b"x"), ME) == Attempt(
        "udp", "192.0.2.1", 514, struct.pack(">4H", 40000, 514, 9, 0) + b"x"
    )
    found = attempt(frame("192.0.2.1", 1, b"\x08\0\0\0\0\x01\0\x01more"), ME)
    assert found == Attempt("icmp", "192.0.2.1", 0, b"\x08\0\0\0\0\x01\0\x01")


def test_a_protocol_that_is_not_known_is_told_by_its_number() -> None:
    assert attempt(frame("192.0.2.1", 47, b""), ME) == Attempt("ip-47", "192.0.2.1", 0, b"")


def test_others_packets_and_other_protocols_are_none() -> None:
    assert attempt(frame("192.0.2.1", 6, tcp(443, SYN), source="10.20.0.1"), ME) is None
    assert attempt(frame("192.0.2.1", 6, tcp(443, SYN), kind=0x86DD), ME) is None
    assert attempt(b"", ME) is None


def test_the_rest_of_a_datagram_in_parts_is_no_attempt_of_its_own() -> None:
    whole = frame("192.0.2.1", 17, struct.pack(">4H", 40000, 514, 9, 0) + b"x")
    first, later = (whole[:20] + part + whole[22:] for part in (b"\x20\x00", b"\x20\xb9"))

    assert attempt(first, ME)
    assert attempt(later, ME) is None


UDP = struct.pack(">4H", 40000, 514, 9, 0) + b"x"
LATER = frame("192.0.2.1", 17, UDP)
FRAMES = {
    "a connection that is begun": (frame("203.0.113.9", 6, tcp(443, SYN)), True),
    "what goes on in it": (frame("203.0.113.9", 6, tcp(443, ACK)), False),
    "an answer": (frame("203.0.113.9", 6, tcp(443, SYN | ACK)), False),
    "another's": (frame("203.0.113.9", 6, tcp(443, SYN), source="10.20.0.1"), False),
    "a datagram": (frame("192.0.2.1", 17, UDP), True),
    "the rest of one": (LATER[:20] + b"\x20\xb9" + LATER[22:], False),
    "an echo": (frame("192.0.2.1", 1, b"\x08\0\0\0\0\x01\0\x01"), True),
    "another protocol": (frame("192.0.2.1", 47, b""), True),
}


def kept(program: bytes, packet: bytes) -> bool:
    """Interpret the few instructions of the classic BPF that are used."""
    a = x = at = 0
    instructions: list[tuple[int, int, int, int]] = list(struct.iter_unpack("=HBBI", program))
    while True:
        code, yes, no, k = instructions[at]
        at += 1
        sizes = {0x20: 4, 0x28: 2, 0x30: 1}
        if code in sizes:
            a = int.from_bytes(packet[k : k + sizes[code]])
        elif code == 0x50:
            a = packet[x + k]
        elif code == 0xB1:
            x = 4 * (packet[k] & 0x0F)
        elif code == 0x54:
            a &= k
        elif code in (0x15, 0x45):
            at += yes if (a == k if code == 0x15 else a & k) else no
        else:
            assert code == 0x06
            return bool(k)


@pytest.mark.parametrize("what", FRAMES)
def test_the_kernel_keeps_what_begins_something(what: str) -> None:
    packet, begins = FRAMES[what]

    assert kept(filtering(ME), packet) is begins
    assert (attempt(packet, ME) is not None) is begins
