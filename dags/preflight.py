"""Tell whether the endpoints of ADR-001 can be reached from where tasks run.

Trigger it after every change of the network.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airlock_operators.preflight import PreflightOperator
from airlock_spec.endpoints import ADR_001

# Parameters, not the environment: what is parsed must not depend on where it is parsed.
REGION, ACCOUNT = "{{ params.region }}", "{{ params.account }}"

with DAG(
    "preflight",
    schedule=None,
    catchup=False,
    tags=["airlock", "network"],
    doc_md=__doc__,
    params={
        "region": Param("us-east-1", type="string", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$"),
        "account": Param(
            "000000000000", type="string", pattern=r"^\d{12}$", description="whose registry to reach"
        ),
    },
):
    PreflightOperator(
        task_id="interface_endpoints",
        endpoints=[endpoint.at(REGION, ACCOUNT) for endpoint in ADR_001 if not endpoint.gateway],
    )
    PreflightOperator(
        task_id="gateway_endpoints",
        endpoints=[endpoint.at(REGION, ACCOUNT) for endpoint in ADR_001 if endpoint.gateway],
        allow_public=True,  # a gateway endpoint is a route: S3 keeps its public addresses
    )
