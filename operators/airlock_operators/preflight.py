"""An operator that fails where an endpoint cannot be reached privately, before a task needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException

from airlock_operators.endpoints import Preflight, Reached, Unmet, report
from airlock_operators.sockets import SystemNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context


class PreflightOperator(BaseOperator):
    """Resolve each endpoint, require private addresses, open TCP to it; return endpoint → address.

    A call to an AWS service that has no endpoint hangs for minutes in a network with no way out; this fails
    in seconds and names every endpoint that does not hold, from where the tasks run.

    `endpoints` (templated) are `host` or `host:port` (443 by default). `timeout` is seconds for each attempt
    to connect. `allow_public` accepts public addresses: a gateway endpoint (S3) keeps them.

    Raises AirflowException that lists each endpoint that does not hold and why.
    """

    template_fields: Sequence[str] = ("endpoints",)
    ui_color = "#d9ead3"

    def __init__(
        self, *, endpoints: Sequence[str], timeout: float = 5.0, allow_public: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.endpoints = endpoints
        self.timeout = timeout
        self.allow_public = allow_public

    def execute(self, context: Context) -> dict[str, str]:  # noqa: ARG002 - Airflow's signature
        """Check every endpoint from this task's network."""
        preflight = Preflight(SystemNetwork(), timeout=self.timeout, allow_public=self.allow_public)
        outcomes = preflight.check_all(list(self.endpoints))
        unmet = [outcome for outcome in outcomes if isinstance(outcome, Unmet)]
        if unmet or not outcomes:
            raise AirflowException(report(unmet, len(outcomes)) if outcomes else "no endpoint was given")
        reached = {outcome.endpoint: outcome.address for outcome in outcomes if isinstance(outcome, Reached)}
        for endpoint, address in reached.items():
            self.log.info("%s accepts connections at %s", endpoint, address)
        return reached
