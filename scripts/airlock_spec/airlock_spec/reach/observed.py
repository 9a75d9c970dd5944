"""What was seen from one place, as a document: `airlock-verify --json` writes it, `airlock verify` reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from airlock_spec.check import json_form

VERSION = 1


class Kind(StrEnum):
    """What a destination is, which says how it has to look."""

    ENDPOINT = "endpoint"  # an interface endpoint's: private addresses alone, an answer, its own certificate
    GATEWAY = "gateway"  # a gateway endpoint's: addresses stay public, only the way there is private
    PEER = "peer"  # of this deployment: the database, the broker, the api-server
    OUTSIDE = "outside"  # on the internet: it may have addresses, and must not answer
    METADATA = "metadata"  # of the machine: it must not answer


class Outcome(StrEnum):
    """How an attempt at one address ended."""

    ANSWERED = "answered"
    REFUSED = "refused"  # something is there, or something on the way, and says no
    SILENT = "silent"  # nothing came back: a security group, a route into nowhere
    UNROUTED = "unrouted"  # this host knows no way
    CERTIFICATE = "certificate"
    FAILED = "failed"  # as an answer that is no TLS


@dataclass(frozen=True)
class Attempt:
    """One address that was tried; `said` is what was agreed on, or why not, for people."""

    address: str
    outcome: Outcome
    said: str
    seconds: float


@dataclass(frozen=True)
class Sight:
    """One destination and how it looked.

    `unresolved` is why there is no address, as the end of a sentence that begins with the destination. Names of
    endpoints that have public addresses are not tried any further, nor are private addresses of outside names.
    """

    destination: str  # as it was given: host or host:port
    kind: Kind
    why: str = ""  # who needs it
    service: str = ""  # name of the VPC endpoint
    addresses: tuple[str, ...] = ()
    public: tuple[str, ...] = ()  # those of them that are not of a private network
    unresolved: str = ""
    resolving: float = 0.0  # seconds
    attempts: tuple[Attempt, ...] = ()
    late: bool = False  # there was no outcome in the time that all of it may take

    @property
    def answered(self) -> Attempt | None:
        return next((one for one in self.attempts if one.outcome is Outcome.ANSWERED), None)

    @property
    def seconds(self) -> float:
        """How long the name and all attempts took."""
        return self.resolving + sum(one.seconds for one in self.attempts)


@dataclass(frozen=True)
class Observed:
    """All that was seen from one place.

    `stopped` tells, line by line, why no task started there that could look; then there are no sights.
    """

    sights: tuple[Sight, ...] = ()
    seconds: float = 0.0
    within: float = 0.0  # seconds that it might have taken
    task: str = ""  # whose place it is: a service, or the task's ARN, or a host's name
    zone: str = ""  # availability zone
    region: str = ""
    unknown: tuple[str, ...] = ()  # what the settings do not tell, each a sentence
    stopped: tuple[str, ...] = ()
    version: int = VERSION

    def plain(self) -> dict[str, object]:
        """Return it as dicts, lists and scalars, all keys there."""
        return asdict(self)


def parse(text: str) -> Observed:
    """Read what `airlock-verify --json` printed, or what `Observed.plain` gave. Raises ValueError."""
    document = json.loads(text)
    if isinstance(document, dict) and "observed" in document:
        document = document["observed"]
    if not isinstance(document, dict) or "sights" not in document:
        raise ValueError("it is no report of airlock-verify")
    if document.get("version") != VERSION:
        raise ValueError(f"it is of version {document.get('version')}, and known is {VERSION}")
    return json_form.structured(Observed, document)
