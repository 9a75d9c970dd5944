"""An operator that fails where an endpoint cannot be reached privately, before a task needs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, conf
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airlock_operators.endpoints import Preflight, Reached, Unmet, report
from airlock_spec.configured import needs
from airlock_spec.reach.looking import Wanted
from airlock_spec.reach.needed import missing, reasons, wanted
from airlock_spec.reach.sockets import SystemNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airlock_spec.endpoint import Need


class PreflightOperator(BaseOperator):
    """Check that endpoints resolve to private addresses and answer there; return endpoint → address.

    A call to an AWS service that has no endpoint hangs for minutes in a network with no way out; this fails
    in seconds and names every endpoint that does not hold, why, and what needs it, from where the tasks run.

    With `configuration` (the default), what this Airflow is set up with is checked: remote logs, secrets
    backends, executors, DAG bundles, and in ECS what every Fargate task needs (airlock_spec.endpoints).
    `services` (names of VPC endpoints, as "sqs") and `endpoints` (`host` or `host:port`) are checked, too.
    On port 443 an endpoint must finish a TLS handshake with a certificate for its name, and answer an HTTP
    request with any status; on another port it must accept a connection.

        PreflightOperator(task_id="preflight", account="123456789012", endpoints=["redis.internal:6379"])

    Templated: `endpoints`, `services`, `region`, `account`. `region` is that of the environment (AWS_REGION)
    where it is empty; `account` is whose registry to reach, and is asked for where a registry is.
    `timeout` is seconds for one address, `within` for everything. `allow_public` accepts public addresses of
    `endpoints`; those of a gateway endpoint (S3) always may be.

    Raises AirflowException that lists each endpoint that does not hold and why.
    """

    template_fields: Sequence[str] = ("endpoints", "services", "region", "account")
    ui_color = "#d9ead3"

    def __init__(
        self,
        *,
        endpoints: Sequence[str] = (),
        services: Sequence[str] = (),
        configuration: bool = True,
        region: str = "",
        account: str = "",
        timeout: float = 5.0,
        within: float = 20.0,
        allow_public: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoints = endpoints
        self.services = services
        self.configuration = configuration
        self.region = region
        self.account = account
        self.timeout = timeout
        self.within = within
        self.allow_public = allow_public

    def execute(self, context: Context) -> dict[str, str]:  # noqa: ARG002 - Airflow's signature
        """Check every endpoint from this task's network."""
        asked = self._wanted()
        if not asked:
            raise AirflowFailException(
                "nothing to check: this Airflow is set up with no AWS service, and no services or endpoints were given"
            )
        outcomes = Preflight(SystemNetwork(), self.timeout, self.within).check_all(asked)
        reached = [outcome for outcome in outcomes if isinstance(outcome, Reached)]
        for one in reached:
            self.log.info("%s answers at %s (%s)", one.endpoint, one.address, one.how)
        unmet = [outcome for outcome in outcomes if isinstance(outcome, Unmet)]
        if unmet:
            raise AirflowException(report(unmet, len(outcomes)))
        return {one.endpoint: one.address for one in reached}

    def _wanted(self) -> list[Wanted]:
        found: dict[Need, str] = {}
        if self.configuration:
            found = needs(lambda section, key: conf.get(section, key, fallback="") or "", os.environ)
        try:
            needed = reasons(found, self.services)
        except ValueError as error:
            raise AirflowFailException(str(error)) from error
        region = self.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
        if asked := " and ".join(missing(needed, region, self.account)):
            raise AirflowFailException(f"which {asked}? Give the operator its {asked}")
        given = [Wanted(endpoint, public=self.allow_public) for endpoint in self.endpoints]
        return [*wanted(needed, region, self.account), *given]
