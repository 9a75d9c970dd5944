"""Whether a release has arrived: which of the files that it changed were parsed since, and what became of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

AGAIN = 10.0  # seconds until what was not parsed is asked for again
GIVE_UP = 600.0  # seconds after which nobody waits any more


class Parsed(NamedTuple):
    """The last time a file was parsed: when that began and ended, and how many DAGs it brought."""

    begun: datetime
    ended: datetime
    dags: int


class Outcome(NamedTuple):
    """What the database has of files since a moment: ids of DAGs serialized from a release, and errors."""

    dags: Mapping[str, tuple[str, ...]]
    errors: Mapping[str, str]


class Database(Protocol):
    """Airflow's, as far as releases are concerned."""

    def request(self, paths: Collection[str]) -> None:
        """Ask for files to be parsed before all others."""

    def outcome(self, release: str, paths: Collection[str], since: datetime) -> Outcome:
        """Return what became of files that were parsed since then."""

    def name(self) -> str:
        """Return a name of the database, the same in each container that uses it; it tells no secret."""

    def needed(self) -> set[str]:
        """Return the versions of the bundle that DagRuns or versions of DAGs name."""


@dataclass
class Arrival:
    """One release on its way into the database; `first`: Airflow parses all its files on its own, as it knows none.

    3.3.2 parses what changed only once its queue is empty, which with thousands of files takes minutes: so what is
    changed is asked for. A file that is being parsed just then is not parsed again (it drops such a request, and takes
    the time at which it *ended* for the time that its content is of): it is asked for again as soon as that parse has
    ended, and what does not show up for other reasons after a while.
    """

    release: str
    taken: datetime
    pending: set[str]
    first: bool = False
    arrived: datetime | None = None
    dags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)  # that an earlier release changed, and nobody waits for
    _missed: set[str] = field(default_factory=set)
    _asked: float = float("-inf")
    _begun: float = field(default_factory=time.monotonic)

    @property
    def waits(self) -> bool:
        """Whether looking again may tell more."""
        return bool(self.missing or not self.arrived) and time.monotonic() - self._begun < GIVE_UP

    @property
    def missing(self) -> set[str]:
        return self.pending | self.others

    def look(self, database: Database, parsed: Mapping[str, Parsed] | None) -> bool:
        """Look what was parsed since, and ask for what was not; return whether that is news.

        `parsed` is what the dag-processor itself knows; None where that cannot be had: then a file without DAGs and
        without errors is never known to be parsed.
        """
        before = len(self.pending)
        if self.missing:
            outcome = database.outcome(self.release, self.missing, self.taken)
            for path in sorted(self.missing):
                if self._is_done(path, outcome, parsed):
                    if path in self.pending:
                        self._note(path, outcome)
                    self.pending.discard(path)
                    self.others.discard(path)
        if not self.pending and self.arrived is None:
            self.arrived = datetime.now(UTC)
            return True
        self._ask(database, parsed)
        return len(self.pending) != before

    def _is_done(self, path: str, outcome: Outcome, parsed: Mapping[str, Parsed] | None) -> bool:
        written = path in outcome.dags or path in outcome.errors
        if parsed is None:
            return written
        last = parsed.get(path)
        return last is not None and last.begun >= self.taken and (written or not last.dags)

    def _note(self, path: str, outcome: Outcome) -> None:
        if path in outcome.errors:
            self.errors[path] = outcome.errors[path]
        if path in outcome.dags or path not in outcome.errors:
            self.dags[path] = outcome.dags.get(path, ())

    def _ask(self, database: Database, parsed: Mapping[str, Parsed] | None) -> None:
        now, known = time.monotonic(), parsed or {}
        missed = {path for path in self.missing - self._missed if path in known and self._was_on(known[path])}
        wanted = missed
        if now - self._asked >= AGAIN:
            queued = self.missing - set(known)  # of these nothing is known: they wait in the queue
            wanted = self.missing - queued if self.first else self.missing - (queued - self.pending)
        if wanted:
            database.request(sorted(wanted))
            self._asked = now
        self._missed |= missed

    def _was_on(self, last: Parsed) -> bool:
        """Whether a file was being parsed while the release came."""
        return last.begun < self.taken <= last.ended
