"""What is read from another process's calls."""

from __future__ import annotations

from airlock_probe.reaching import asked_name, shown

HEADER = bytes(12)


def question(*labels: bytes) -> bytes:
    return HEADER + b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\x01\0\x01"


def test_the_name_of_a_question() -> None:
    assert asked_name(question(b"api", b"example", b"com")) == "api.example.com"


def test_what_is_no_question_has_no_name() -> None:
    assert asked_name(b"") == ""
    assert asked_name(HEADER) == ""
    assert asked_name(HEADER + b"\xc0\x0c") == ""
    assert asked_name(question(b"\xff\x00")) == "\\xff\x00"


def test_a_question_that_is_cut_is_read_as_far_as_it_goes() -> None:
    assert asked_name(question(b"api", b"example")[:18]) == "api.e"


def test_addresses_are_shown_as_urls_have_them() -> None:
    assert shown("192.0.2.1", 80) == "192.0.2.1:80"
    assert shown("2001:db8::1", 443) == "[2001:db8::1]:443"
