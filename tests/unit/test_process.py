from __future__ import annotations

import sys

import pytest

from airlock import process

LEADS_A_SESSION = "import os; print(os.getsid(0) == os.getpid())"


@pytest.mark.parametrize("apart", [True, False])
def test_a_program_that_runs_apart_has_no_terminal_to_type_into(apart: bool) -> None:  # noqa: FBT001 - pytest's
    assert process.run([sys.executable, "-c", LEADS_A_SESSION], apart=apart).stdout == f"{apart}\n".encode()
