"""A claim: who may make the call. It is created once, so that of all who want to, one may."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock_spec.outbox.document import FormatError, dump, load, moment, stamp
from airlock_spec.outbox.layout import IDENTIFIER

if TYPE_CHECKING:
    from datetime import datetime

GRACE = 10.0  # seconds after the end of a call in which its response is written


class State(StrEnum):
    """What a claim says."""

    TAKEN = "taken"  # by the function outside: the call is being made, or was
    CANCELLED = "cancelled"  # by the task: the call was never made and never will be
    ABANDONED = "abandoned"  # by the task: it knows that it does not know whether the call was made


@dataclass(frozen=True)
class Claim:
    """One side's word on a request. `until`, when the holder is done or dead, counts where it is taken."""

    id: str
    state: State
    holder: str
    until: datetime

    def to_json(self) -> bytes:
        return dump(
            {"id": self.id, "state": self.state.value, "holder": self.holder, "until": stamp(self.until)}
        )

    def abandoned(self) -> Claim:
        return replace(self, state=State.ABANDONED)

    @classmethod
    def from_json(cls, data: bytes) -> Claim:
        """Read what `to_json` wrote. Raises FormatError for anything else."""
        given = load(data, "claim", (field.name for field in fields(cls)))
        name, holder = given["id"], given["holder"]
        if not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or not isinstance(holder, str):
            raise FormatError("a claim must have an id and a holder")
        if given["state"] not in list(State):
            raise FormatError(f"a claim must be {', '.join(State)}, not {given['state']!r}")
        return cls(name, State(given["state"]), holder, moment(given["until"], "until"))
