from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import pytest

from airlock import process

LEADS_A_SESSION = "import os; print(os.getsid(0) == os.getpid())"


@pytest.mark.parametrize("apart", [True, False])
def test_a_program_that_runs_apart_has_no_terminal_to_type_into(apart: bool) -> None:  # noqa: FBT001 - pytest's
    assert process.run([sys.executable, "-c", LEADS_A_SESSION], apart=apart).stdout == f"{apart}\n".encode()


def test_what_outlives_this_program_does_not_hold_what_its_caller_left_open() -> None:
    ours, callers = os.pipe()
    os.set_inheritable(callers, True)  # noqa: FBT003 - the function's own shape; as `exec 3>` of a shell
    process.disinherit()
    stays = process.start_apart(["/bin/sleep", "300"], log=Path(os.devnull))
    os.close(callers)
    try:
        assert select.select([ours], [], [], 5)[0], "the pipe is open as long as the program runs"
        assert os.read(ours, 1) == b""
    finally:
        stays.kill()
        stays.wait()
        os.close(ours)
