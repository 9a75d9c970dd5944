"""Findings of what a task needs and does not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.finding import Severity
from airlock_spec.endpoints import BY_SERVICE
from airlock_spec.reach.observed import Kind, Outcome
from airlock_spec.reach.sighting import Seen, Sighting, name, of, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.reach.observed import Attempt, Observed, Sight

SLOW = 1.0  # seconds for a name and an answer, which take milliseconds within a VPC
ENDPOINTS = (Kind.ENDPOINT, Kind.GATEWAY)
NEEDED = (*ENDPOINTS, Kind.PEER)
HANGS = "a client of AWS hangs on it, with botocore's defaults for three minutes"


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
        for one in of(observed, *ENDPOINTS):
            if one.unresolved:
                yield Seen(f"{name(one)} {one.unresolved}")


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
        for one in of(observed, Kind.ENDPOINT):
            if one.public:
                made = BY_SERVICE[one.service].name(observed.region) if one.service in BY_SERVICE else ""
                fix = f"make the endpoint {made} with private DNS, or turn its private DNS on" if made else ""
                message = f"{name(one)} resolves to public {', '.join(one.public)}: {HANGS}"
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
        for one in of(observed, *ENDPOINTS):
            if not one.attempts or one.answered or _certificates(one):
                continue
            silent = any(attempt.outcome is Outcome.SILENT for attempt in one.attempts)
            fix = ""
            if one.kind is Kind.GATEWAY:
                fix = (
                    "put the gateway endpoint into the route table of the task's subnet, and its prefix list "
                    "into the rules of the task's security group, port 443 out"
                )
            message = f"{name(one)} does not answer: {tried(one)}"
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
        for one in of(observed, *ENDPOINTS):
            if not one.answered and (attempts := _certificates(one)):
                told = "; ".join(f"{attempt.address}: {attempt.said}" for attempt in attempts)
                yield Seen(f"{name(one)} is answered by something else: {told}")


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
        for one in of(observed, Kind.PEER):
            if one.unresolved:
                fix = "check the name in the setting, and the private hosted zone that should hold it"
                yield Seen(f"{name(one)} {one.unresolved}", fix)
            elif one.public:
                fix = "let the name lead to the private address: it must not be publicly accessible"
                yield Seen(f"{name(one)} resolves to public {', '.join(one.public)}", fix)
            elif not one.answered:
                yield Seen(f"{name(one)} does not answer: {tried(one)}")


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
        for one in of(observed, *NEEDED):
            if one.answered and one.seconds > SLOW:
                took = f"{one.resolving:.1f} s for its name, {tried(one)}"
                yield Seen(f"{name(one)} answers after {one.seconds:.1f} s: {took}")


def _certificates(one: Sight) -> list[Attempt]:
    return [attempt for attempt in one.attempts if attempt.outcome is Outcome.CERTIFICATE]
