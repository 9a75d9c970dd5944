"""What a failure says can be printed."""

from __future__ import annotations

from airlock.errors import CorruptError


def test_a_name_in_an_error_cannot_command_a_terminal() -> None:
    error = CorruptError("a\x1b[31m is bad", cause="one\r\ntwo\udcff\u202e", remedy="ünder: x")

    assert str(error).splitlines() == [
        "a\\x1b[31m is bad",
        "  because: one\\r",
        "           two\\udcff\\u202e",
        "  next:    ünder: x",
    ]
