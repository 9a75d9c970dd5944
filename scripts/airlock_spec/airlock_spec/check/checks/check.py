"""What a check is: a code, its documentation, and a pure function from facts to what it found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from airlock_spec.check.documented import Documented

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock_spec.check.facts import Place, Run
    from airlock_spec.check.finding import Severity
    from airlock_spec.check.settings import Settings


@dataclass(frozen=True)
class Subject:
    """What is judged: the facts, by which settings, and the sources as far as they are at hand.

    `sources` has texts by path, as facts name it; it may lack any.
    """

    run: Run
    settings: Settings
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a check found. `file` is the DAG file whose parse showed it; `place` may be in one that it imports.

    Where `place` has no path, it is about the project's configuration.
    """

    file: str
    place: Place
    message: str
    fix: str = ""  # where it says more than the check's own
    dag_id: str = ""
    task_id: str = ""
    detail: str = ""
    severity: Severity | None = None  # where it is not the check's own


class Check(Documented, ABC):
    """A kind of finding in DAGs."""

    steady: ClassVar[bool] = True  # says the same of the same file each time, whatever else is checked

    def asked(self, settings: Settings) -> bool:  # noqa: ARG002 - for those that override it
        """Whether the settings ask for it."""
        return True

    @abstractmethod
    def find(self, subject: Subject) -> Iterator[Found]:
        """Find it in the facts."""


def listed(names: list[str], most: int = 3) -> str:
    """Return as `a, b, c and 4 more`."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
