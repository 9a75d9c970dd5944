"""Follows a location: looks at it again and again, and goes on whatever fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NoReturn, Protocol

from airlock.errors import AirlockError
from airlock_spec.releases.failures import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock_spec.releases.pulling import Pull, Pulled

_COLLECTED = 3600.0  # seconds between two looks for what has become old while nothing changed


class Told(Protocol):
    """Whoever is told what happens."""

    def changed(self, pulled: Pulled) -> None:
        """Hear that another release serves, or at first which one does."""

    def failed(self, text: str) -> None:
        """Hear why nothing could be done; once, until it is another reason."""

    def recovered(self) -> None:
        """Hear that it goes on after that."""


def follow(
    pull: Pull, interval: float, told: Told, sleep: Callable[[float], object] = time.sleep
) -> NoReturn:
    """Look every `interval` seconds, for ever; it is ended by a signal."""
    failure, serving, collected = "", "", time.monotonic()
    while True:
        try:
            pulled = pull.once()
            if time.monotonic() - collected > _COLLECTED:
                pull.collect()
                collected = time.monotonic()
        except (ReleaseError, AirlockError, OSError) as error:
            text = _line(error)
            if text != failure:
                told.failed(text)
            failure = text
        else:
            if failure:
                told.recovered()
                failure = ""
            if pulled.release != serving:
                told.changed(pulled)
                serving = pulled.release
        sleep(interval)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
