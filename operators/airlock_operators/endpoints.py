"""Whether endpoints can be reached, and privately: the decisions, without Airflow and without a socket."""

from __future__ import annotations

import ipaddress
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airlock_spec.unreached import endpoint_name

if TYPE_CHECKING:
    from collections.abc import Sequence

HTTPS = 443
LAST_PORT = 65535
WORKERS = 16  # threads wait for the network only; more would not make a dozen endpoints faster

# Not ipaddress's is_private: that holds for documentation and reserved ranges, which no endpoint has, and
# not for RFC 6598, which a VPC may use. Loopback is what a lab on one machine has.
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        *("100.64.0.0/10", "fc00::/7"),  # RFC 6598, RFC 4193
        *("127.0.0.0/8", "::1/128"),
    )
)


class Network(Protocol):
    """How this process reaches others; every method raises OSError with a reason for people."""

    def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of a host, in the order in which to try them."""

    def connect(self, address: str, port: int, timeout: float) -> None:
        """Open a TCP connection within `timeout` seconds and close it."""

    def ask(self, host: str, address: str, timeout: float) -> str:
        """Ask for anything by HTTPS; return what was agreed on and answered, as "TLSv1.3, HTTP 403".

        The certificate must be the host's. All of it within `timeout` seconds.
        """


@dataclass(frozen=True)
class Endpoint:
    """A host (a name or an address) and a TCP port."""

    host: str
    port: int = HTTPS

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `host`, `host:port`, `[ipv6]` or `[ipv6]:port`. Raises ValueError for anything else."""
        host, colon, port = text.strip(), "", ""
        if host.startswith("["):
            host, bracket, rest = host[1:].partition("]")
            if not bracket or (rest and not rest.startswith(":")):
                raise ValueError(f"{text!r} is not [address] or [address]:port")
            colon, port = rest[:1], rest[1:]
        elif host.count(":") == 1:
            host, colon, port = host.partition(":")
        if not host or set(host) & set(" /@?#"):
            raise ValueError(f"{text!r} is not a host or host:port (no scheme, no path)")
        if not colon:
            return cls(host)
        if not (port.isascii() and port.isdigit() and 0 < int(port) <= LAST_PORT):
            raise ValueError(f"{text!r} has no port between 1 and {LAST_PORT} after the colon")
        return cls(host, int(port))


@dataclass(frozen=True)
class Wanted:
    """An endpoint as it is given, and who needs it. `public`: its addresses may be (a gateway endpoint's are)."""

    endpoint: str
    why: str = ""
    public: bool = False


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
        """Check endpoints at the same time, at most WORKERS of them, and report in the order given.

        What has no outcome in time does not hold. A thread that a resolver holds up is left to itself (a pool's
        would be waited for when the process ends).
        """
        outcomes: dict[int, Reached | Unmet] = {}
        left = iter(range(len(wanted)))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                outcomes[number] = self.check(wanted[number])

        threads = [threading.Thread(target=work, daemon=True) for _ in wanted[:WORKERS]]
        end = time.monotonic() + self.within
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0))
        late = f"no outcome within {self.within:g} s: does the name server answer?"
        return [
            outcomes.get(number) or Unmet(one.endpoint, late, one.why) for number, one in enumerate(wanted)
        ]

    def check(self, wanted: Wanted) -> Reached | Unmet:
        """Resolve one endpoint, require private addresses, and ask the first that answers."""
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


def report(unmet: Sequence[Unmet], total: int) -> str:
    """Say for people which endpoints do not hold and why, one on each line."""
    lines = [f"{len(unmet)} of {total} endpoints do not hold:"]
    lines += [f"  {one.endpoint}{f' ({one.why})' if one.why else ''}: {one.reason}" for one in unmet]
    return "\n".join(lines)


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
