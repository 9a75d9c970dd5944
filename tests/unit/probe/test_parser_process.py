"""What a parser says is told from what a file writes in its place."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from airlock_probe.parser_process import EndedError, ParserProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


class Silent(ParserProcess):
    """One whose process is this test: it says what is written to `says`."""

    def __init__(self) -> None:
        self.lines, self.says = os.pipe()
        os.set_blocking(self.lines, False)
        self._line = bytearray()
        self._process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])

    def say(self, data: bytes) -> list[object]:
        os.write(self.says, data)
        return list(self.said())


@pytest.fixture
def parser() -> Iterator[Silent]:
    silent = Silent()
    yield silent
    for descriptor in (silent.lines, silent.says):
        os.close(descriptor)


def test_lines_are_said_once_they_are_whole(parser: Silent) -> None:
    assert parser.say(b'{"a": 1}\n{"b"') == [{"a": 1}]
    assert parser.say(b": 2}\n\n") == [{"b": 2}]
    assert list(parser.said()) == []


def test_what_is_no_object_is_told_and_what_follows_is_heard(parser: Silent) -> None:
    assert parser.say(b'garbage\n[1]\n\xff\xfe\n{"ended": 0}\n') == [None, None, None, {"ended": 0}]


def test_the_end_is_told_after_what_was_said(parser: Silent) -> None:
    os.write(parser.says, b'{"a": 1}\n')
    os.close(parser.says)
    parser.says = os.open(os.devnull, os.O_WRONLY)
    said = parser.said()
    assert next(said) == {"a": 1}
    with pytest.raises(EndedError) as ended:
        next(said)
    assert ended.value.code == 3
