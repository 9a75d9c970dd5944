"""How a command that keeps a folder ends: within a second, whatever it waits for.

Whatever it was at, the folder is whole: a release is seen by a rename, and the next run removes what was staged.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SECONDS = 0.7  # that threads are given to end, which may be waiting for S3
TERMINATED = 128 + signal.SIGTERM  # an exit code, as shells report it
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class AskedToEndError(BaseException):
    """SIGTERM came: no failure, and nothing that `except Exception` should catch."""


@contextlib.contextmanager
def asked() -> Iterator[None]:
    """Raise AskedToEndError for SIGTERM and KeyboardInterrupt for Ctrl-C, and let nothing hold up the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    for each in _SIGNALS:  # a second one changes nothing
        signal.signal(each, signal.SIG_IGN)
    threading.Thread(target=_insist, args=(128 + number,), daemon=True).start()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise AskedToEndError


def _insist(code: int) -> NoReturn:
    time.sleep(_SECONDS)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)
