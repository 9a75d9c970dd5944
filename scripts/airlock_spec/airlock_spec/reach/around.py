"""Findings of what a task reaches and must not, and of what could not be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.finding import Severity
from airlock_spec.reach.observed import Kind, Outcome
from airlock_spec.reach.sighting import Seen, Sighting, name, of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.reach.observed import Attempt, Observed, Sight


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
        for one in of(observed, Kind.OUTSIDE):
            if attempt := one.answered:
                yield Seen(f"{name(one)} accepts a connection at {_in(attempt)}")
                continue
            refused = [attempt for attempt in one.attempts if attempt.outcome is Outcome.REFUSED]
            if refused:
                message = f"{name(one)} refuses a connection at {_in(refused[0])}, where it should be lost"
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
        for one in of(observed, Kind.METADATA):
            if attempt := one.answered:
                yield Seen(f"{name(one)} accepts a connection at {_in(attempt)}")


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
        resolved = [one for one in of(observed, Kind.OUTSIDE) if one.public and not _is_address(one)]
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


def _in(attempt: Attempt) -> str:
    return f"{attempt.address} in {attempt.seconds * 1000:.0f} ms"


def _is_address(one: Sight) -> bool:
    return any(address in one.destination for address in one.addresses)
