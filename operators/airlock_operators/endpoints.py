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
<<<<<<< HEAD
        text = wanted.endpoint
        try:
            endpoint = Endpoint.parse(text)
        except ValueError as error:
            return Unmet(text, str(error), wanted.why)
        try:
            addresses = self.network.resolve(endpoint.host)
        except OSError as error:
            return Unmet(text, f"does not resolve: {_reason(error)}", wanted.why)
        if not addresses:
            return Unmet(text, "resolves to no address", wanted.why)
        public = [address for address in addresses if not is_private(address)]
        # One public address is enough to refuse: a client may choose any of them.
        if public and not wanted.public:
            said = f"resolves to public {', '.join(public)}: {_missing(endpoint.host)}, or its private DNS is off"
            return Unmet(text, said, wanted.why)
        failures = []
        for address in addresses:
            try:
                return Reached(text, address, self._try(endpoint, address))
            except OSError as error:
                failures.append(f"{address} port {endpoint.port}: {_reason(error)}")
        if public and endpoint_name(endpoint.host):  # a gateway's, which are routed where there is one
            failures.append(f"{_missing(endpoint.host)}, or no route to it")
        return Unmet(text, "; ".join(failures), wanted.why)

    def _try(self, endpoint: Endpoint, address: str) -> str:
        start = time.monotonic()
        if endpoint.port == HTTPS:
            how = self.network.ask(endpoint.host, address, self.timeout)
        else:
            self.network.connect(address, endpoint.port, self.timeout)
            how = "TCP"
        return f"{how}, {(time.monotonic() - start) * 1000:.0f} ms"


def _missing(host: str) -> str:
    return f"no VPC endpoint {endpoint_name(host) or 'for it'}"


def is_private(address: str) -> bool:
    """Tell whether an address, as a resolver gives it, is one that only a private network routes."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in PRIVATE if network.version == parsed.version)
=======
        return _outcome(Looking(self.network, self.timeout, self.within).look(wanted))


def _outcome(sight: Sight) -> Reached | Unmet:
    if attempt := sight.answered:
        how = f"{attempt.said}, {attempt.seconds * 1000:.0f} ms"
        return Reached(sight.destination, attempt.address, how)
    return Unmet(sight.destination, _reason(sight), sight.why)


def _reason(sight: Sight) -> str:
    if sight.unresolved:
        return sight.unresolved
    if sight.attempts:
        port = Destination.parse(sight.destination).port
        return "; ".join(f"{one.address} port {port}: {one.said}" for one in sight.attempts)
    # One public address is enough to refuse: a client may choose any of them.
    return f"resolves to public {', '.join(sight.public)}: no VPC endpoint for it, or its private DNS is off"
>>>>>>> main


def report(unmet: Sequence[Unmet], total: int) -> str:
    """Say for people which endpoints do not hold and why, one on each line."""
    lines = [f"{len(unmet)} of {total} endpoints do not hold:"]
    lines += [f"  {one.endpoint}{f' ({one.why})' if one.why else ''}: {one.reason}" for one in unmet]
    return "\n".join(lines)
