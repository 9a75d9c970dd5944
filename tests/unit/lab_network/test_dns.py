"""Questions and answers of DNS."""

from __future__ import annotations

import struct

import pytest

from airlock.lab import dns


def asked(name: str, kind: int = dns.A, flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", 77, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)


def read(datagram: bytes) -> dns.Question:
    found = dns.read(datagram)
    assert found
    return found


def test_a_question_is_read() -> None:
    found = read(asked("sqs.us-east-1.amazonaws.com", dns.AAAA))

    assert (found.number, found.name, found.kind) == (77, "sqs.us-east-1.amazonaws.com", dns.AAAA)


def test_what_follows_a_question_is_left_out() -> None:
    found = read(asked("example.com") + b"\0\0\x29\x04\xd0\0\0\0\0\0\0")  # EDNS, as resolvers add it

    assert dns.reply(found, "192.0.2.1").endswith(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01")


def test_an_address_is_answered() -> None:
    found = dns.reply(read(asked("example.com")), "192.0.2.1")

    assert struct.unpack_from(">6H", found) == (77, 0x8180, 1, 1, 0, 0)
    assert found[12:29] == asked("example.com")[12:]
    assert found[-4:] == bytes([192, 0, 2, 1])


def test_a_name_without_an_address_of_ipv6_is_there_all_the_same() -> None:
    found = dns.reply(read(asked("example.com", dns.AAAA)), "192.0.2.1")

    assert struct.unpack_from(">6H", found) == (77, 0x8180, 1, 0, 0, 0)


def test_a_name_that_is_not_there_does_not_exist() -> None:
    found = dns.reply(read(asked("airlock")), "")

    assert struct.unpack_from(">6H", found) == (77, 0x8183, 1, 0, 0, 0)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"short",
        asked("example.com")[:-1],
        asked("example.com")[:20],
        asked("example.com", flags=0x8180),
        asked("example.com")[:12] + b"\xc0\x0c\0\x01\0\x01",
    ],
)
def test_what_is_no_question_has_no_answer(datagram: bytes) -> None:
    assert dns.read(datagram) is None
