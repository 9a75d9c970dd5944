"""Looking at destinations: the decisions, without a socket."""

from __future__ import annotations

import errno
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock_spec.reach.destination import HTTPS, Destination, is_private
from airlock_spec.reach.network import CertificateError
from airlock_spec.reach.observed import Attempt, Kind, Outcome, Sight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock_spec.reach.network import Network

WORKERS = 64  # threads wait for the network only; more would not make a few dozen destinations faster
TRIED_OUTSIDE = 2  # addresses of a name that should not answer: each is waited for
_UNROUTED = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPERM)
_FORBIDDEN = (Kind.OUTSIDE, Kind.METADATA)


@dataclass(frozen=True)
class Wanted:
    """A destination as it is given, and who needs it. `public`: its addresses may be (a gateway endpoint's are)."""

    destination: str
    why: str = ""
    public: bool = False
    kind: Kind = Kind.ENDPOINT
    service: str = ""


@dataclass(frozen=True)
class Looking:
    """How long is waited, in seconds: `timeout` for one address, `within` for all of it."""

    network: Network
    timeout: float = 5.0
    within: float = 20.0

    def look_at_all(self, wanted: Sequence[Wanted]) -> list[Sight]:
        """Look at destinations at the same time, at most WORKERS of them; sights come in the order given.

        A thread that a resolver holds up is left to itself (a pool's would be waited for when the process ends).
        """
        sights: dict[int, Sight] = {}
        left = iter(range(len(wanted)))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                sights[number] = self.look(wanted[number], end)

        end = time.monotonic() + self.within
        threads = [threading.Thread(target=work, daemon=True) for _ in wanted[:WORKERS]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0))
        late = f"has no outcome within {round(self.within, 1):g} s: does the name server answer?"
        return [
            sights.get(number) or replace(_blank(one), unresolved=late, late=True)
            for number, one in enumerate(wanted)
        ]

    def look(self, wanted: Wanted, end: float | None = None) -> Sight:
        """Resolve one destination, and try its addresses until one answers.

        Of many silent ones (a bucket has eight) no more are tried than there is time for until `end`, by the
        monotonic clock: what the first showed is told, rather than nothing.
        """
        sight = _blank(wanted)
        try:
            destination = Destination.parse(wanted.destination)
        except ValueError as error:
            return replace(sight, unresolved=f"cannot be looked at: {error}")
        start = time.monotonic()
        try:
            addresses = tuple(self.network.resolve(destination.host))
        except OSError as error:
            taken = time.monotonic() - start
            return replace(sight, unresolved=f"does not resolve: {reason(error)}", resolving=taken)
        public = tuple(address for address in addresses if not is_private(address))
        sight = replace(sight, addresses=addresses, public=public, resolving=time.monotonic() - start)
        if not addresses:
            return replace(sight, unresolved="resolves to no address")
        attempts: list[Attempt] = []
        for address in _to_try(wanted, sight):
            if attempts and end is not None and time.monotonic() + self.timeout > end:
                break
            attempts.append(self._try(wanted, destination, address))
            if attempts[-1].outcome is Outcome.ANSWERED:
                break
        return replace(sight, attempts=tuple(attempts))

    def _try(self, wanted: Wanted, destination: Destination, address: str) -> Attempt:
        start = time.monotonic()
        outcome = Outcome.ANSWERED
        try:
            if wanted.kind in (Kind.ENDPOINT, Kind.GATEWAY) and destination.port == HTTPS:
                said = self.network.ask(destination.host, address, self.timeout)
            else:
                self.network.connect(address, destination.port, self.timeout)
                said = "TCP"
        except OSError as error:
            outcome, said = _outcome(error), reason(error)
        return Attempt(address, outcome, said, round(time.monotonic() - start, 4))


def _blank(wanted: Wanted) -> Sight:
    return Sight(wanted.destination, wanted.kind, wanted.why, wanted.service)


def _to_try(wanted: Wanted, sight: Sight) -> tuple[str, ...]:
    """Return the addresses that tell something: where a public one is wrong, a client may choose just that."""
    if wanted.kind in _FORBIDDEN:
        # An outside name that has private addresses is one of an endpoint that is there after all.
        return (sight.public if wanted.kind is Kind.OUTSIDE else sight.addresses)[:TRIED_OUTSIDE]
    return () if sight.public and not wanted.public else sight.addresses


def _outcome(error: OSError) -> Outcome:
    if isinstance(error, CertificateError):
        return Outcome.CERTIFICATE
    if isinstance(error, TimeoutError):
        return Outcome.SILENT
    if isinstance(error, ConnectionRefusedError):
        return Outcome.REFUSED
    return Outcome.UNROUTED if error.errno in _UNROUTED else Outcome.FAILED


def reason(error: OSError) -> str:
    """Say why, in the system's words."""
    return error.strerror or str(error) or type(error).__name__
