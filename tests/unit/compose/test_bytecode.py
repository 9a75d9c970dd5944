from __future__ import annotations

import marshal
import re
import sys
from types import CodeType
from typing import TYPE_CHECKING

import pytest

from airlock.compose import bytecode, entry
from airlock.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path

HERE = [sys.executable]
HEADER = 16  # magic number, flags, source hash (PEP 552)


def test_bytecode_is_unchecked_and_knows_its_path() -> None:
    (code,) = bytecode.compile_with(HERE, [("/opt/x.py", b"answer = 42\n")])
    assert code[4:8] == (1).to_bytes(4, "little")
    compiled = marshal.loads(code[HEADER:])  # noqa: S302 - our own, just made
    assert isinstance(compiled, CodeType)
    assert compiled.co_filename == "/opt/x.py"


def test_what_python_would_refuse_has_no_bytecode_and_stops_nothing() -> None:
    sources = [("/a.py", b"def ("), ("/b.py", b"x = 1"), ("/c.py", b"\xff\xfe")]
    codes = bytecode.compile_with(HERE, sources)
    assert [bool(code) for code in codes] == [False, True, False]


def test_the_same_sources_give_the_same_bytes() -> None:
    sources = [(f"/{number}.py", b"def f(a, b='x'):\n    return {'k': (a, b)}\n") for number in range(20)]
    assert bytecode.compile_with(HERE, sources) == bytecode.compile_with(HERE, sources)


def test_an_interpreter_that_fails_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        bytecode.compile_with([*HERE, str(tmp_path / "nothing")], [("/a.py", b"")])
    assert "UNCHECKED_HASH" not in caught.value.remedy


def test_only_sources_in_the_folder_are_compiled() -> None:
    class Fake:
        identity = "fake"
        tag = "cpython-313"

        def compile(self, sources: object) -> list[bytes]:
            assert sources == [("/lib/a.py", b"1")]
            return [b"code"]

    items = [entry.file("lib/a.py", "1"), entry.file("bin/b.py", "2"), entry.file("lib/c.txt", "3")]
    (made,) = bytecode.with_bytecode(items, Fake(), re.compile("lib/"))
    assert made.path == "lib/__pycache__/a.cpython-313.pyc"
