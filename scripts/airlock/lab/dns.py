"""Questions and answers of DNS, as far as a resolver of IPv4 needs them (RFC 1035, section 4)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

A, AAAA, ANY = 1, 28, 255
_HEADER = struct.Struct(">6H")
_INTERNET = 1
_QUERY, _RECURSIVE, _ANSWERED, _NO_SUCH_NAME = 0x8000, 0x0100, 0x8080, 3
_SECONDS = 60  # to be kept, as private names of endpoints are
_LONGEST_LABEL = 63
_POINTER = b"\xc0\x0c"  # to the name of the question


@dataclass(frozen=True)
class Question:
    """What was asked: a name without its last dot, and the kind of record (A, AAAA, …) as a number."""

    number: int
    recursive: bool
    name: str
    kind: int
    section: bytes  # as it was asked, to be said again


def read(datagram: bytes) -> Question | None:
    """Read a question; None where it is none that can be answered."""
    if len(datagram) < _HEADER.size:
        return None
    number, flags, questions, *_ = _HEADER.unpack_from(datagram)
    if flags & _QUERY or questions != 1:
        return None
    labels, at = [], _HEADER.size
    while at < len(datagram) and (size := datagram[at]):
        if size > _LONGEST_LABEL:
            return None
        labels.append(datagram[at + 1 : at + 1 + size].decode("ascii", errors="replace"))
        at += 1 + size
    end = at + 5
    if len(datagram) < end:
        return None
    kind, _ = struct.unpack_from(">2H", datagram, at + 1)
    section = datagram[_HEADER.size : end]
    return Question(number, bool(flags & _RECURSIVE), ".".join(labels), kind, section)


def reply(question: Question, address: str) -> bytes:
    """Answer with an address of IPv4; without one, there is no such name. Other kinds of records have no answer."""
    flags = _ANSWERED | (_RECURSIVE if question.recursive else 0) | _QUERY
    if not address:
        return _HEADER.pack(question.number, flags | _NO_SUCH_NAME, 1, 0, 0, 0) + question.section
    found = question.kind in (A, ANY)
    head = _HEADER.pack(question.number, flags, 1, int(found), 0, 0) + question.section
    if not found:
        return head
    packed = ipaddress.IPv4Address(address).packed
    return head + _POINTER + struct.pack(">HHIH", A, _INTERNET, _SECONDS, len(packed)) + packed
