"""Whether endpoints can be reached, and privately: what was seen of them as an operator tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_spec.reach.destination import Destination
from airlock_spec.reach.looking import Looking
from airlock_spec.unreached import endpoint_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock_spec.reach.looking import Wanted
    from airlock_spec.reach.network import Network
    from airlock_spec.reach.observed import Sight


@dataclass(frozen=True)
class Reached:
    """The endpoint, as it was given, answers at this address; `how` is for people."""

    endpoint: str
    address: str
    how: str


@dataclass(frozen=True)
class Unmet:
    """The endpoint, as it was given, does not hold, and why."""

    endpoint: str
    reason: str
    why: str = ""


@dataclass(frozen=True)
class Preflight:
    """What is asked of every endpoint: `timeout` is seconds for one address, `within` for all of it."""

    network: Network
    timeout: float = 5.0
    within: float = 20.0

    def check_all(self, wanted: Sequence[Wanted]) -> list[Reached | Unmet]:
        """Check endpoints at the same time, and report in the order given; what is late does not hold."""
        looking = Looking(self.network, self.timeout, self.within)
        return [_outcome(sight) for sight in looking.look_at_all(wanted)]

    def check(self, wanted: Wanted) -> Reached | Unmet:
        """Resolve one endpoint, require private addresses, and ask the first that answers."""
        return _outcome(Looking(self.network, self.timeout, self.within).look(wanted))


def _outcome(sight: Sight) -> Reached | Unmet:
    if attempt := sight.answered:
        how = f"{attempt.said}, {attempt.seconds * 1000:.0f} ms"
        return Reached(sight.destination, attempt.address, how)
    return Unmet(sight.destination, _reason(sight), sight.why)


def _reason(sight: Sight) -> str:
    if sight.unresolved:
        return sight.unresolved
    place = Destination.parse(sight.destination)
    host, port = place.host, place.port
    missing = f"no VPC endpoint {endpoint_name(host) or 'for it'}"
    if sight.attempts:
        failures = [f"{one.address} port {port}: {one.said}" for one in sight.attempts]
        if sight.public and endpoint_name(host):  # a gateway's, which are routed where there is one
            failures.append(f"{missing}, or no route to it")
        return "; ".join(failures)
    # One public address is enough to refuse: a client may choose any of them.
    return f"resolves to public {', '.join(sight.public)}: {missing}, or its private DNS is off"


def report(unmet: Sequence[Unmet], total: int) -> str:
    """Say for people which endpoints do not hold and why, one on each line."""
    lines = [f"{len(unmet)} of {total} endpoints do not hold:"]
    lines += [f"  {one.endpoint}{f' ({one.why})' if one.why else ''}: {one.reason}" for one in unmet]
    return "\n".join(lines)
