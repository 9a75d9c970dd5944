"""Whose line a traceback blames, and what it says."""

from __future__ import annotations

import traceback

import pytest

from airlock_probe import frames, tracebacks
from airlock_spec.check.facts import Place

DAGS = "/opt/airflow/dags/"


def raised(source: str, name: str = "a.py") -> str:
    try:
        exec(compile(source, DAGS + name, "exec"), {})  # noqa: S102 - it is the test's own
    except BaseException:  # noqa: BLE001
        return traceback.format_exc()
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("source", "name", "message", "line"),
    [
        ("def f():\n    raise KeyError('no')\nf()", "KeyError", "'no'", 2),
        ("import json\njson.loads('{')", "JSONDecodeError", "Expecting property name", 2),
        ("raise SystemExit", "SystemExit", "", 1),
        ("\nraise ValueError('one\\ntwo')", "ValueError", "one\ntwo", 2),
        ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise OSError('x') from e", "OSError", "x", 4),
        ("\n\nraise ExceptionGroup('both', [ValueError('x'), KeyError('y')])", "ExceptionGroup", "both", 3),
        ("raise type('Odd', (Exception,), {'__module__': 'some.where'})('is: it')", "Odd", "is: it", 1),
    ],
)
def test_the_exception_and_the_innermost_line_of_the_bundle(
    source: str, name: str, message: str, line: int
) -> None:
    told = tracebacks.read(raised(source))
    assert told.name == name
    assert told.message.startswith(message)
    assert tracebacks.users(told, DAGS) == Place("a.py", line)


def test_a_syntax_error_is_at_its_own_line() -> None:
    told = tracebacks.read(raised("x = 1\nif x\n    pass"))
    assert (told.name, told.message.partition("\n")[0]) == ("SyntaxError", "expected ':'")
    assert tracebacks.users(told, DAGS) == Place("a.py", 2)


def test_a_line_that_led_to_the_exception_stands_in_for_one_that_is_not_of_the_bundle() -> None:
    text = raised("1 / 0") + "\nDuring handling of the above exception, another exception occurred:\n\n"
    text += 'Traceback (most recent call last):\n  File "/usr/lib/x.py", line 3, in g\n    h()\nRuntimeError: late\n'
    told = tracebacks.read(text)
    assert told.name == "RuntimeError"
    assert tracebacks.users(told, DAGS) == Place("a.py", 1)


def test_frames_of_faulthandler() -> None:
    text = (
        "Current thread 0x00007f (most recent call first):\n"
        '  File "/usr/lib/python3.13/socket.py", line 849 in create_connection\n'
        '  File "/opt/airflow/dags/sub/a.py", line 7 in <module>\n'
        '  File "/opt/airflow/dags/other.py", line 9 in <module>\n'
    )
    read = frames.parse(text)
    assert read[0] == ("/usr/lib/python3.13/socket.py", 849, "create_connection")
    assert frames.users(read, "/opt/airflow/dags") == Place("sub/a.py", 7)
    assert frames.users(read, "/elsewhere") is None
    assert frames.parse("  <no Python frame>\n") == []


def test_frames_that_led_to_the_bundle_are_left_out() -> None:
    airflows = '  File "/opt/venv/lib/x.py", line 238, in parse\n    loader.exec_module(new_module)\n'
    users = f'  File "{DAGS}a.py", line 2, in <module>\n    f()\n  File "/usr/lib/y.py", line 1, in f\nKeyError: 1\n'
    head = "Traceback (most recent call last):\n"
    assert tracebacks.without_callers(head + airflows + users, DAGS) == head + users
    assert tracebacks.without_callers(head + airflows, DAGS) == head + airflows
    assert tracebacks.without_callers("no traceback", DAGS) == "no traceback"
