"""A claim: who may make the call. It is created once, so that of all who want to, one may."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from airlock_spec.document import FormatError, moment, stamp
from airlock_spec.outbox.document import dump, load
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
    """One side's word on a request. `until`, when the holder is done or dead, counts where it is taken.

    `attempt` is random: whoever wrote this very claim knows it again, though S3's answer to that was lost.
    """

    id: str
    state: State
    holder: str
    until: datetime
    attempt: str = field(default_factory=lambda: uuid.uuid4().hex)

    def to_json(self) -> bytes:
        return dump(
            {one.name: getattr(self, one.name) for one in fields(self)}
            | {"state": self.state.value, "until": stamp(self.until)}
        )

    def abandoned(self) -> Claim:
        return replace(self, state=State.ABANDONED)

    @classmethod
    def from_json(cls, data: bytes) -> Claim:
        """Read what `to_json` wrote. Raises FormatError for anything else."""
        given = load(data, "claim", (one.name for one in fields(cls)))
        texts = (name, holder, attempt) = given["id"], given["holder"], given["attempt"]
        if not all(isinstance(text, str) for text in texts) or not IDENTIFIER.fullmatch(name):
            raise FormatError("a claim must have an id, a holder and an attempt")
        if given["state"] not in list(State):
            raise FormatError(f"a claim must be {', '.join(State)}, not {given['state']!r}")
        return cls(name, State(given["state"]), holder, moment(given["until"], "until"), attempt)
