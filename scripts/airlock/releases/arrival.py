"""Proof of arrival: waits for those who read releases to say that they have one, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock import later
from airlock.errors import ArrivalError, printable
from airlock.releases.in_s3 import receipts
from airlock.terminal import counted
from airlock_spec.releases import layout
from airlock_spec.releases.failures import AbsentError
from airlock_spec.releases.receipt import MAX_DOCUMENT, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from airlock.releases.location import Location

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
    """The receipts of a release; those that are final are not read again."""

    location: Location
    release: str
    _final: dict[str, Receipt] = field(default_factory=dict)

    def now(self) -> list[Receipt]:
        """Return them as they are now. Raises what the location raises, and RefusedError for what is no receipt."""
        keys = list(self.location.listing(layout.receipts(self.release)))
        unknown = [key for key in keys if key not in self._final]
        read = {
            key: receipt
            for key, receipt in zip(unknown, later.each(self._one, unknown, _THREADS), strict=True)
            if receipt is not None
        }
        self._final |= {key: one for key, one in read.items() if one.arrived is not None}
        return [(self._final | read)[key] for key in keys if key in self._final or key in read]

    def _one(self, key: str) -> Receipt | None:
        try:
            stored = self.location.read(key, MAX_DOCUMENT)
        except AbsentError:  # collected meanwhile
            return None
        assert stored is not None
        return Receipt.from_data(stored.data)


@dataclass
class NewReceipts(Receipts):
    """The receipts of a release but those that were there before, as they were."""

    before: AbstractSet[tuple[str, datetime, datetime | None]] = field(default_factory=frozenset)

    def now(self) -> list[Receipt]:
        found = receipts(self.location, self.location.listing(layout.receipts(self.release)))
        return [one for one in found if _state(one) not in self.before]


def new_receipts(location: Location, release: str) -> NewReceipts:
    """Return the receipts of a release that are written from now on."""
    seen = {_state(one) for one in NewReceipts(location, release).now()}
    return NewReceipts(location, release, before=seen)


def _state(one: Receipt) -> tuple[str, datetime, datetime | None]:
    return one.reader, one.taken, one.arrived


def await_arrival(receipts: Receipts, timeout: float, begun: float, say: Callable[[str], None]) -> Arrived:
    """Wait until a dag-processor has serialized what a release changed, and whoever else began is done, too.

    `begun` is a moment of time.monotonic(), from which seconds count. Raises ArrivalError after `timeout` seconds,
    and at once where files cannot be parsed.
    """
    told: set[str] = set()
    while True:
        found = receipts.now()
        for one in found:
            if one.reader not in told:
                told.add(one.reader)
                who = printable(f"{one.component} {one.reader}")
                say(f"{time.monotonic() - begun:5.1f} s  {who} has it")
        parsed = [one for one in found if one.component == PROCESSOR]
        errors = {path: text for one in parsed for path, text in one.errors.items()}
        waiting = [one for one in found if one.arrived is None]
        if parsed and not waiting:
            if errors:
                raise _broken(receipts.release, errors)
            return Arrived(time.monotonic() - begun, tuple(found))
        if time.monotonic() - begun > timeout:
            raise _late(receipts.release, timeout, found, errors)
        time.sleep(_PAUSE)


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
