"""Frames are read by what they try to reach."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from capture.frames import Attempt, question, read
from capture.heard import Heard

HERE, THERE = "172.18.0.2", "169.254.169.254"
SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04


def ethernet(kind: int, body: bytes) -> bytes:
    return bytes(12) + kind.to_bytes(2) + body


def ipv4(protocol: int, body: bytes, source: str = HERE, target: str = THERE, options: bytes = b"") -> bytes:
    length = 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH", 0x40 | length, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    return ethernet(0x0800, header + ip_address(source).packed + ip_address(target).packed + options + body)


def ipv6(protocol: int, body: bytes, target: str = "2001:db8::1") -> bytes:
    header = struct.pack("!IHBB", 6 << 28, len(body), protocol, 64)
    return ethernet(0x86DD, header + ip_address("fe80::2").packed + ip_address(target).packed + body)


def tcp(port: int, flags: int) -> bytes:
    return struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 5 << 4, flags, 0, 0, 0)


def udp(source: int, target: int, payload: bytes = b"") -> bytes:
    return struct.pack("!HHHH", source, target, 8 + len(payload), 0) + payload


def arp(operation: int, source: str, target: str) -> bytes:
    fixed = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet(
        0x0806, fixed + bytes(6) + ip_address(source).packed + bytes(6) + ip_address(target).packed
    )


def query(name: str, kind: int, flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 7, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def heard(*frames: tuple[bytes, bool]) -> list[str]:
    witness = Heard()
    for frame, sent in frames:
        witness.take(frame, sent=sent)
    return [str(attempt) for _, attempt in witness.attempts.elements()]


@pytest.mark.parametrize(
    ("frame", "attempt"),
    [
        (ipv4(6, tcp(80, SYN)), Attempt("tcp", THERE, 80)),
        (ipv4(6, tcp(80, SYN), options=bytes(8)), Attempt("tcp", THERE, 80)),
        (ipv6(6, tcp(443, SYN)), Attempt("tcp", "2001:db8::1", 443)),
        (ipv4(17, udp(5000, 514)), Attempt("udp", THERE, 514)),
        (ipv4(1, b"\x08\0\0\0"), Attempt("icmp", THERE)),
        (ipv6(58, b"\x80\0\0\0"), Attempt("icmp", "2001:db8::1")),
        (ipv4(47, bytes(8)), Attempt("ip-47", THERE)),
        (arp(1, HERE, "172.18.0.9"), Attempt("arp", "172.18.0.9")),
    ],
)
def test_what_begins_something_is_an_attempt(frame: bytes, attempt: Attempt) -> None:
    found = read(frame)

    assert found is not None
    assert found.attempt == attempt


@pytest.mark.parametrize(
    "frame",
    [
        ipv4(6, tcp(80, SYN_ACK)),
        ipv4(6, tcp(80, ACK)),
        ipv4(6, tcp(80, RST)),
        ipv4(1, b"\x00\0\0\0"),  # an echo's reply
        ipv4(1, b"\x03\x01\0\0"),  # unreachable
        ipv6(58, b"\x87\0\0\0"),  # who is that neighbour
        ipv6(0, bytes(8)),  # multicast groups
        arp(2, HERE, "172.18.0.9"),
        arp(1, HERE, HERE),
        arp(1, "0.0.0.0", HERE),  # noqa: S104 - is it free?
        ethernet(0x88CC, bytes(40)),
        ipv4(6, b"\0")[:30],
        b"",
    ],
)
def test_answers_and_upkeep_of_the_link_are_none(frame: bytes) -> None:
    assert read(frame) is None


def test_a_name_is_read_with_the_type_that_is_asked_for() -> None:
    assert question(query("Logs.us-east-1.amazonaws.com", 28)) == "logs.us-east-1.amazonaws.com AAAA"
    assert question(query("db", 257)) == "db 257"


@pytest.mark.parametrize(
    "payload", [b"", query("db", 1, flags=0x8180), query("db", 1)[:15], bytes(12) + b"\x3fabcd"]
)
def test_an_answer_or_what_is_cut_off_asks_for_no_name(payload: bytes) -> None:
    assert question(payload) is None


def test_a_question_to_dockers_resolver_counts_as_a_name_and_not_as_an_address() -> None:
    # The port is another one than 53 by the time that it is heard: Docker rewrites it.
    asked = ipv4(17, udp(5000, 44886, query("pypi.example", 1)), "127.0.0.1", "127.0.0.11")

    assert heard((asked, True)) == ["dns pypi.example A"]


def test_a_question_to_another_resolver_counts_as_both() -> None:
    asked = ipv4(17, udp(5000, 53, query("pypi.example", 1)), HERE, "192.0.2.53")

    assert heard((asked, True)) == ["dns pypi.example A", "udp 192.0.2.53:53"]


def test_dockers_resolver_by_tcp_is_not_overlooked() -> None:
    assert heard((ipv4(6, tcp(35037, SYN), "127.0.0.1", "127.0.0.11"), True)) == ["tcp 127.0.0.11:35037"]


def test_an_answer_by_udp_is_no_attempt() -> None:
    asked = ipv4(17, udp(5000, 53, b"x"), THERE, HERE)
    answer = ipv4(17, udp(53, 5000, b"y"), HERE, THERE)

    assert heard((asked, False), (answer, True)) == []


def test_what_was_only_received_or_stays_in_the_container_does_not_count() -> None:
    own = ipv4(6, tcp(8080, SYN), "127.0.0.1", "127.0.0.1")
    own_address = ipv4(6, tcp(8080, SYN), HERE, HERE)

    assert heard((ipv4(6, tcp(80, SYN)), False), (own, True), (own_address, True)) == []
