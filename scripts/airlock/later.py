"""Work begun now whose result is wanted later, in a thread that nobody has to wait for."""

from __future__ import annotations

import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


def begin(work: Callable[[], Result]) -> Callable[[], Result]:
    """Start the work and return what waits for its result, or raises what it raised.

    The thread is a daemon: a program that ends without asking is not held up.
    """
    done: queue.SimpleQueue[tuple[Result, None] | tuple[None, BaseException]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is wanted
            done.put((None, error))

    def result() -> Result:
        value, error = done.get()
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    threading.Thread(target=run, name="later", daemon=True).start()
    return result


def each(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """Do the work for each item, several at once, and return the results in order.

    After the first failure none is begun; it is raised once those under way are done. Ctrl-C waits for none.
    """
    waiting = deque(enumerate(items))
    done: dict[int, Result] = {}
    failures: list[BaseException] = []

    def run() -> None:
        while waiting and not failures:
            try:
                number, item = waiting.popleft()
            except IndexError:  # another thread took the last
                return
            try:
                done[number] = work(item)
            except BaseException as error:  # noqa: BLE001 - raised again below
                failures.append(error)

    for finished in [begin(run) for _ in range(min(threads, len(waiting)))]:
        finished()
    if failures:
        raise failures[0]
    return [done[number] for number in sorted(done)]
