"""Work that must end in time, although nothing can interrupt it: a look-up of a name, say."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do it in a thread, which is left behind where it takes too long.

    Raises TimeoutError then, and whatever the work raises.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def in_thread() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = threading.Thread(target=in_thread, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(f"not within {seconds:.0f} s")
    return done[0]
