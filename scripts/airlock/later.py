"""Work begun now whose result is wanted later, in a thread that nobody has to wait for."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

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
