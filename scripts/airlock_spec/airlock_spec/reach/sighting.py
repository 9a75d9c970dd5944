"""What a kind of finding in what was seen from a task is, and how destinations and attempts are told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_spec.check.documented import Documented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.finding import Severity
    from airlock_spec.reach.observed import Kind, Observed, Sight

TOLD = 3  # attempts, of a name that has many addresses


@dataclass(frozen=True)
class Seen:
    """What a rule found: the destination, what is so, and where it says more than the rule, how to mend it."""

    message: str
    fix: str = ""
    severity: Severity | None = None
    detail: str = ""


class Sighting(Documented, ABC):
    """A kind of finding in what was seen from a task."""

    @abstractmethod
    def find(self, observed: Observed) -> Iterator[Seen]:
        """Find what is not as it should be."""


def of(observed: Observed, *kinds: Kind) -> Iterator[Sight]:
    return (one for one in observed.sights if one.kind in kinds)


def name(one: Sight) -> str:
    return f"{one.destination} ({one.why})" if one.why else one.destination


def tried(one: Sight) -> str:
    told = [f"{attempt.address}: {attempt.said} ({attempt.seconds:.1f} s)" for attempt in one.attempts]
    more = [f"and {len(told) - TOLD} more"] if len(told) > TOLD else []
    return "; ".join([*told[:TOLD], *more])
