"""Structured logs of something that is asked every few seconds: what fails again and again is said once a minute."""

from __future__ import annotations

import time
from typing import Protocol

_AGAIN = 60.0  # seconds


class Log(Protocol):
    """A structured log, as structlog's."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...


class Failures:
    """What fails at each try, by the event that tells it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told: dict[str, tuple[str, float]] = {}

    def tell(self, event: str, error: BaseException, **fields: object) -> None:
        """Log a failure that is another than the last, or that lasts for a minute more."""
        text = f"{type(error).__name__}: {error}"
        before, at = self._told.get(event, ("", 0.0))
        if before == text and time.monotonic() - at < _AGAIN:
            return
        self._told[event] = (text, time.monotonic())
        self._log.error(event, reason=str(error), error=type(error).__name__, **fields)

    def over(self, event: str) -> bool:
        """Note that a try went well; return whether the last one had failed."""
        return self._told.pop(event, None) is not None
