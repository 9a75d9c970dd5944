"""What the dag-processor adds to a release that it took: Airflow parses it at once, and others can read that it did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock_plugins.arrival import Arrival
from airlock_spec.releases import difference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock_plugins.arrival import Database, Parsed
    from airlock_plugins.following import Taken
    from airlock_plugins.logs import Failures
    from airlock_plugins.metrics import Metrics
    from airlock_plugins.reporting import Reporter
    from airlock_spec.releases.manifest import Manifest

_FAILED = "arrival_not_known"


class Processing:
    """The releases of one bundle in the dag-processor. Nothing of it fails a refresh: what goes wrong is logged."""

    def __init__(
        self, database: Database, reporter: Reporter | None, metrics: Metrics, failures: Failures
    ) -> None:
        self._database = database
        self._reporter = reporter
        self._metrics = metrics
        self._failures = failures
        self._seen: Manifest | None = None
        self._arrival: Arrival | None = None
        self._told = False
        self._sequence = 0

    @property
    def waits(self) -> bool:
        """Whether a release is on its way, so that it is worth looking again soon."""
        return self._arrival is not None and self._arrival.waits

    def proceed(self, taken: Taken | None, top: Path, parsed: Mapping[str, Parsed] | None) -> None:
        """Deal with what serves now below `top`, and look how far it has come; None: nothing new is known."""
        try:
            if taken is not None:
                self._note(taken, top)
            self._look(parsed, say=taken is not None)
        except Exception as error:  # noqa: BLE001 - whatever SQLAlchemy or a file system raises
            self._failures.tell(_FAILED, error)
        else:
            self._failures.over(_FAILED)

    def claim(self, serving: str) -> None:
        """Say which releases Airflow still needs, and that it needs what serves: DagRuns may begin any moment."""
        if self._reporter is None:
            return
        try:
            self._reporter.claim(self._database.name(), {serving, *self._database.needed()})
        except Exception as error:  # noqa: BLE001 - as above
            self._failures.tell("claim_not_written", error)

    def _note(self, taken: Taken, top: Path) -> None:
        seen, new = self._seen, taken.manifest
        sequence, self._sequence = self._sequence, taken.sequence
        if seen is not None and seen.id == new.id:
            if sequence != taken.sequence:
                self._tell_again()
            return
        if seen is None:  # Airflow knows no file yet, or knew them in another process
            files = tuple(file.path for file in new.files)
        elif taken.switched and taken.before == seen.id:
            files = taken.files
        else:  # another process of this machine switched
            files = difference.affected(top, new, difference.between(seen, new))
        at = taken.at or datetime.now(UTC)
        before = self._arrival
        wanted = dag_files(top, files)
        # What an earlier release changed, and was not seen parsed since: it may have been parsed as it was before.
        others = before.missing - wanted if before and not before.first else set()
        others &= {file.path for file in new.files}
        self._arrival = Arrival(new.id, at, wanted, first=seen is None, others=others)
        self._seen, self._told = new, False

    def _tell_again(self) -> None:
        """Say it once more of a release that serves again, or still: who published it does not know which."""
        arrival = self._arrival
        if arrival and arrival.arrived:
            arrival.taken = arrival.arrived = datetime.now(UTC)
        self._told = False

    def _look(self, parsed: Mapping[str, Parsed] | None, *, say: bool) -> None:
        arrival = self._arrival
        if arrival is None:
            return
        news = False
        if arrival.arrived is None or arrival.others:
            news = arrival.look(self._database, parsed)
            self._metrics.gauge("pending_files", len(arrival.pending))
        if news and arrival.arrived:
            self._metrics.seconds("arrival", (arrival.arrived - arrival.taken).total_seconds())
        self._told = self._told and not news
        if self._reporter and say and not self._told:
            self._told = True
            self._reporter.arrival(arrival)


def dag_files(top: Path, paths: tuple[str, ...]) -> set[str]:
    """Return those of these files that Airflow would parse: by its .airflowignore, and its look for words in them."""
    # Airflow is loaded by the dag-processor alone: these modules are tested without it.
    from airflow.configuration import conf  # noqa: PLC0415
    from airflow.utils.file import list_py_file_paths, might_contain_dag  # noqa: PLC0415

    safe = conf.getboolean("core", "dag_discovery_safe_mode", fallback=True)
    prefix = f"{top}/"
    listed = {path.removeprefix(prefix) for path in list_py_file_paths(str(top), safe_mode=False)}
    return {path for path in paths if path in listed and might_contain_dag(str(top / path), safe)}
