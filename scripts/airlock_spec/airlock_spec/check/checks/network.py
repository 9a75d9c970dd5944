"""What tasks will talk to when they run, against what the network of the deployment offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock_spec.check.checks.check import Check, Found
from airlock_spec.check.facts import Need, Place
from airlock_spec.check.finding import Severity
from airlock_spec.endpoints import ADR_001, remedy
from airlock_spec.outside import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Subject
    from airlock_spec.check.facts import Run
    from airlock_spec.check.settings import Network


class NoEndpoint(Check):
    """A task needs an AWS service for which the network has no VPC endpoint.

    In production, where VPC endpoints are the only way to AWS, the service's name resolves to public addresses, and the
    call hangs until it times out: the task fails after minutes, again with each retry. What each operator, sensor,
    transfer, trigger and hook talks to is read from its class; the endpoints are `endpoints` of
    `[tool.airlock.network]`, or ADR-001's: ecr.api, ecr.dkr, logs, secretsmanager, kms, sts and s3. What Airflow itself
    needs by the image's configuration (the executor, remote logs, the secrets backend) is reported once, on the
    configuration.

    Found: an `EcsRunTaskOperator` where there is no endpoint for `ecs`.

    Not found: an `S3ListOperator`, since s3 is among ADR-001's; a service of which the check cannot tell, as with a
    client whose name is computed.

    Mend: have the endpoint made, and add it to `endpoints` in `[tool.airlock.network]`; `airlock network` says what it
    costs. Or do without the service.
    """

    code = "AL501"
    title = "AWS service without an endpoint"
    severity = Severity.ERROR
    fix = "add the endpoint to the VPC and to endpoints of [tool.airlock.network]"

    def find(self, subject: Subject) -> Iterator[Found]:
        network = subject.settings.network
        there = set(endpoints(network))
        for file, need in _needs(subject.run):
            if need.service and need.service not in there:
                yield _found(
                    file,
                    need,
                    f"needs the endpoint {need.service!r}, which the network does not have",
                    remedy(need.service, network.zones),
                )


class OutsideHost(Check):
    """A task reaches a host outside AWS, to which the network has no way.

    In production, the call hangs until it times out, and the task fails. What a provider's operators and hooks reach is
    known for services with public hosts; a connection's own host is not known to a check.

    Found: a `SlackAPIPostOperator`, which reaches slack.com.

    Not found: a `PostgresOperator`, whose database may well be in the VPC; a host that a pattern in `hosts` of
    `[tool.airlock.network]` allows, since it is peered or comes by PrivateLink.

    Mend: ask by way of the `OutboxOperator` (docs/outbox.md), which reaches an API outside through S3. If there is a
    way to the host, add it to `hosts`.
    """

    code = "AL502"
    title = "host outside the network"
    severity = Severity.ERROR
    fix = "ask by way of the OutboxOperator (docs/outbox.md)"

    def find(self, subject: Subject) -> Iterator[Found]:
        hosts = [pattern.lower() for pattern in subject.settings.network.hosts]
        for file, need in _needs(subject.run):
            if need.host and not allowed(need.host.lower(), hosts):
                yield _found(
                    file,
                    need,
                    f"reaches {need.host}, which is outside the network",
                    f"{self.fix}; if there is a way, add {need.host!r} to hosts of [tool.airlock.network]",
                )


def endpoints(network: Network) -> tuple[str, ...]:
    """Return the services that have an endpoint in the deployment."""
    if network.endpoints is None:
        return tuple(endpoint.service for endpoint in ADR_001)
    return network.endpoints


def _needs(run: Run) -> Iterator[tuple[str, Need]]:
    """Give every need with the file that has it, "" for Airflow's own: one for each task and what it needs."""
    seen = set()
    for file, needs in [*((file.path, file.needs) for file in run.files), ("", run.common)]:
        for need in needs:
            # A task that an operator and its hook both speak for is one task.
            key = (file, need.dag_id, need.task_id or need.place, need.service, need.host)
            if key not in seen:
                seen.add(key)
                yield file, need


def _found(file: str, need: Need, what: str, fix: str) -> Found:
    name = need.by.rpartition(".")[2]
    who = (
        need.by if name.islower() else name
    )  # a class is known by its name; of a function the module says more
    return Found(
        file,
        need.place if file else Place(""),
        f"{who} {what}" if file else f"Airflow's configuration ({need.by}) {what}",
        fix=fix,
        dag_id=need.dag_id,
        task_id=need.task_id,
    )


CHECKS = (NoEndpoint(), OutsideHost())
