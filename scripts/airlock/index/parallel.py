"""Work done by several threads that nobody has to wait for: Ctrl-C ends the program, not the slowest server."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Job = TypeVar("Job")
Result = TypeVar("Result")


def each(jobs: Sequence[Job], work: Callable[[Job], Result], threads: int) -> Iterator[Result]:
    """Yield what `work` returns for each job, in the order in which they finish.

    Raises what `work` raises. Threads are daemons, because a ThreadPoolExecutor is joined at exit.
    """
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Result, None] | tuple[None, BaseException]] = queue.SimpleQueue()
    stop = threading.Event()
    for job in jobs:
        waiting.put(job)

    def run() -> None:
        while not stop.is_set():
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((work(job), None))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                done.put((None, error))

    for number in range(min(threads, len(jobs))):
        threading.Thread(target=run, name=f"fetch-{number}", daemon=True).start()
    try:
        for _ in jobs:
            result, error = done.get()
            if error is not None:
                raise error
            yield result  # type: ignore[misc]
    finally:
        stop.set()
