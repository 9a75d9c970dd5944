"""What was tried in the lab: every name that was asked for, every address that was called, and how often."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.lab.dns import AAAA, A
from airlock.lab.vpc import RESOLVER, Way
from airlock.terminal import aligned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.lab.dns import Question
    from airlock.lab.packets import Attempt
    from airlock.lab.vpc import Vpc

_DNS = 53
_REMEMBERED = 4096  # of what is perhaps sent again


@dataclass(frozen=True)
class Name:
    """A name, what it led to, and how often it was asked for (A and AAAA together count once)."""

    name: str
    way: str
    service: str
    address: str
    times: int


@dataclass(frozen=True)
class Address:
    """An address and port, what is there, the names that led there, and how often it was tried."""

    protocol: str
    address: str
    port: int
    way: str
    service: str
    names: tuple[str, ...]
    times: int


@dataclass(frozen=True)
class Report:
    """Names and addresses, each by their first letters; `missed` packets came too fast to be taken down."""

    names: tuple[Name, ...] = ()
    addresses: tuple[Address, ...] = ()
    missed: int = 0

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Report:
        names = tuple(Name(**one) for one in document["names"])
        addresses = ({**one, "names": tuple(one["names"])} for one in document["addresses"])
        return cls(names, tuple(Address(**one) for one in addresses), document["missed"])

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def missing(self) -> list[str]:
        """Return the services whose names were asked for and that have no endpoint."""
        return sorted({one.service for one in self.names if one.way == Way.MISSING})

    def text(self) -> str:
        """Return two tables for people, each where it has rows."""
        names = [[one.name, _led(one), one.address or "-", str(one.times)] for one in self.names]
        tried = [[_where(one), _is(one), str(one.times)] for one in self.addresses]
        parts = []
        if names:
            parts.append(aligned([["name", "leads to", "address", "asked"], *names], {3}))
        if tried:
            parts.append(aligned([["tried", "is", "times"], *tried], {2}))
        if self.missed:
            parts.append(
                [f"{self.missed} packets came too fast to be taken down: addresses may be missing here"]
            )
        return "\n\n".join(map("\n".join, parts)) or "no name was asked for, and no address was tried"


@dataclass
class Record:
    """Takes down what is asked and tried, from several threads."""

    vpc: Vpc
    _asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    _tried: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    _seen: dict[tuple[Any, ...], None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, question: Question) -> None:
        with self._lock:
            self._asked[question.name.lower(), question.kind] += 1

    def tried(self, attempt: Attempt) -> None:
        """Count an attempt once, however often its first packet is sent; questions to the resolver are not counted."""
        if attempt[:3] == ("udp", RESOLVER, _DNS):
            return
        with self._lock:
            if attempt in self._seen:
                return
            self._seen[attempt] = None
            if len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            self._tried[attempt.protocol, attempt.address, attempt.port] += 1

    def report(self, missed: int = 0) -> Report:
        with self._lock:
            asked, tried = Counter(self._asked), Counter(self._tried)
        times: Counter[str] = Counter()
        for name in {name for name, _ in asked}:
            kinds = {kind: count for (one, kind), count in asked.items() if one == name}
            others = sum(count for kind, count in kinds.items() if kind not in (A, AAAA))
            times[name] = max(kinds.get(A, 0), kinds.get(AAAA, 0)) + others
        answers = {name: self.vpc.answer(name) for name in sorted(times)}
        led: dict[str, list[str]] = defaultdict(list)
        for name, answer in answers.items():
            led[answer.address].append(name)
        return Report(
            tuple(
                Name(name, one.way, one.service, one.address, times[name]) for name, one in answers.items()
            ),
            tuple(self._address(key, count, led[key[1]]) for key, count in sorted(tried.items())),
            missed,
        )

    def _address(self, key: tuple[str, str, int], times: int, names: list[str]) -> Address:
        there = self.vpc.at(key[1])
        found = [self.vpc.answer(name) for name in names]
        if there.way == Way.OUTSIDE and found and all(one.way == Way.MISSING for one in found):
            services = ", ".join(sorted({one.service for one in found}))
            return Address(*key, Way.MISSING, services, tuple(names), times)
        return Address(*key, there.way, there.service, tuple(names), times)


def _led(one: Name) -> str:
    return f"{one.way} ({one.service})" if one.service else one.way


def _where(one: Address) -> str:
    return f"{one.protocol} {one.address}:{one.port}" if one.port else f"{one.protocol} {one.address}"


def _is(one: Address) -> str:
    whose = one.service or ", ".join(one.names)
    return f"{one.way} ({whose})" if whose else one.way
