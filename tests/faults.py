"""What may go wrong between a client and a registry, and when: a fault for each request that a schedule picks."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PING, BEGIN, UPLOAD, BLOB, MANIFEST, OTHER = "ping", "begin", "upload", "blob", "manifest", "other"
_PATHS = (
    (PING, re.compile(r"/v2/?")),
    (BEGIN, re.compile(r"/v2/.+/blobs/uploads/?")),
    (UPLOAD, re.compile(r"/v2/.+/blobs/uploads/.+")),
    (BLOB, re.compile(r"/v2/.+/blobs/sha256:[0-9a-f]+")),
    (MANIFEST, re.compile(r"/v2/.+/manifests/.+")),
)


@dataclass(frozen=True)
class Request:
    """The head of a request: `path` without its query, `length` of its body in bytes, None where it is in chunks."""

    method: str
    path: str
    query: str
    length: int | None = 0

    @property
    def kind(self) -> str:
        return next((kind for kind, path in _PATHS if path.fullmatch(self.path)), OTHER)

    @property
    def changes(self) -> bool:
        return self.method in {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True)
class Fault:
    """What happens to one request; numbers are bytes of a body. `name` is for those who read what happened."""

    name: str
    status: int = 0  # answered in the place of the registry, after the body was read
    headers: Mapping[str, str] = field(default_factory=dict)  # of that answer
    body: bytes = b"{}"
    early: bool = False  # … before the body was read, and the connection is closed
    cut_request: int | None = None  # so many get through, then both connections are reset
    cut_answer: int | None = None  # the same of the answer; its head gets through
    closes: bool = False  # … are closed in order, not reset
    corrupt_request: int | None = None  # the byte of which a bit is turned
    corrupt_answer: int | None = None
    rate: int = 0  # bytes a second, either way
    silent: bool = False  # the request gets through, and nothing is ever answered
    lost: bool = False  # the registry has done it, and the connection is reset before its answer
    moved: str = ""  # where the Location of the answer leads: scheme and host
    swallowed: bool = False  # 201 for a body whose end was dropped, with the digest of what was kept

    def __str__(self) -> str:
        return self.name


def answers(status: int, headers: Mapping[str, str] | None = None, *, early: bool = False) -> Fault:
    """The registry's place is taken by someone who answers this."""
    name = f"{status}{' at once' if early else ''}"
    return Fault(name, status=status, headers=headers or {}, early=early)


def cuts_request(after: int = 0) -> Fault:
    return Fault(f"a reset after {after} bytes of the request", cut_request=after)


def cuts_answer(after: int = 0, *, closes: bool = False) -> Fault:
    return Fault(
        f"{'an end' if closes else 'a reset'} after {after} bytes of the answer",
        cut_answer=after,
        closes=closes,
    )


def corrupts_request(at: int = 0) -> Fault:
    return Fault(f"a bit of the request turned at {at}", corrupt_request=at)


def corrupts_answer(at: int = 0) -> Fault:
    return Fault(f"a bit of the answer turned at {at}", corrupt_answer=at)


def slows(rate: int) -> Fault:
    return Fault(f"{rate} bytes a second", rate=rate)


def moves(base: str) -> Fault:
    return Fault("a Location elsewhere", moved=base)


SILENCE = Fault("silence", silent=True)
LOSS = Fault("an answer lost", lost=True)
SWALLOW = Fault("a body swallowed", swallowed=True)


class Schedule(Protocol):
    """Says which request meets which fault; asked by several threads."""

    def fault(self, request: Request) -> Fault | None: ...


@dataclass
class Honest:
    """Nothing goes wrong."""

    def fault(self, request: Request) -> Fault | None:  # noqa: ARG002 - whatever it is
        return None


@dataclass
class On:
    """The fault befalls requests of a kind and method (each "": any), `skip` of them later, at most `times`."""

    happens: Fault
    kind: str = ""
    method: str = ""
    times: int | None = None
    skip: int = 0
    name: str = ""  # the path must end so
    _seen: int = field(default=0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fault(self, request: Request) -> Fault | None:
        if self.kind not in {"", request.kind} or self.method not in {"", request.method}:
            return None
        if not request.path.endswith(self.name):
            return None
        with self._lock:
            self._seen += 1
            late = self.times is not None and self._seen > self.skip + self.times
            return None if late or self._seen <= self.skip else self.happens


@dataclass
class Seeded:
    """Faults at random, but the same for the same seed, in whichever order threads ask.

    A request is known by its method, kind, digest and how often there was one like it; each meets a fault
    with probability `share`, and after `most` faults all goes well.
    """

    seed: int | str
    faults: Sequence[Fault]
    share: float = 0.1
    most: int = 1000
    _counts: dict[str, int] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fault(self, request: Request) -> Fault | None:
        digest = re.search(r"sha256(?::|%3A)([0-9a-f]{64})", f"{request.path}?{request.query}", re.IGNORECASE)
        known = f"{request.method} {request.kind} {digest[1] if digest else ''}"
        with self._lock:
            self._counts[known] = count = self._counts.get(known, 0) + 1
            chance = random.Random(f"{self.seed} {known} {count}")  # noqa: S311 - to be had again
            if self.most <= 0 or chance.random() >= self.share:
                return None
            self.most -= 1
        return chance.choice(self.faults)
