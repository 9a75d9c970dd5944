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
    (code,) = bytecode.Processes(HERE).compile([("/opt/x.py", b"answer = 42\n")])
    assert code[4:8] == (1).to_bytes(4, "little")
    compiled = marshal.loads(code[HEADER:])  # noqa: S302 - our own, just made
    assert isinstance(compiled, CodeType)
    assert compiled.co_filename == "/opt/x.py"


def test_what_python_would_refuse_has_no_bytecode_and_stops_nothing() -> None:
    sources = [("/a.py", b"def ("), ("/b.py", b"x = 1"), ("/c.py", b"\xff\xfe")]
    codes = bytecode.Processes(HERE).compile(sources)
    assert [bool(code) for code in codes] == [False, True, False]


def test_the_same_sources_give_the_same_bytes() -> None:
    sources = [(f"/{number}.py", b"def f(a, b='x'):\n    return {'k': (a, b)}\n") for number in range(20)]
    assert bytecode.Processes(HERE).compile(sources) == bytecode.Processes(HERE).compile(sources)


def test_what_was_compiled_before_leaves_no_trace() -> None:
    """Identifiers that a process has seen would become references in what it compiles next."""
    one = [("/one.py", b"def alpha(beta):\n    return beta.gamma('delta', 'epsilon')\n")]
    two = [("/two.py", b"def delta(gamma):\n    return gamma.beta('alpha', 'epsilon')\n")]
    processes = bytecode.Processes(HERE)
    again = [processes.compile(sources) for sources in (two, one, two)]
    assert again[0] == again[2] == bytecode.Processes(HERE).compile(two)
    assert again[1] == bytecode.Processes(HERE).compile(one)


def test_processes_end_when_they_are_closed() -> None:
    processes = bytecode.Processes(HERE)
    processes.compile([("/a.py", b"1")])
    (served,) = [processes._idle.get_nowait()]
    processes._idle.put(served)
    processes.close()
    assert served.returncode == 0


def test_an_interpreter_that_fails_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        bytecode.Processes([*HERE, str(tmp_path / "nothing")]).compile([("/a.py", b"")])
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
