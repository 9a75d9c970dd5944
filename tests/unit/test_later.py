from __future__ import annotations

import threading

import pytest

from airlock.later import begin


def test_work_goes_on_while_its_result_is_not_wanted() -> None:
    started, may_end = threading.Event(), threading.Event()

    def work() -> int:
        started.set()
        assert may_end.wait(10)
        return 7

    result = begin(work)
    assert started.wait(10)
    may_end.set()
    assert result() == 7


def test_what_the_work_raises_is_raised_where_its_result_is_wanted() -> None:
    def work() -> None:
        raise ValueError("no")

    result = begin(work)
    with pytest.raises(ValueError, match="no"):
        result()
