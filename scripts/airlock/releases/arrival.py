"""Proof of arrival: waits for those who read releases to say that they have one, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock import later
from airlock.errors import ArrivalError, printable
from airlock.terminal import counted
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError
from airlock_spec.releases.receipt import MAX_DOCUMENT, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from airlock.releases.location import Location

    _State = tuple[str, datetime, datetime | None]

PROCESSOR = "dag-processor"
_PAUSE = 0.5  # seconds
_THREADS = 8
_TOLD = 10


@dataclass(frozen=True)
class Arrived:
    """Who has a release, after how many seconds."""

    seconds: float
    receipts: tuple[Receipt, ...]

    @property
    def dags(self) -> list[str]:
        """The ids of the DAGs that were serialized from files that the release changed."""
        return sorted({dag for one in self.receipts for ids in one.dags.values() for dag in ids})

    def document(self) -> dict[str, Any]:
        readers = [
            {"reader": one.reader, "component": one.component, "arrived": str(one.arrived or "")}
            for one in self.receipts
        ]
        return {"seconds": round(self.seconds, 3), "dags": self.dags, "readers": readers}


@dataclass
class Receipts:
    """The receipts of a release; those that are final are not read again.

    Those of `before` do not count: by their readers, since when these had it, and when all was parsed. What is no
    receipt counts as none: whoever reads may write there, and is not to keep anybody from publishing.
    """

    location: Location
    release: str
    before: frozenset[_State] = frozenset()
    _final: dict[str, Receipt] = field(default_factory=dict)

    def now(self) -> list[Receipt]:
        """Return them as they are now. Raises what the location raises."""
        keys = list(self.location.listing(layout.receipts(self.release)))
        unknown = [key for key in keys if key not in self._final]
        read = {
            key: receipt
            for key, receipt in zip(unknown, later.each(self._one, unknown, _THREADS), strict=True)
            if receipt is not None and _state(receipt) not in self.before
        }
        self._final |= {key: one for key, one in read.items() if one.arrived is not None}
        return [(self._final | read)[key] for key in keys if key in self._final or key in read]

    def _one(self, key: str) -> Receipt | None:
        try:
            stored = self.location.read(key, MAX_DOCUMENT)
            assert stored is not None
            return Receipt.from_data(stored.data)
        except (AbsentError, RefusedError):  # the former: collected meanwhile
            return None


def new_receipts(location: Location, release: str) -> Receipts:
    """Return the receipts that are written from now on of a release that was there before."""
    return Receipts(location, release, frozenset(_state(one) for one in Receipts(location, release).now()))


def _state(one: Receipt) -> _State:
    return one.reader, one.taken, one.arrived


def await_arrival(receipts: Receipts, timeout: float, begun: float, say: Callable[[str], None]) -> Arrived:
    """Wait until of each bundle that follows the location a dag-processor has serialized what a release changed.

    Those of one bundle share a database: where one is done, another that began may have died, and is not waited for.

    `begun` is a moment of time.monotonic(), from which seconds count. Raises ArrivalError after `timeout` seconds,
    and at once where files cannot be parsed; and what the location raises, where it never answered.
    """
    told: set[str] = set()
    found: list[Receipt] | None = None
    while True:
        try:
            found = receipts.now()
        except UnreachableError:  # the release serves all the same
            if found is None:
                raise
        for one in found:
            if one.reader not in told:
                told.add(one.reader)
                who = printable(f"{one.component} {one.reader}")
                say(f"{time.monotonic() - begun:5.1f} s  {who} has it")
        parsed = [one for one in found if one.component == PROCESSOR]
        errors = {path: text for one in parsed for path, text in one.errors.items()}
        done = {_bundle(one) for one in parsed if one.arrived}
        if parsed and done == {_bundle(one) for one in parsed}:
            if errors:
                raise _broken(receipts.release, errors)
            return Arrived(time.monotonic() - begun, tuple(found))
        if time.monotonic() - begun > timeout:
            raise _late(receipts.release, timeout, found, errors)
        time.sleep(_PAUSE)


def _bundle(one: Receipt) -> str:
    """Return the bundle of a reader, which is named COMPONENT.HOST.BUNDLE."""
    return one.reader.rpartition(".")[2]


def _broken(release: str, errors: Mapping[str, str]) -> ArrivalError:
    lines = [f"{path}: {text}" for path, text in sorted(errors.items())]
    return ArrivalError(
        f"release {release[:12]} arrived, and {counted(len(errors), 'file')} of it cannot be parsed there",
        cause=_listed(lines),
        remedy="airlock rollback, then look into it: airlock check",
    )


def _late(release: str, timeout: float, found: list[Receipt], errors: Mapping[str, str]) -> ArrivalError:
    pending = sorted({path for one in found for path in one.pending})
    if not any(one.component == PROCESSOR for one in found):
        fact = f"no dag-processor has taken release {release[:12]} within {timeout:g} s"
        cause = (
            "no receipt of one is beside the release: it does not run, polls another place, cannot reach S3,\n"
            "or may not write receipts there"
        )
        remedy = "look at the dag-processor's log: it says what it polls, and why it fails"
    else:
        fact = f"release {release[:12]} has not arrived within {timeout:g} s"
        cause = f"{counted(len(pending), 'file')} still to be parsed: " + _listed(pending)
        remedy = (
            "airlock releases show current, and the dag-processor's log; or wait longer: --timeout SECONDS"
        )
    if errors:
        cause += "\n" + _listed([f"{path}: {text}" for path, text in sorted(errors.items())])
    return ArrivalError(
        fact, cause=cause, remedy=f"{remedy}\nit serves, and may still arrive; to go back: airlock rollback"
    )


def _listed(lines: list[str]) -> str:
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return "\n".join([*lines[:_TOLD], *more])
