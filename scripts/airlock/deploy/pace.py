"""How long is waited, how often is asked, and what is asked again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from airlock.deploy.cluster import is_passing
from airlock.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.terminal import Terminal

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12


@dataclass(frozen=True)
class Pace:
    """`seconds` until what is waited for must be so; every `interval` seconds it is looked at."""

    seconds: float
    interval: float = 5.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def deadline(self) -> float:
        return self.clock() + self.seconds

    def polls(self, deadline: float) -> Iterator[None]:
        """Yield now, after every interval, and for the last time at the deadline."""
        while True:
            yield
            left = deadline - self.clock()
            if left <= 0:
                return
            self.sleep(min(self.interval, left))


def attempt(request: Callable[[], _T], terminal: Terminal) -> _T | None:
    """Ask; None, which is said, where a later answer may be another. Raises AwsError for every other failure."""
    try:
        return request()
    except AwsError as error:
        _say_or_raise(error, terminal)
        return None


def persist(request: Callable[[], _T], pace: Pace, deadline: float, terminal: Terminal) -> _T:
    """Ask, of what may be asked twice, until there is an answer. Raises AwsError, at the deadline also what passes."""
    failure: AwsError | None = None
    for _ in pace.polls(deadline):
        try:
            return request()
        except AwsError as error:
            _say_or_raise(error, terminal)
            failure = error
    assert failure is not None  # it was asked at least once
    raise failure


def _say_or_raise(error: AwsError, terminal: Terminal) -> None:
    if not is_passing(error):
        raise error
    terminal.say(f"  {error.fact}: {error.code or error.cause}; asking again")
