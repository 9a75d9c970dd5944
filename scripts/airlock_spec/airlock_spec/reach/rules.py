"""Findings of what was seen from a task: AL9xx."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_spec.check.documented import Documented
from airlock_spec.check.finding import Finding, Severity
from airlock_spec.endpoints import BY_SERVICE
from airlock_spec.reach.observed import Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.reach.observed import Attempt, Observed, Sight

SLOW = 1.0  # seconds for a name and an answer, which take milliseconds within a VPC
TOLD = 3  # attempts, of a name that has many addresses
ENDPOINTS = (Kind.ENDPOINT, Kind.GATEWAY)
NEEDED = (*ENDPOINTS, Kind.PEER)
HANGS = "a client of AWS hangs on it, with botocore's defaults for three minutes"


@dataclass(frozen=True)
class Seen:
    """What a rule found: the destination, what is so, and where it says more than the rule, how to mend it."""

    message: str
    fix: str = ""
    severity: Severity | None = None
    detail: str = ""


class Sighting(Documented, ABC):
    """A kind of finding in what was seen from a task."""

    @abstractmethod
    def find(self, observed: Observed) -> Iterator[Seen]:
        """Find what is not as it should be."""


class Unresolved(Sighting):
    """The name of something that is needed has no address where the task runs, or its name server does not answer.

    Names of endpoints resolve by the VPC's own resolver: the VPC needs `enableDnsSupport` and `enableDnsHostnames`,
    and its DHCP options have to name AmazonProvidedDNS, or a server that forwards there. The wildcard name of
    `ecr.dkr`, and names of buckets, resolve in the same way.
    """

    code = "AL901"
    title = "a name does not resolve in the task"
    severity = Severity.ERROR
    fix = "turn on enableDnsSupport and enableDnsHostnames of the VPC, and let its DHCP options name its resolver"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, *ENDPOINTS):
            if one.unresolved:
                yield Seen(f"{_name(one)} {one.unresolved}")


class Public(Sighting):
    """The name of an AWS service resolves to public addresses: no interface endpoint answers for it here.

    Either there is no endpoint for the service, or its private DNS is off, or it is in another VPC than the one whose
    resolver was asked. A call goes to the public address, and is lost without a word. Gateway endpoints (S3, DynamoDB)
    are routes: their names keep public addresses, which is right, and not told.
    """

    code = "AL902"
    title = "a service's name resolves to a public address"
    severity = Severity.ERROR
    fix = "make the service's interface endpoint with private DNS, in this VPC"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, Kind.ENDPOINT):
            if one.public:
                made = BY_SERVICE[one.service].name(observed.region) if one.service in BY_SERVICE else ""
                fix = f"make the endpoint {made} with private DNS, or turn its private DNS on" if made else ""
                message = f"{_name(one)} resolves to public {', '.join(one.public)}: {HANGS}"
                yield Seen(message, fix)


class Silent(Sighting):
    """An endpoint's name is right, and nothing answers at its addresses.

    Silence is a security group or a network ACL: that of the endpoint has to let the task's group in at 443, that of
    the task out to the endpoint's. S3's gateway endpoint has no security group: its prefix list has to be allowed in
    the task's, and the endpoint to be in the route table of the task's subnet. A refused connection is something that
    answers in the endpoint's place.
    """

    code = "AL903"
    title = "an endpoint does not answer"
    severity = Severity.ERROR
    fix = "let the task's security group in at 443 of the endpoint's, and out from its own"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, *ENDPOINTS):
            if not one.attempts or one.answered or _certificates(one):
                continue
            silent = any(attempt.outcome is Outcome.SILENT for attempt in one.attempts)
            fix = ""
            if one.kind is Kind.GATEWAY:
                fix = (
                    "put the gateway endpoint into the route table of the task's subnet, and its prefix list "
                    "into the rules of the task's security group, port 443 out"
                )
            message = f"{_name(one)} does not answer: {_tried(one)}"
            yield Seen(f"{message}; {HANGS}" if silent else message, fix)


class WrongCertificate(Sighting):
    """Something answers in an endpoint's place, with a certificate that is not for its name or not to be trusted.

    A name that was mapped to another service's endpoint, a proxy that opens TLS, or a certificate authority of the
    house that is not in the image (`AWS_CA_BUNDLE`).
    """

    code = "AL904"
    title = "an endpoint shows a wrong certificate"
    severity = Severity.ERROR
    fix = "look at what the name leads to; for a certificate authority of your own set AWS_CA_BUNDLE"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, *ENDPOINTS):
            if not one.answered and (attempts := _certificates(one)):
                told = "; ".join(f"{attempt.address}: {attempt.said}" for attempt in attempts)
                yield Seen(f"{_name(one)} is answered by something else: {told}")


class Outside(Sighting):
    """An address outside the network accepts a connection of the task: there is a way out.

    A NAT gateway or instance, an internet gateway with a public address, a peered network or a transit gateway, a
    proxy. A connection that is refused, not lost, is a warning: something on the way answers for the other side.
    """

    code = "AL905"
    title = "an address outside answers"
    severity = Severity.ERROR
    fix = "take the route away: no default route (0.0.0.0/0, ::/0) in the subnets' route tables, no public address"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, Kind.OUTSIDE):
            if attempt := one.answered:
                yield Seen(f"{_name(one)} accepts a connection at {_in(attempt)}")
                continue
            refused = [attempt for attempt in one.attempts if attempt.outcome is Outcome.REFUSED]
            if refused:
                message = f"{_name(one)} refuses a connection at {_in(refused[0])}, where it should be lost"
                yield Seen(message, "find out who answers: a firewall, or the other side", Severity.WARNING)


class Metadata(Sighting):
    """The metadata service of the machine under the task answers it.

    Whoever gets a process in the task to ask it for something gets the machine's role. Fargate has no such service; on
    machines of your own set ECS_AWSVPC_BLOCK_IMDS=true for the agent. A task's own credentials come from elsewhere
    (169.254.170.2), and stay.
    """

    code = "AL906"
    title = "the machine's metadata service answers"
    severity = Severity.ERROR
    fix = "run on Fargate, or set ECS_AWSVPC_BLOCK_IMDS=true in the configuration of the machines' ECS agent"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, Kind.METADATA):
            if attempt := one.answered:
                yield Seen(f"{_name(one)} accepts a connection at {_in(attempt)}")


class PeerUnreached(Sighting):
    """The database, the broker, the api-server, or another host of this deployment is not reached by the task.

    Its security group has to let the task's in at its port, by reference, and the task's out; its name has to resolve
    to private addresses.
    """

    code = "AL907"
    title = "the database, the broker or the api-server is not reached"
    severity = Severity.ERROR
    fix = "let the task's security group in at that port of the other's, and out from its own"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, Kind.PEER):
            if one.unresolved:
                fix = "check the name in the setting, and the private hosted zone that should hold it"
                yield Seen(f"{_name(one)} {one.unresolved}", fix)
            elif one.public:
                fix = "let the name lead to the private address: it must not be publicly accessible"
                yield Seen(f"{_name(one)} resolves to public {', '.join(one.public)}", fix)
            elif not one.answered:
                yield Seen(f"{_name(one)} does not answer: {_tried(one)}")


class Slow(Sighting):
    """A name and an answer together took more than a second, which take milliseconds within a VPC.

    The first address may have been tried in vain (an endpoint's interface in one zone whose security group is
    another), or the first name server did not answer.
    """

    code = "AL908"
    title = "an answer is slow"
    severity = Severity.WARNING
    fix = "look which address was tried in vain, and at the name servers of the VPC's DHCP options"

    def find(self, observed: Observed) -> Iterator[Seen]:
        for one in _of(observed, *NEEDED):
            if one.answered and one.seconds > SLOW:
                took = f"{one.resolving:.1f} s for its name, {_tried(one)}"
                yield Seen(f"{_name(one)} answers after {one.seconds:.1f} s: {took}")


class PublicNames(Sighting):
    """Names of the internet resolve in the task, although no connection leads there.

    The VPC's resolver asks public name servers by its own way, with and without endpoints: a name that is asked for
    may carry data out. Private DNS of endpoints does not change that; Route 53 Resolver's DNS Firewall does.
    """

    code = "AL909"
    title = "public names resolve"
    severity = Severity.INFO
    fix = "to close that way, too, allow in Route 53 Resolver DNS Firewall only the names that are needed"

    def find(self, observed: Observed) -> Iterator[Seen]:
        resolved = [one for one in _of(observed, Kind.OUTSIDE) if one.public and not _is_address(one)]
        if resolved:
            names = ", ".join(one.destination.rpartition(":")[0] for one in resolved)
            yield Seen(f"the resolver answers for names outside: {names}")


class Unknown(Sighting):
    """Something of what the task needs could not be told, so it was not looked at.

    A setting may be in a secrets backend, which only Airflow asks; a URL may not be one. Name the host with
    `--endpoint HOST:PORT`.
    """

    code = "AL910"
    title = "what is needed could not be told"
    severity = Severity.INFO
    fix = "name the host with --endpoint HOST:PORT"

    def find(self, observed: Observed) -> Iterator[Seen]:
        yield from (Seen(one) for one in observed.unknown)


class NotStarted(Sighting):
    """No task started where it was to look from, and ECS says why.

    That is an answer, too: before a container starts, ECS reads the registry's token, the secrets and the image, by
    the endpoints `ecr.api`, `ecr.dkr`, `secretsmanager` and S3's, and opens the log's stream by `logs`.
    """

    code = "AL911"
    title = "no task starts there"
    severity = Severity.ERROR
    fix = "mend what ECS names, then look again"

    def find(self, observed: Observed) -> Iterator[Seen]:
        if observed.stopped:
            first, *more = observed.stopped
            yield Seen(first, detail="\n".join(more))


RULES: tuple[Sighting, ...] = (
    Unresolved(),
    Public(),
    Silent(),
    WrongCertificate(),
    Outside(),
    Metadata(),
    PeerUnreached(),
    Slow(),
    PublicNames(),
    Unknown(),
    NotStarted(),
)
HERE = "this task"


def findings(observed: Observed) -> tuple[Finding, ...]:
    """Judge what was seen; the resource of each finding is the task, or service, that it was seen from."""
    return tuple(
        Finding(
            rule.code,
            one.severity or rule.severity,
            "",
            0,
            one.message,
            one.fix or rule.fix,
            detail=one.detail,
            resource=observed.task or HERE,
        )
        for rule in RULES
        for one in rule.find(observed)
    )


def _of(observed: Observed, *kinds: Kind) -> Iterator[Sight]:
    return (one for one in observed.sights if one.kind in kinds)


def _name(one: Sight) -> str:
    return f"{one.destination} ({one.why})" if one.why else one.destination


def _in(attempt: Attempt) -> str:
    return f"{attempt.address} in {attempt.seconds * 1000:.0f} ms"


def _tried(one: Sight) -> str:
    told = [f"{attempt.address}: {attempt.said} ({attempt.seconds:.1f} s)" for attempt in one.attempts]
    more = [f"and {len(told) - TOLD} more"] if len(told) > TOLD else []
    return "; ".join([*told[:TOLD], *more])


def _certificates(one: Sight) -> list[Attempt]:
    return [attempt for attempt in one.attempts if attempt.outcome is Outcome.CERTIFICATE]


def _is_address(one: Sight) -> bool:
    return any(address in one.destination for address in one.addresses)
