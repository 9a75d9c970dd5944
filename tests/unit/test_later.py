from __future__ import annotations

import threading

import pytest

from airlock.later import begin, each


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


def test_results_are_in_the_order_of_the_items_and_of_work_done_at_once() -> None:
    together = threading.Barrier(3, timeout=10)

    def work(item: int) -> int:
        together.wait()
        return -item

    assert each(work, range(9), 3) == [-item for item in range(9)]
    assert each(work, [], 3) == []


def test_after_a_failure_nothing_is_begun() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        each(work, range(100), 1)
    assert begun == [0]
