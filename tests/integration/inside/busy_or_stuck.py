"""As airflow_local_settings of a component: two signals make its main thread busy, or wait for ever, for a time."""

from __future__ import annotations

import signal
import threading
import time

SECONDS = 40.0


def busy(*_: object) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pass


def stuck(*_: object) -> None:
    """Wait for what this thread holds itself; the other threads go on."""
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=SECONDS)


signal.signal(signal.SIGRTMIN, busy)
signal.signal(signal.SIGRTMIN + 1, stuck)
